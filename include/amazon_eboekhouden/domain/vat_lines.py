"""VAT of an invoice: the rate of each item, VAT once per rate, lines to the cent.

The gross is what the buyer paid and never moves; VAT is carved out of it, half up, once per rate
over the whole invoice; the net is divided over the lines by largest remainder.
Source: CJEU C-484/06; accounting rules 5.3 and 6.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import msgspec

from amazon_eboekhouden.config.accounts import local_vat_account, oss_vat_account
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.config.vat import (
    DUTCH_VAT_CODES,
    SALES_CODES,
    ZERO,
    SaleRow,
    sale_row,
)
from amazon_eboekhouden.domain.bookings import MutationLine
from amazon_eboekhouden.domain.money import euros, split_largest_remainder, vat_inside
from amazon_eboekhouden.domain.proceeds import OrderFault

NO_VAT = "GEEN"
_GOODS = ("goods", "goods_discount")


class OrderLine(msgspec.Struct, gc=False):
    """A row of ORDER_LINES; cents in the order's currency, later in euros.

    Many thousand live at once and none refers to another: the garbage collector passes them by.
    """

    order_item_id: str
    sku: str
    component: str
    gross_cents: int
    tax_cents: int | None
    title: str = ""
    pieces: int = 1
    rate_told: Decimal | None = None


class VatContext(NamedTuple):
    """What the rate of an item depends on besides the item.

    Attributes:
        area: key of the rate table, "" when the kind of sale has no VAT.
        country: the member state of that area.
        percents: rates in force in that area, the standard rate first.
        amazons_cents: Amazon issues the invoices, so its cents and its zeros count.
        on: ship date, for rates of single articles.
    """

    area: str
    country: str
    percents: tuple[Decimal, ...]
    amazons_cents: bool
    on: date


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line of the invoice in euro cents; `position` is its place among all lines."""

    position: int
    component: str
    account: str
    gross_cents: int
    net_cents: int

    @property
    def vat_cents(self) -> int:
        """VAT inside the gross."""
        return self.gross_cents - self.net_cents


@dataclass(frozen=True, slots=True)
class RateGroup:
    """Everything of an invoice at one rate.

    Attributes:
        sale_kind: of the table, such as S10.
        percent: the rate.
        code: VAT code of the lines.
        country: whose VAT it is.
        vat_account: account of the VAT line of its own, "" when the code carries the VAT.
        why: how the rate was chosen.
        lines: in their order on the invoice.
        items: ids of the order items at this rate.
    """

    sale_kind: str
    percent: Decimal
    code: str
    country: str
    vat_account: str
    why: str
    lines: tuple[InvoiceLine, ...]
    items: tuple[str, ...] = ()

    @property
    def gross_cents(self) -> int:
        """What the buyer paid at this rate."""
        return sum(line.gross_cents for line in self.lines)

    @property
    def net_cents(self) -> int:
        """Without VAT."""
        return sum(line.net_cents for line in self.lines)

    @property
    def vat_cents(self) -> int:
        """VAT at this rate."""
        return self.gross_cents - self.net_cents


def rate_groups(
    lines: Sequence[OrderLine],
    total_cents: int,
    sale_kind: str,
    context: VatContext,
    settings: CouplingSettings,
) -> tuple[RateGroup, ...]:
    """The invoice, per rate.

    Args:
        lines: of the order, in the order of the invoice, in the order's currency.
        total_cents: the invoice in euro cents.
        sale_kind: of the table.
        context: where the rates come from.
        settings: SKU rates, default rate, accounts, overrides.

    Raises:
        OrderFault: a rate is unknown, contradicted or not mapped.
    """
    rates = _rates_of_items(lines, context, settings)
    spread = _spread(lines, rates)
    cents = split_largest_remainder(total_cents, [line.gross_cents for _, line in spread])
    groups = []
    for percent in dict.fromkeys(rate for rate, _ in spread):
        own = [(n, line) for n, (rate, line) in enumerate(spread, start=1) if rate == percent]
        gross = [cents[n - 1] for n, _ in own]
        vat = _vat_of([line for _, line in own], gross, percent, context)
        nets = _nets(gross, vat, percent)
        row = _row(sale_kind, percent, settings)
        positions = [(n, line.component) for n, line in own]
        groups.append(
            RateGroup(
                sale_kind=row.sale_kind,
                percent=percent,
                code=row.code,
                country=context.country,
                vat_account=_vat_account(row, percent, context.country, settings),
                why=next(why for rate, why in rates.values() if rate == percent),
                lines=tuple(
                    InvoiceLine(n, component, _account(row, component, settings), g, net)
                    for (n, component), g, net in zip(positions, gross, nets, strict=True)
                ),
                items=tuple(item for item, (rate, _) in rates.items() if rate == percent),
            )
        )
    return tuple(groups)


