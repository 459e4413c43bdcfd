"""Reading one settlement file, Flat File V2: every row, or a reason why not.

```
bytes ─► text ─► columns by name ─► amounts and dates in the file's format ─► sum == total ─► rows
```

Nothing is repaired and nothing is dropped: a file that does not explain itself to the last cent is
refused. Source: Amazon reference 8.2, 8.3 and 8.6.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pandas as pd

from amazon_eboekhouden.domain.frames import Frame
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement.formats import (
    Unreadable,
    day_first,
    decoded,
    moment,
    possible_amounts,
)

SETTLEMENT_ROWS = Frame(
    "settlement_rows",
    {
        "row": "count",  # line of the file, the header being 1
        "row_hash": "text",  # content of the line and its how-manieth occurrence
        "transaction_type": "text",
        "amount_type": "text",
        "amount_description": "text",
        "order_id": "text",
        "shipment_id": "text",
        "order_item_code": "text",
        "sku": "text",
        "adjustment_id": "text",
        "merchant_adjustment_item_id": "text",
        "marketplace": "text",  # code such as DE, "" when Amazon does not tell
        "posted_utc": "utc",
        "posted": "date",  # in Amsterdam
        "amount_cents": "cents",
    },
    key=("row",),
)

_REQUIRED = (
    "settlement-id", "total-amount", "currency", "transaction-type", "amount-type",
    "amount-description", "amount",
)  # fmt: skip
_OPTIONAL = (
    "settlement-start-date", "settlement-end-date", "deposit-date", "order-id", "adjustment-id",
    "shipment-id", "marketplace-name", "posted-date", "posted-date-time", "order-item-code",
    "merchant-adjustment-item-id", "sku",
)  # fmt: skip
_TEXTS = (
    "transaction-type", "amount-type", "amount-description", "order-id", "shipment-id",
    "order-item-code", "sku", "adjustment-id", "merchant-adjustment-item-id",
)  # fmt: skip
_MONTH_FIRST = frozenset({"USD", "CAD", "MXN"})
_MARKETPLACE_OF = {"com": "US", "co.uk": "UK", "com.be": "BE", "com.tr": "TR", "com.mx": "MX"}


@dataclass(frozen=True, slots=True)
class SettlementHeader:
    """The summary row: which settlement, which period, how much.

    Attributes:
        settlement_id: Amazon's number, unique with the seller.
        start, end: period, local dates.
        deposit: date of the transfer, None when Amazon gives none.
        total_cents: what Amazon pays, negative when the seller owes.
        currency: three letters.
    """

    settlement_id: str
    start: date
    end: date
    deposit: date | None
    total_cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class SettlementFile:
    """A settlement that adds up: its header and its SETTLEMENT_ROWS."""

    header: SettlementHeader
    rows: pd.DataFrame


class _Columns:
    """The lines of a file by column: per cell a small number, per column the distinct texts.

    A million rows fit in memory this way, and every text is looked at once.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.texts: dict[str, dict[str, int]] = {name: {} for name in names}
        self.codes: dict[str, array[int]] = {name: array("i") for name in names}
        self.lines = array("i")
        self.hashes = array("Q")

    def add(self, line: int, cells: Sequence[tuple[str, str]]) -> None:
        self.lines.append(line)
        content = "\t".join(text for _, text in cells)
        digest = hashlib.blake2b(content.encode(), digest_size=8).digest()
        self.hashes.append(int.from_bytes(digest, "big"))
        for name, text in cells:
            known = self.texts[name]
            self.codes[name].append(known.setdefault(text, len(known)))

    def distinct(self, name: str) -> list[str]:
        return list(self.texts.get(name, ()))

    def codes_of(self, name: str) -> np.ndarray:
        if name not in self.codes:
            return np.zeros(len(self.lines), dtype="int32")
        return np.array(self.codes[name], dtype="int32")

    def strings(self, name: str) -> pd.Series:
        values = pd.array(self.distinct(name) or [""], dtype="str")
        return pd.Series(values.take(self.codes_of(name)))


