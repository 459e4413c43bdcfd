"""Fee invoices as a person enters them: by their totals, or from a CSV; kept in the archive."""

from __future__ import annotations

import calendar
import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from amazon_eboekhouden.config.fees import fee_kinds
from amazon_eboekhouden.domain.money import cents_of
from amazon_eboekhouden.domain.settlement.fee_invoices import FeeInvoice, FeeInvoiceLine
from amazon_eboekhouden.pipelines.runtime import Runtime

_COLUMNS = ("number", "period", "net", "vat")


def entered(runtime: Runtime) -> list[FeeInvoice]:
    """Every fee invoice that was entered for this coupling, as it was last."""
    content = runtime.archive.labelled(_label(runtime))
    return [_from_plain(one) for one in json.loads(content)] if content else []


def keep(runtime: Runtime, invoices: Iterable[FeeInvoice]) -> None:
    """Keep what was entered; lists that were kept before stay in the archive."""
    plain = [{**asdict(one), "on": one.on.isoformat()} for one in invoices]
    content_hash = runtime.archive.put(json.dumps(plain, sort_keys=True, indent=1).encode())
    runtime.archive.label(_label(runtime), content_hash)


def _label(runtime: Runtime) -> str:
    return f"fee-invoices-{runtime.settings.name}"


def _from_plain(values: Mapping[str, Any]) -> FeeInvoice:
    return FeeInvoice(
        values["number"],
        date.fromisoformat(values["on"]),
        values["month"],
        tuple(FeeInvoiceLine(**line) for line in values["lines"]),
        tuple(values["kinds"]),
        values["vat_code"],
    )


def one_invoice(
    number: str,
    month: str,
    net: str,
    vat: str,
    *,
    on: date | None = None,
    kinds: Sequence[str] = (),
    vat_code: str = "",
) -> FeeInvoice:
    """An invoice entered by its totals.

    Args:
        number: Amazon's.
        month: whose fees it bills, such as "2026-10".
        net: total without VAT, such as "1234.56" or "1234,56".
        vat: total VAT.
        on: its date; None for the last day of the month.
        kinds: kinds of fee it covers; none for all but advertising.
        vat_code: where the rate does not tell it.

    Raises:
        ValueError: a value is no amount, month, kind of fee or VAT code.
    """
    line = FeeInvoiceLine("", _cents(net), _cents(vat))
    return _checked(
        FeeInvoice(number.strip(), on or _last(month), month, (line,), tuple(kinds), vat_code)
    )


def from_csv(path: Path, *, vat_code: str = "") -> list[FeeInvoice]:
    """Invoices of a CSV: number, period, net, vat, and if known date and kind, per line.

    Args:
        path: semicolons or commas between the cells, decimals with a comma or a point.
        vat_code: where the rate does not tell it.

    Raises:
        ValueError: the file cannot be read, or a value is not what it should be.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    rows = list(csv.DictReader(text.splitlines(), delimiter=delimiter))
    missing = [name for name in _COLUMNS if not rows or name not in rows[0]]
    if missing:
        raise ValueError(f"{path}: columns {', '.join(missing)} are missing")
    made: dict[str, FeeInvoice] = {}
    for row in rows:
        cells = {name: (value or "").strip() for name, value in row.items() if name}
        line = FeeInvoiceLine(cells.get("kind", ""), _cents(cells["net"]), _cents(cells["vat"]))
        number, month = cells["number"], cells["period"]
        on = date.fromisoformat(cells["date"]) if cells.get("date") else _last(month)
        before = made.get(number)
        lines = (*before.lines, line) if before else (line,)
        made[number] = _checked(FeeInvoice(number, on, month, lines, (), vat_code))
    return list(made.values())


def _checked(invoice: FeeInvoice) -> FeeInvoice:
    unknown = ({line.kind for line in invoice.lines} | set(invoice.kinds)) - fee_kinds() - {""}
    if unknown:
        known = ", ".join(sorted(fee_kinds()))
        raise ValueError(f"{', '.join(sorted(unknown))}: no kind of fee; there are {known}")
    if not invoice.number or len(invoice.number) > 50:
        raise ValueError("an invoice number has 1 to 50 characters")
    if len({bool(line.kind) for line in invoice.lines}) > 1:
        raise ValueError(f"invoice {invoice.number}: give a kind on every line or on none")
    if invoice.vat_code not in ("", "HOOG_INK_21", "LAAG_INK_9", "BI_EU_INK", "BU_EU_INK", "GEEN"):
        raise ValueError(f"{invoice.vat_code} is no VAT code of a purchase")
    return invoice


def _last(month: str) -> date:
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise ValueError(f"{month!r} is no month, such as 2026-10") from None
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def _cents(text: str) -> int:
    plain = text.strip()
    if "," in plain:
        plain = plain.replace(".", "").replace(",", ".")
    try:
        return cents_of(plain)
    except ValueError:
        raise ValueError(f"{text!r} is no amount of whole cents") from None
