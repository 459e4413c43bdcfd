"""Rates of the ECB and checks of VAT numbers, against the sandbox of what is public."""

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from amazon_eboekhouden.adapters.archive import Archive
from amazon_eboekhouden.adapters.exchange_rates import ExchangeRate, ExchangeRates
from amazon_eboekhouden.adapters.vies import Vies
from amazon_eboekhouden.domain.errors import BadAnswer, Refused, RemoteError, Unreachable

from tests.adapters.world import QUICK

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # A Tuesday, before the rates of the day.


class StillClock:
    """A clock that stands."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def now_utc(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture
def clock():
    return StillClock(NOW)


@pytest.fixture
def rates(public, tmp_path, clock):
    public.control("clock", {"now": NOW.isoformat()})
    public.control(
        "rates",
        {
            "2026-11-20": {"GBP": "0.85", "SEK": "11.2", "TRY": None},
            "2026-11-23": {"GBP": "0.86"},
        },
    )
    url = f"{public.url}/ecb/eurofxref-hist.csv"
    return lambda: ExchangeRates(Archive(tmp_path), url=url, clock=clock, patience=QUICK)


def test_the_rate_of_the_day_or_the_last_one_before(rates):
    one = rates()
    assert one.rate("GBP", date(2026, 11, 23)) == ExchangeRate(
        "GBP", date(2026, 11, 23), Decimal("0.86")
    )
    for weekend in (date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)):
        assert one.rate("GBP", weekend) == ExchangeRate("GBP", date(2026, 11, 20), Decimal("0.85"))
    assert one.rate("GBP", date(2026, 11, 24)).published == date(2026, 11, 23)
    assert one.rate("TRY", date(2026, 11, 20)).published == date(2026, 11, 19)


@pytest.mark.parametrize("currency", ["RUB", "EUR", "XXX", "", "Date"])
def test_a_currency_without_a_rate_has_none(rates, currency):
    assert rates().rate(currency, date(2026, 11, 20)) is None


def test_a_span_of_days_comes_as_a_table(rates):
    table = rates().between(["GBP", "SEK"], date(2026, 11, 20), date(2026, 11, 23))
    assert table["GBP", date(2026, 11, 20)] == Decimal("0.85")
    assert ("SEK", date(2026, 11, 16)) in table
    assert ("GBP", date(2026, 11, 21)) not in table
    assert max(day for _, day in table) == date(2026, 11, 23)


def test_the_file_is_fetched_once_and_kept_for_the_next_process(rates, public, clock):
    rates().rate("GBP", date(2026, 11, 20))
    rates().rate("SEK", date(2026, 11, 23))
    rates().rate("SEK", date(2026, 11, 24))
    assert public.calls() == {"ecb": 1}
    clock.now = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
    public.control("clock", {"now": clock.now.isoformat()})
    assert rates().rate("SEK", date(2026, 11, 24)).published == date(2026, 11, 24)
    assert public.calls() == {"ecb": 2}
    assert rates().rate("GBP", date(2026, 11, 20)) is not None
    assert public.calls() == {"ecb": 2}


@pytest.mark.parametrize("kind", ["http_503_empty", "reset", "reset_mid_body"])
def test_a_download_is_tried_again(rates, public, kind):
    public.fault("ecb", kind)
    assert rates().rate("GBP", date(2026, 11, 20)) is not None


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("http_500_html", Unreachable),
        ("malformed", BadAnswer),
        ("empty_page", BadAnswer),
        ("dtd", BadAnswer),
        ("wrong_charset", BadAnswer),
    ],
)
def test_a_broken_file_is_never_believed_nor_kept(rates, public, kind, error, tmp_path):
    public.fault("ecb", kind, times=None)
    with pytest.raises(RemoteError) as raised:
        rates().rate("GBP", date(2026, 11, 20))
    assert type(raised.value) is error
    assert Archive(tmp_path).labelled("ecb") is None


def _zipped(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("eurofxref-hist.csv", text)
    return buffer.getvalue()


def test_the_banks_own_zip_is_read(answering, tmp_path, clock):
    text = "Date,USD,GBP,\n2026-11-23,1.15,0.86,\n2026-11-20,1.16,N/A,\n"
    answering.answer = lambda _asked: (200, {}, _zipped(text))
    one = ExchangeRates(Archive(tmp_path), url=answering.url, clock=clock)
    assert one.rate("USD", date(2026, 11, 22)).rate == Decimal("1.16")
    assert one.rate("GBP", date(2026, 11, 22)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Datum,USD,\n2026-11-23,1.15,\n",
        "Date,USD,\n23-11-2026,1.15,\n",
        "Date,USD,GBP,\n2026-11-23,1.15,\n",
        "Date,USD,\n2026-11-23,nan,\n",
        "Date,USD,\n2026-11-23,-1,\n",
        'Date,USD,\n2026-11-23,"1,15",\n',
        "PK not a zip",
    ],
)
def test_another_layout_is_refused(answering, tmp_path, clock, text):
    answering.answer = lambda _asked: (200, {}, text.encode())
    with pytest.raises(BadAnswer):
        ExchangeRates(Archive(tmp_path), url=answering.url, clock=clock, patience=QUICK).rate(
            "USD", date(2026, 11, 23)
        )


# --- VIES -----------------------------------------------------------------------------------------


@pytest.fixture
def vies(public):
    return Vies("NL 1234.56.782.B.90", url=f"{public.url}/vies/rest-api", patience=QUICK)


def test_a_valid_number_comes_with_a_consultation_number(vies, public):
    public.control("vat-numbers", {"BE0123456789": {"valid": True, "name": "Proef BV"}})
    found = vies.check("be 0123.456.789")
    assert (found.vat_number, found.valid, found.name) == ("BE0123456789", True, "Proef BV")
    assert found.consultation_number.startswith("WAPI")
    assert found.checked_utc.tzinfo is not None
    assert "Proef" not in repr(found)


def test_an_invalid_number_is_an_answer_too(vies, public):
    public.control("vat-numbers", {"DE136695976": False})
    assert vies.check("DE136695976").valid is False


def test_greece_is_spelled_as_the_register_does(vies, public):
    public.control("vat-numbers", {"EL123456789": True})
    assert vies.check("GR123456789").valid is True


@pytest.mark.parametrize("code", ["MS_UNAVAILABLE", "TIMEOUT", "MS_MAX_CONCURRENT_REQ"])
def test_a_member_state_that_does_not_answer_leaves_it_open(vies, public, code):
    public.control("vat-numbers", {"DE": {"error": code}})
    with pytest.raises(Unreachable) as raised:
        vies.check("DE136695976")
    assert (raised.value.code, raised.value.should_retry) == (code, True)


def test_what_is_no_number_is_refused(vies):
    with pytest.raises(Refused) as refused:
        vies.check("ZZ123")
    assert refused.value.code == "INVALID_INPUT"


@pytest.mark.parametrize(
    ("kind", "error"),
    [("http_503_empty", Unreachable), ("reset", Unreachable), ("malformed", BadAnswer)],
)
def test_a_broken_answer_is_no_answer(vies, public, kind, error):
    public.fault("vies", kind, times=None)
    with pytest.raises(RemoteError) as raised:
        vies.check("DE136695976")
    assert type(raised.value) is error