def mutation_lines(groups: Iterable[RateGroup]) -> list[MutationLine]:
    """Lines as they are booked: revenue in the invoice's order, then VAT lines of their own.

    A last part of a credit may hold a line of nothing but a cent of VAT: it clears the account.
    """
    return [line for *_, line in numbered_lines(groups)]


def numbered_lines(groups: Iterable[RateGroup]) -> list[tuple[int, RateGroup, MutationLine]]:
    """The lines of `mutation_lines`, each with its place on the invoice and its rate.

    A VAT line of its own has place 0.
    """
    plain, own_vat = [], []
    for group in groups:
        dutch = DUTCH_VAT_CODES.get(group.code, ZERO)
        for line in group.lines:
            if dutch:
                amounts = (line.net_cents, line.vat_cents, line.gross_cents)
            else:
                amounts = (line.net_cents, 0, line.net_cents)
            booked = MutationLine(line.account, group.code, dutch, *amounts)
            plain.append((line.position, group, booked))
        if group.vat_account and group.vat_cents:
            vat = group.vat_cents
            line_of_vat = MutationLine(group.vat_account, NO_VAT, ZERO, vat, 0, vat)
            own_vat.append((0, group, line_of_vat))
    plain.sort(key=lambda one: one[0])
    return [one for one in plain if one[2].gross_cents or one[2].net_cents] + own_vat


def _rates_of_items(
    lines: Sequence[OrderLine], context: VatContext, settings: CouplingSettings
) -> dict[str, tuple[Decimal, str]]:
    items: dict[str, list[OrderLine]] = {}
    for line in lines:
        if line.order_item_id:
            items.setdefault(line.order_item_id, []).append(line)
    return {item: _rate_of(own, context, settings) for item, own in items.items()}


def _rate_of(
    lines: Sequence[OrderLine], context: VatContext, settings: CouplingSettings
) -> tuple[Decimal, str]:
    """The rate of one item, and why: the SKU's own, Amazon's cents, or the default."""
    if not context.area:
        return ZERO, "this kind of sale has no VAT"
    item, sku = f"item {lines[0].order_item_id}", lines[0].sku
    known = [line.tax_cents for line in lines if line.tax_cents is not None]
    tax = sum(known)
    fitting = _fitting(lines, tax, context) if tax else []
    if lines[0].rate_told is not None:
        return _told(lines[0].rate_told, item, context), "Amazon's VAT report"
    own = settings.seller.vat.rate_of_sku(sku, context.country, context.on)
    if own is not None:
        if tax and own not in fitting:
            raise OrderFault("vat-sku-contradicted", item=item, sku=sku, rate=own)
        return own.normalize() + 0, f"rate of SKU {sku}"
    if tax:
        if not fitting:
            raise OrderFault("vat-cents-unmatched", item=item, country=context.area, tax=euros(tax))
        return fitting[0], "Amazon's VAT cents"
    if known and context.amazons_cents:
        return ZERO, "Amazon invoiced 0 %"
    return _default_rate(item, context, settings), "default rate"


def _told(percent: Decimal, item: str, context: VatContext) -> Decimal:
    """The rate of Amazon's VAT report, if it is one of the country whose VAT is due."""
    if percent and percent not in context.percents:
        raise OrderFault("vat-report-contradicted", item=item, rate=percent, country=context.area)
    return percent


def _fitting(lines: Sequence[OrderLine], tax: int, context: VatContext) -> list[Decimal]:
    """Rates in force that Amazon's cents fit within a cent per line, the best first."""
    gross = sum(line.gross_cents for line in lines)
    found = []
    for n, percent in enumerate(context.percents):
        away = abs(vat_inside(gross, percent) - tax)
        if percent and away <= len(lines):
            found.append((away, n, percent))
    return [percent for *_, percent in sorted(found)]


