"""Generated sellers, settled: every settlement read, matched, booked, read again.

The sandbox's generator makes the orders and Amazon's files; the product's domain works on them; the
ledger is played by the frame of what it would know. What the files should come to is worked out
here from their text, apart from the product.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zlib import crc32

import pandas as pd
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.domain.frames import BOOKED
from amazon_eboekhouden.domain.invoices import invoices
from amazon_eboekhouden.domain.orders import orders_from_json
from amazon_eboekhouden.domain.settlement.bookings import settlement_bookings
from amazon_eboekhouden.domain.settlement.file import SettlementFile, read_settlement
from amazon_eboekhouden.domain.settlement.left_over import propose_left_over
from amazon_eboekhouden.domain.settlement.matching import match
from amazon_eboekhouden.domain.settlement.places import Place
from amazon_eboekhouden.domain.settlement.statement import statement
from amazon_eboekhouden.domain.settlement.tie_out import control_sums
from amazon_eboekhouden.domain.settlement.unparking import unpark
from coupling_sandbox.amazon.documents import SETTLEMENTS
from coupling_sandbox.amazon.generator import events, year
from coupling_sandbox.amazon.generator.listing import versions
from coupling_sandbox.amazon.generator.options import SeedOptions
from coupling_sandbox.amazon.generator.rates import PRICE_FACTOR
from coupling_sandbox.amazon.generator.seed import seed
from coupling_sandbox.amazon.limits import Buckets
from coupling_sandbox.amazon.login import Login
from coupling_sandbox.amazon.service import Amazon
from coupling_sandbox.amazon.shop import Shop
from coupling_sandbox.clock import Clock

START = datetime(2025, 11, 1, tzinfo=UTC)
EUROS = ("NL", "BE", "DE", "FR", "IT", "ES", "IE")
SETTLED_FIRST, BLANK_SKU, INVENTED = 0.02, 0.01, 0.02
KEY = b"a thousand settlements, generated"


@dataclass(frozen=True)
class Wish:
    """One generated seller."""

    seed: int
    orders: int
    days: int = 364
    method: str = "clearing"
    unknown_kinds: bool = False
    invoice_unit: str = "shipment"
    dollars: bool = False  # what it sells in Turkey it sells on Amazon.com instead


@dataclass
class Found:
    """What came of it; `faults` are what must not be."""

    counts: Counter[str] = field(default_factory=Counter)
    currencies: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def insist(self, holds: bool, text: str) -> None:
        if not holds:
            self.faults.append(text)

    def add(self, other: Found) -> None:
        self.counts += other.counts
        self.currencies += other.currencies
        self.problems += other.problems
        self.faults += other.faults

    @property
    def matched_share(self) -> Decimal:
        return Decimal(self.counts["rows matched"]) / max(self.counts["rows"], 1)


@dataclass(frozen=True)
class File:
    content: bytes
    truth: dict[str, Any]


def settle_seller(wish: Wish) -> Found:
    """Run one seller's year through the domain."""
    found, settings, rates = Found(), settings_of(wish), all_rates(wish)
    options = options_of(wish)
    early, late = _booked(wish, options, settings, rates, found)
    booked = early
    for file in files_of(wish, options):
        booked = _settle(file, booked, settings, rates, wish, found)
    if wish.method == "clearing":
        _unpark(booked, late, settings, found)
    return found


def settings_of(wish: Wish) -> CouplingSettings:
    places = EUROS if wish.method != "clearing" else (*EUROS, "SE", "PL", "UK", "TR")
    return CouplingSettings.model_validate(
        {
            "name": "campaign",
            "seller": {"connection": "a", "marketplaces": list(places), "stock_in": ["NL"]},
            "books": {
                "connection": "b",
                "go_live": "2025-01-01",
                "invoice_unit": wish.invoice_unit,
            },
            "settlement": {"method": wish.method},
        }
    )