def read_settlement(
    content: bytes, *, charset: str | None = None, currency: str | None = None
) -> SettlementFile | list[Problem]:
    """The settlement in a file.

    Args:
        content: the document, byte for byte.
        charset: what its download said, if anything.
        currency: of the marketplace, for a file that names none.

    Returns:
        The settlement, or why it is refused.
    """
    try:
        text = decoded(content, charset)
    except Unreadable as error:
        return [problem("settlement-encoding", "settlement file", tried=str(error))]
    header, _, body = text.partition("\n")
    last = body.rpartition("\n")[2]
    if last.strip() and last.count("\t") < header.count("\t"):
        # A line without its end and without all its columns: the rest of the file is missing.
        return [problem("settlement-cut", "settlement file", columns=last.count("\t") + 1)]
    return read_lines(text.split("\n"), currency=currency)


def read_lines(
    lines: Iterable[str], *, currency: str | None = None
) -> SettlementFile | list[Problem]:
    """As `read_settlement`, for the lines of a file that is read piece by piece."""
    given = iter(lines)
    names = [name.strip().casefold() for name in next(given, "").split("\t")]
    missing = [name for name in _REQUIRED if name not in names]
    if missing:
        return [problem("settlement-columns", "settlement file", missing=", ".join(missing))]
    wanted = [(i, name) for i, name in enumerate(names) if name in _REQUIRED or name in _OPTIONAL]
    columns = _Columns([name for _, name in wanted])
    summary: list[dict[str, str]] = []
    for number, line in enumerate(given, start=2):
        cells = line.split("\t")
        if not line.strip():
            continue
        cells.extend([""] * (len(names) - len(cells)))
        row = [(name, cells[i].strip()) for i, name in wanted]
        if _is_summary(row):
            summary.append(dict(row))
        else:
            columns.add(number, row)
    if len(summary) != 1:
        return [problem("settlement-summary", "settlement file", count=len(summary))]
    return _settlement(summary[0], columns, currency or "")


def _is_summary(row: Sequence[tuple[str, str]]) -> bool:
    cells = dict(row)
    return bool(cells["total-amount"]) and not cells["amount"]


def _settlement(
    summary: dict[str, str], columns: _Columns, currency_hint: str
) -> SettlementFile | list[Problem]:
    settlement_id = summary["settlement-id"]
    row = f"settlement {settlement_id}"
    others = [i for i in columns.distinct("settlement-id") if i not in ("", settlement_id)]
    if others:
        return [problem("settlement-mixed", row, others=", ".join(others))]
    currencies = [c for c in columns.distinct("currency") if c]
    currency = (summary["currency"] or next(iter(currencies), "") or currency_hint).upper()
    if len(currency) != 3 or any(c.upper() != currency for c in currencies):
        return [problem("settlement-currency", row, found=", ".join([currency, *currencies]))]
    amounts = _amounts(summary["total-amount"], columns, row)
    if isinstance(amounts, Problem):
        return [amounts]
    total_cents, cents = amounts
    try:
        dates = _Dates(summary, columns, currency)
    except Unreadable as error:
        return [problem("settlement-date", row, text=str(error))]
    header = SettlementHeader(
        settlement_id, dates.start, dates.end, dates.deposit, total_cents, currency
    )
    return SettlementFile(header, _rows(columns, cents, dates))


def _amounts(total: str, columns: _Columns, row: str) -> tuple[int, np.ndarray] | Problem:
    explained, refused = possible_amounts([total, *columns.distinct("amount")])
    if not explained:
        return problem("settlement-amount", row, text=refused)
    sums = {}
    codes = columns.codes_of("amount")
    for name, cents in explained.items():
        values = np.array([*cents[1:], 0], dtype="int64")[codes]
        sums[name] = int(values.sum())
        if sums[name] == cents[0]:
            return cents[0], values
    name = next(iter(explained))
    return problem(
        "settlement-total",
        row,
        total=euros(explained[name][0]),
        sum=euros(sums[name]),
        difference=euros(sums[name] - explained[name][0]),
    )


