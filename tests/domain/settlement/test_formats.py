"""Amounts and dates of files as Amazon writes them in each country."""

from __future__ import annotations

from datetime import date

import pytest
from amazon_eboekhouden.domain.settlement.file import marketplace_code
from amazon_eboekhouden.domain.settlement.formats import (
    Unreadable,
    amount_readers,
    day_first,
    decoded_pieces,
    encoding_of,
    moment,
    possible_amounts,
)


@pytest.mark.parametrize(
    ("way", "text", "cents"),
    [
        ("decimal comma", "1141,18", 114118),
        ("decimal comma", "-1.141,18", -114118),
        ("decimal comma", "1\u00a0141,18", 114118),
        ("decimal comma", "12,5", 1250),
        ("decimal comma", "\u22120,01", -1),
        ("decimal point", "1,016.08", 101608),
        ("decimal point", "1016.0800", 101608),
        ("decimal point", "+7", 700),
        ("decimal point", "1'016.08", 101608),
        ("decimal point", "12.34-", -1234),
        ("decimal point", "", 0),
    ],
)
def test_amounts(way: str, text: str, cents: int) -> None:
    assert amount_readers()[way](text) == cents


@pytest.mark.parametrize("text", ["12,345,6", "1.0000001", "-5-", "12e3", "EUR 5", "1.23.4", "--1"])
def test_what_is_no_amount(text: str) -> None:
    assert possible_amounts([text]) == ({}, text)


def test_one_file_has_one_way_of_writing() -> None:
    assert set(possible_amounts(["1.000,50", "7"])[0]) == {"decimal comma"}
    assert possible_amounts(["12.34", "12,34"]) == ({}, "12,34")
    assert len(possible_amounts(["12", "7"])[0]) == 2


@pytest.mark.parametrize(
    ("text", "utc", "local"),
    [
        ("14.03.2023 07:49:55 UTC", "2023-03-14T07:49:55", date(2023, 3, 14)),
        ("2025-08-14T22:07:18+00:00", "2025-08-14T22:07:18", date(2025, 8, 15)),
        ("2025-08-14T22:07:18-07:00", "2025-08-15T05:07:18", date(2025, 8, 15)),
        ("2026-12-31 23:30:00 UTC", "2026-12-31T23:30:00", date(2027, 1, 1)),
        ("2026-06-16 08:14:22 PDT", "2026-06-16T15:14:22", date(2026, 6, 16)),
        ("2026-03-29", "2026-03-29T12:00:00", date(2026, 3, 29)),
        ("29/03/26", "2026-03-29T12:00:00", date(2026, 3, 29)),
        ("5.3.2026", "2026-03-05T12:00:00", date(2026, 3, 5)),
    ],
)
def test_dates(text: str, utc: str, local: date) -> None:
    at, day = moment(text, day_first=True)
    assert (at.isoformat()[:19], day) == (utc, local)


def test_month_first_dates() -> None:
    assert moment("03/29/26", day_first=False)[1] == date(2026, 3, 29)


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "2026-03-01 25:00:00 UTC", "1 maart XYZ"])
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(Unreadable):
        moment(text, day_first=True)


def test_day_or_month_first_is_seen_from_the_dates() -> None:
    assert day_first(["03/04/26", "03/13/26"]) is False
    assert day_first(["03/04/26", "13/03/26"]) is True
    assert day_first(["2026-03-13", "03/04/26"]) is None


def text_of(content: bytes, charset: str | None, size: int) -> str:
    def pieces() -> list[bytes]:
        return [content[at : at + size] for at in range(0, len(content), size)]

    return "".join(decoded_pieces(pieces(), encoding_of(pieces, charset)))


@pytest.mark.parametrize("size", [3, 1_000])
def test_encodings(size: int) -> None:
    """Also when a letter of several bytes lies across two pieces."""
    assert text_of("\ufeffK\u00e4se".encode(), "cp1252", size) == "K\u00e4se"
    assert text_of("K\u00e4se \u20ac".encode("cp1252"), None, size) == "K\u00e4se \u20ac"
    assert text_of("K\u00e4se".encode("utf-16"), None, size).endswith("K\u00e4se")
    assert text_of("K\u00e4se".encode(), "no-such-charset", size) == "K\u00e4se"
    with pytest.raises(Unreadable, match="utf-8"):
        text_of(b"\x81\x8d", None, size)


def test_marketplaces() -> None:
    names = ["Amazon.de", "amazon.co.uk", "Amazon.com.be", "amazon.com", "Non-Amazon CA", ""]
    assert [marketplace_code(name) for name in names] == ["DE", "UK", "BE", "US", "", ""]