def options_of(wish: Wish) -> SeedOptions:
    return SeedOptions(
        seed=wish.seed,
        orders=wish.orders,
        start=START,
        end=START + timedelta(days=wish.days),
        profile="year",
        marketplaces=tuple(settings_of(wish).seller.marketplaces),
        refunded=0.05,
        business=0,
        special=0,
        mcf=0,
        replaced=0,
        unknown_fees=wish.unknown_kinds,
    )


def all_rates(wish: Wish) -> dict[tuple[str, date], Decimal]:
    """A rate for every day, moving a little."""
    days = [START.date() + timedelta(days=n) for n in range(-10, wish.days + 120)]
    factors = {**PRICE_FACTOR, "USD": PRICE_FACTOR["TRY"]}
    return {
        (currency, day): Decimal(factor * (1000 + day.toordinal() % 17)) / 100_000
        for currency, factor in factors.items()
        if currency != "EUR"
        for day in days
    }


def _booked(
    wish: Wish,
    options: SeedOptions,
    settings: CouplingSettings,
    rates: dict[tuple[str, date], Decimal],
    found: Found,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """BOOKED before the settlements, and what is invoiced only after them."""
    shown = [list(versions(year.sale(options, n), options)) for n in range(wish.orders)]
    if wish.dollars:
        shown = json.loads(json.dumps(shown).replace('"TRY"', '"USD"'))
    every = BOOKED.empty()
    # What leaves in two parcels is invoiced when the first one left, and again.
    for raw in (
        [one for all_of in shown for one in all_of if _in_part(one)],
        [x[-1] for x in shown],
    ):
        read = orders_from_json(raw, settings)
        made = invoices(
            read.orders,
            read.lines,
            settings,
            install_key=KEY,
            booked=every,
            rates=rates,
            vies={},
        )
        for problem in (*read.problems, *made.problems):
            found.problems[f"order: {problem.code}"] += 1
        every = confirmed(every, made.mutations)
    is_late = every["order_id"].map(lambda one: crc32(one.encode()) % 1000 < SETTLED_FIRST * 1000)
    found.counts["orders settled before invoiced"] += int(is_late.sum())
    found.counts["orders with several invoices"] += int(every["order_id"].duplicated().sum())
    found.counts["orders booked"] += every["order_id"].nunique()
    return every[~is_late].reset_index(drop=True), every[is_late].reset_index(drop=True)


def _in_part(raw: dict[str, Any]) -> bool:
    return bool(raw["fulfillment"]["fulfillmentStatus"] == "PARTIALLY_SHIPPED")


def confirmed(booked: pd.DataFrame, mutations: pd.DataFrame) -> pd.DataFrame:
    """BOOKED after these mutations were booked; what was there stays."""
    fresh = mutations[~mutations["booking"].isin(booked["booking"])]
    names = [name for name in BOOKED.columns if name not in ("state", "remote_id")]
    new = fresh[names].assign(state="CONFIRMED", remote_id="1")
    new = new.astype({"state": "str", "remote_id": "str"})
    return BOOKED.check(pd.concat([booked, new[list(BOOKED.columns)]], ignore_index=True))


def files_of(wish: Wish, options: SeedOptions) -> Iterator[File]:
    """The settlement files, oldest period first, 1 % of the SKUs blanked."""
    clock = Clock()
    amazon = Amazon(clock, Shop(), Login(clock), Buckets(clock))
    seed(amazon, "seller", options)
    far = datetime.now(UTC) + timedelta(days=1_000)
    listed = amazon.shop.reports("seller", datetime(2020, 1, 1, tzinfo=UTC), far)
    for report in sorted(listed, key=lambda one: (str(one.data_end), one.report_id)):
        if report.type != SETTLEMENTS or report.document_id is None:
            continue
        document = amazon.shop.document(report.document_id)
        truth = amazon.shop.truth_of("seller", "settlement", report.report_id)
        assert document is not None
        body = _with_blank_skus(document.body)
        if wish.dollars:
            body = body.replace(b"\tTRY\t", b"\tUSD\t").replace(b"Amazon.com.tr", b"Amazon.com")
        yield File(_with_invented_fees(body) if wish.unknown_kinds else body, truth or {})


def _with_invented_fees(body: bytes) -> bytes:
    """The file with 2 % of its fees under names that nobody knows."""
    lines = body.decode("cp1252").split("\n")
    place = lines[0].split("\t").index("amount-description")
    for n, line in enumerate(lines):
        if "\tItemFees\t" in line and crc32(line.encode()) % 1000 < INVENTED * 1000:
            cells = line.split("\t")
            cells[place] = f"Invented Fee {n % 3}"
            lines[n] = "\t".join(cells)
    return "\n".join(lines).encode("cp1252")


def _with_blank_skus(body: bytes) -> bytes:
    lines = body.decode("cp1252").split("\n")
    place = lines[0].split("\t").index("sku")
    for n, line in enumerate(lines):
        if n and line.count("\t") and crc32(line.encode()) % 1000 < BLANK_SKU * 1000:
            cells = line.split("\t")
            cells[place] = ""
            lines[n] = "\t".join(cells)
    return "\n".join(lines).encode("cp1252")


def _settle(
    file: File,
    booked: pd.DataFrame,
    settings: CouplingSettings,
    rates: dict[tuple[str, date], Decimal],
    wish: Wish,
    found: Found,
) -> pd.DataFrame:
    read = read_settlement(file.content)
    found.counts["settlements"] += 1
    if not isinstance(read, SettlementFile):
        found.insist(False, f"refused: {read[0].cause}")
        return booked
    name = f"{wish.seed}/{read.header.settlement_id}"
    found.currencies[read.header.currency] += 1
    by_hand = list(_by_hand(file.content))
    found.insist(sum(c for _, c in by_hand) == file.truth["total_cents"], f"{name}: the file")
    matched = match(read, booked, settings)
    _count_rows(matched, found)
    if wish.method != "clearing":
        return _proposal(name, read, matched, booked, settings, found)
    hints = {"rates": rates, "deposit_eur_cents": file.truth["converted_eur_cents"]}
    made = settlement_bookings(read, matched, booked, settings, **hints)
    if made.waits:
        found.insist(False, f"{name}: waits: {made.problems[0].cause}")
        return booked
    sums = control_sums(read, made)
    found.insist(sums.may_book and len(made.rows) == len(by_hand), f"{name}: {sums}")
    found.insist((sums.c4_fees_cents, sums.c4_suspense_cents) == (0, 0), f"{name}: C4 {sums}")
    page = statement(read, made)
    found.insist(
        sum(x.amount_cents for x in page.lines) == read.header.total_cents, f"{name}: page"
    )
    found.insist(sum(x.rows for x in page.lines) == len(by_hand), f"{name}: rows on the page")
    _unknown_kinds(name, made.rows, by_hand, found)
    _writes(name, made.mutations, found)
    after = confirmed(booked, made.mutations)
    again = settlement_bookings(read, match(read, after, settings), after, settings, **hints)
    _same(name, made.mutations, again.mutations, found)
    return after


def _by_hand(content: bytes) -> Iterator[tuple[str, int]]:
    """Kind and cents of every row, read without the product."""
    lines = csv.DictReader(io.StringIO(content.decode("cp1252")), delimiter="\t")
    for line in lines:
        if line["amount"]:
            text = line["amount"]
            comma = "," in text
            cents = text.replace(".", "").replace(",", ".") if comma else text
            kind = (line["transaction-type"], line["amount-type"], line["amount-description"])
            yield "/".join(kind), int(Decimal(cents) * 100)


def _count_rows(matched: pd.DataFrame, found: Found) -> None:
    problem = matched["problem"].astype("str")
    by_itself = problem.isin(["", "settlement-order-parked"])
    found.counts["rows"] += len(matched)
    found.counts["rows matched"] += int(by_itself.sum())
    found.counts["rows parked"] += int((matched["place"] == Place.PARKED).sum())
    for code, rows in problem[problem != ""].value_counts().items():
        found.problems[str(code)] += int(rows)


def _unknown_kinds(
    name: str, rows: pd.DataFrame, by_hand: list[tuple[str, int]], found: Found
) -> None:
    """What stands on suspense is exactly the rows of kinds that the generator invents."""
    unknown = sum(cents for kind, cents in by_hand if is_invented(kind))
    on_suspense = rows.loc[rows["problem"] == "settlement-row-unknown", "amount_cents"].sum()
    found.counts["rows of unknown kinds"] += sum(1 for kind, _ in by_hand if is_invented(kind))
    found.insist(int(on_suspense) == unknown, f"{name}: suspense {on_suspense}, unknown {unknown}")


def _writes(name: str, mutations: pd.DataFrame, found: Found) -> None:
    """Few writes: 1 per payment, 2 per refund, 2 per VAT regime and month, and 12 for the rest."""
    kind = mutations["booking_kind"]
    fees = mutations.loc[kind == BookingKind.FEES.value, "booking"].str.split(":")
    regimes = {(parts[2], parts[3]) for parts in fees}
    money = int((kind == BookingKind.MONEY.value).sum())
    others = len(fees) + money
    found.counts["writes beside payments and refunds"] += others
    found.insist(
        others <= 2 * len(regimes) + 12, f"{name}: {others} writes, {len(regimes)} regimes"
    )
    is_payment = kind == BookingKind.PAYMENT.value
    is_refund = mutations["facts"].str.contains('"events"', regex=False)
    notes = int((kind == BookingKind.CREDIT_NOTE.value).sum())
    refunds = int((is_payment & is_refund).sum())
    found.insist(notes <= refunds, f"{name}: {notes} credit notes, {refunds} refunds paid back")
    found.insist(
        len(mutations) == int(is_payment.sum()) + notes + others, f"{name}: other kinds of writes"
    )


def is_invented(kind: str) -> bool:
    if "/Invented Fee " in kind:
        return True
    return kind in {f"{k.transaction}/{k.amount_type}/{k.description}" for k in events.UNKNOWN}


def _proposal(
    name: str,
    read: SettlementFile,
    matched: pd.DataFrame,
    booked: pd.DataFrame,
    settings: CouplingSettings,
    found: Found,
) -> pd.DataFrame:
    """The manual's way: the payments are the deposit, the rest of the fees goes to costs."""
    made = propose_left_over(read, matched, booked, settings)
    mutations = made.mutations
    received = int(
        mutations.loc[mutations["account"] == settings.accounts.bank, "gross_cents"].sum()
    )
    written = int(mutations["gross_cents"].sum()) - received
    found.insist(received == made.paid_cents, f"{name}: paid {received}, said {made.paid_cents}")
    found.insist(written == made.left_over_cents, f"{name}: costs {written}")
    found.insist(0 <= made.paid_cents <= max(made.deposit_cents, 0), f"{name}: more than came in")
    found.insist(made.left_over_cents <= max(made.fees_cents, 0), f"{name}: more than the fees")
    found.counts["proposals short of invoices"] += made.paid_cents < made.deposit_cents
    after = confirmed(booked, mutations)
    found.counts["proposals"] += 1
    return after


def _same(name: str, first: pd.DataFrame, again: pd.DataFrame, found: Found) -> None:
    known = {one["booking"]: str(one) for one in first.to_dict("records")}
    for one in again.to_dict("records"):
        found.insist(known.get(one["booking"]) == str(one), f"{name}: again {one['booking']}")


def _unpark(
    booked: pd.DataFrame, late: pd.DataFrame, settings: CouplingSettings, found: Found
) -> None:
    """The late invoices come: parked money finds them by itself, once."""
    known = BOOKED.check(pd.concat([booked, late], ignore_index=True))
    mutations, _ = unpark(known, settings)
    found.counts["orders un-parked"] += mutations["order_id"].nunique()
    found.insist(set(mutations["order_id"]) <= set(late["order_id"]), "un-parked another order")
    signs = mutations["kind"].map({"money_spent": -1, "sales_invoice": 0}).fillna(1).astype("Int64")
    found.insist(int((signs * mutations["gross_cents"]).sum()) == 0, "un-parking moved clearing")
    found.insist(unpark(confirmed(known, mutations), settings)[0].empty, "un-parked twice")