class _Dates:
    """The dates of a file, read one way throughout."""

    def __init__(self, summary: dict[str, str], columns: _Columns, currency: str) -> None:
        period = [summary.get(f"settlement-{end}-date", "") for end in ("start", "end")]
        deposit = summary.get("deposit-date", "")
        names = ("posted-date-time", "posted-date")
        texts = {text for name in names for text in columns.distinct(name)} - {""}
        written = [*period, deposit, *texts]
        first = day_first(text for text in written if text)
        ways = [first] if first is not None else _both(currency)
        readings = [_reading([t for t in written if t], way) for way in ways]
        # Where both ways are possible, the dates themselves tell: they lie in a short period.
        self.read = min(readings, key=lambda reading: _spread(reading.values()))
        days = sorted(self.read[text][1] for text in texts)
        if not days and not all(period):
            raise Unreadable("no date at all")
        self.start = self.read[period[0]][1] if period[0] else days[0]
        self.end = self.read[period[1]][1] if period[1] else days[-1]
        self.deposit = self.read[deposit][1] if deposit else None


def _both(currency: str) -> list[bool]:
    return [False, True] if currency in _MONTH_FIRST else [True, False]


def _reading(texts: Iterable[str], way: bool) -> dict[str, tuple[datetime, date]]:
    return {text: moment(text, day_first=way) for text in texts}


def _spread(moments: Iterable[tuple[datetime, date]]) -> int:
    days = [day for _, day in moments]
    return (max(days) - min(days)).days if days else 0


def _rows(columns: _Columns, cents: np.ndarray, dates: _Dates) -> pd.DataFrame:
    posted_utc, posted = _posted(columns, dates)
    data: dict[str, pd.Series] = {
        "row": pd.Series(np.array(columns.lines, dtype="int64"), dtype="Int64"),
        "row_hash": _row_hashes(columns),
        **{name.replace("-", "_"): columns.strings(name) for name in _TEXTS},
        "marketplace": _marketplaces(columns),
        "posted_utc": posted_utc,
        "posted": posted,
        "amount_cents": pd.Series(cents, dtype="Int64"),
    }
    return SETTLEMENT_ROWS.check(pd.DataFrame(data))


def _posted(columns: _Columns, dates: _Dates) -> tuple[pd.Series, pd.Series]:
    """Moment and local date per row: of the date-time, else of the date, else the period's end."""
    fallback = moment(dates.end.isoformat(), day_first=False)
    utc = pd.Series(pd.NaT, index=range(len(columns.lines)), dtype="datetime64[us, UTC]")
    day = pd.Series(pd.NaT, index=range(len(columns.lines)), dtype="datetime64[us]")
    for name in ("posted-date-time", "posted-date"):
        read = [dates.read.get(text, (None, None)) for text in columns.distinct(name) or [""]]
        codes = columns.codes_of(name)
        moments = pd.Series([m for m, _ in read], dtype="datetime64[us, UTC]")
        days = pd.Series([d for _, d in read], dtype="datetime64[us]")
        utc = utc.fillna(moments.take(codes).reset_index(drop=True))
        day = day.fillna(days.take(codes).reset_index(drop=True))
    return utc.fillna(pd.Timestamp(fallback[0])), day.fillna(pd.Timestamp(fallback[1]))


def _marketplaces(columns: _Columns) -> pd.Series:
    codes = [marketplace_code(name) for name in columns.distinct("marketplace-name") or [""]]
    return pd.Series(pd.array(codes, dtype="str").take(columns.codes_of("marketplace-name")))


def marketplace_code(name: str) -> str:
    """Code of a marketplace as a settlement names it: `Amazon.co.uk` is UK; "" if none."""
    plain = name.strip().casefold()
    if not plain.startswith("amazon."):
        return ""
    domain = plain.removeprefix("amazon.")
    return _MARKETPLACE_OF.get(domain, domain[-2:].upper())


def _row_hashes(columns: _Columns) -> pd.Series:
    """Content of the line plus how-manieth: the same in any order of the rows."""
    series = pd.Series(np.array(columns.hashes, dtype="uint64"))
    nth = series.groupby(series).cumcount()
    return pd.Series(
        [f"{value:016x}.{n}" for value, n in zip(series.tolist(), nth.tolist(), strict=True)],
        dtype="str",
    )