def _default_rate(item: str, context: VatContext, settings: CouplingSettings) -> Decimal:
    if settings.seller.vat.default_rate == "held":
        raise OrderFault("vat-rate-held", item=item)
    if not context.percents:
        raise OrderFault("vat-rate-unknown", country=context.area, on=context.on.isoformat())
    return context.percents[0]


def _spread(
    lines: Sequence[OrderLine], rates: dict[str, tuple[Decimal, str]]
) -> list[tuple[Decimal, OrderLine]]:
    """Each line with its rate; what belongs to the whole order divided over the rates.

    Raises:
        OrderFault: the order has no item to follow.
    """
    if not rates:
        raise OrderFault("proceeds-missing", what="every item was cancelled")
    weights: dict[Decimal, int] = dict.fromkeys((rate for rate, _ in rates.values()), 0)
    for line in lines:
        if line.order_item_id and line.component in _GOODS:
            weights[rates[line.order_item_id][0]] += line.gross_cents
    spread = []
    for line in lines:
        if line.order_item_id:
            spread.append((rates[line.order_item_id][0], line))
        else:
            parts = split_largest_remainder(line.gross_cents, list(weights.values()))
            taxes = _tax_shares(line, weights)
            spread += [
                (rate, OrderLine("", "", line.component, part, tax))
                for rate, part, tax in zip(weights, parts, taxes, strict=True)
                if part
            ]
    return spread


def _tax_shares(line: OrderLine, weights: dict[Decimal, int]) -> list[int | None]:
    if line.tax_cents is None:
        return [None] * len(weights)
    return list(split_largest_remainder(line.tax_cents, list(weights.values())))


def _vat_of(
    lines: Sequence[OrderLine], gross: Sequence[int], percent: Decimal, context: VatContext
) -> int:
    """VAT at one rate: our own, or Amazon's where Amazon issues the invoice."""
    own = vat_inside(sum(gross), percent)
    taxes = [line.tax_cents for line in lines if line.tax_cents is not None]
    if not context.area or not sum(taxes):
        return own
    paid = sum(line.gross_cents for line in lines)
    amazons = sum(taxes)
    if len(taxes) == len(lines) and abs(vat_inside(paid, percent) - amazons) > len(lines):
        raise OrderFault(
            "vat-cents-unmatched",
            item="the order",
            country=context.area,
            tax=euros(amazons),
        )
    # Copied only in the currency of the books; a converted invoice is computed.
    copied = context.amazons_cents and len(taxes) == len(lines) and paid == sum(gross)
    return amazons if copied else own


def _nets(gross: Sequence[int], vat: int, percent: Decimal) -> list[int]:
    """Net per line. Lines that cancel each other have no ratio: each is computed by itself."""
    whole = sum(gross)
    if whole == 0:
        return [cents - vat_inside(cents, percent) for cents in gross]
    return split_largest_remainder(whole - vat, gross)


def _row(sale_kind: str, percent: Decimal, settings: CouplingSettings) -> SaleRow:
    kind = "S11" if sale_kind == "S10" and percent == 0 else sale_kind
    row = sale_row(kind, percent, settings)
    if row is None:
        raise OrderFault("vat-rate-unmapped", rate=percent, kind=kind)
    if row.code not in SALES_CODES:
        raise OrderFault("vat-code-refused", vat_code=row.code, kind=kind)
    return row


def _vat_account(row: SaleRow, percent: Decimal, country: str, settings: CouplingSettings) -> str:
    if not row.vat_row or not percent:
        return ""
    find = oss_vat_account if row.vat_row == "oss" else local_vat_account
    account = find(country, settings.accounts)
    if not account:
        raise OrderFault("vat-account-missing", country=country, key=f"{row.vat_row}_vat")
    return account


def _account(row: SaleRow, component: str, settings: CouplingSettings) -> str:
    if component.endswith("_discount"):
        return settings.accounts.discounts
    if component in ("shipping", "tip"):
        return str(getattr(settings.accounts, row.shipping))
    if component in ("gift_wrap", "payment_costs"):
        return str(getattr(settings.accounts, component))
    return row.account or str(getattr(settings.accounts, row.revenue))
