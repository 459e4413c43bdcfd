"""The product's real readers, each given one document; what they may answer, and nothing else.

A reader accepts a document, refuses it with a reason, or holds single rows back with a reason.
Anything else is a finding: an exception that nobody declared, a row that vanished, a booking taken
for certain that the document does not prove, a cut settlement that closes.
"""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
from amazon_eboekhouden.adapters.amazon import AmazonSeller
from amazon_eboekhouden.adapters.eboekhouden import EBoekhouden
from amazon_eboekhouden.adapters.report_document import DocumentLink, DocumentReader
from amazon_eboekhouden.config import couplings
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.bookings import Mutation, MutationKind, MutationLine, Relation
from amazon_eboekhouden.domain.errors import RemoteError
from amazon_eboekhouden.domain.frames import BOOKED
from amazon_eboekhouden.domain.invoices import invoices
from amazon_eboekhouden.domain.orders import orders_from_json
from amazon_eboekhouden.domain.outcomes import OutcomeKind
from amazon_eboekhouden.domain.settlement.bookings import settlement_bookings
from amazon_eboekhouden.domain.settlement.file import SettlementFile, read_settlement
from amazon_eboekhouden.domain.settlement.matching import match
from amazon_eboekhouden.domain.settlement.tie_out import gate
from coupling_sandbox.amazon.app import create_app as amazon_app
from coupling_sandbox.clock import Clock
from coupling_sandbox.eboekhouden.app import create_app as books_app
from coupling_sandbox.server import serve_in_thread
from lxml import etree

from tests.adapters.world import ONCE, amazon_credentials, books_credentials
from tests.hostile.imposter import Answer, Imposter, serving

ORDERS_PATH = "/orders/2026-01-01/orders"
DOCUMENT_PATH = "/document"
NAMESPACE = "{http://www.e-boekhouden.nl/soap}"
REQUEST_ID = ("x-amzn-RequestId", "1")
AFTER, BEFORE = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Verdict:
    """What a reader made of a document: accepted, refused or quarantined, and why."""

    outcome: str
    reason: str


class Finding(AssertionError):
    """A reader did what it must not do."""


@dataclass
class Readers:
    """Everything that reads what comes from outside.

    Attributes:
        good: per kind of document, true ones to be spoiled.
    """

    settings: CouplingSettings
    amazon: AmazonSeller
    books: EBoekhouden
    documents: DocumentReader
    from_amazon: Imposter
    from_books: Imposter
    address: str
    good: dict[str, list[bytes]] = field(default_factory=dict)

    # --- e-Boekhouden ----------------------------------------------------------------------------
    def soap_add(self, answer: Answer) -> Verdict:
        """An answer to AddMutatie: booked only when an independent reading says so too."""
        self.from_books.instead = {"AddMutatie": answer}
        outcome = self.books.add(_mutation(), "#az1-HOSTILE", deadline_s=20)
        if outcome.kind is OutcomeKind.CONFIRMED:
            if outcome.remote_id != _booked_number(answer):
                raise Finding(f"confirmed {outcome.remote_id}, which the answer does not prove")
            return Verdict("accepted", "")
        return Verdict("refused", f"{outcome.kind.value} {outcome.code} {outcome.detail}")

    def soap_read(self, operation: str, answer: Answer) -> Verdict:
        """An answer to a question: values, or a typed error."""
        ask: dict[str, Callable[[], Any]] = {
            "GetMutaties": self.books.mutations,
            "GetOpenPosten": self.books.open_items,
            "GetSaldi": self.books.balances,
            "GetGrootboekrekeningen": self.books.ledger_accounts,
        }
        self.from_books.instead = {operation: answer}
        try:
            ask[operation]()
        except RemoteError as error:
            return _refused(error)
        return Verdict("accepted", "")

    # --- Amazon ----------------------------------------------------------------------------------
    def orders(self, answer: Answer) -> Verdict:
        """A page of orders: each one booked, skipped or held; none may vanish."""
        self.from_amazon.instead = {ORDERS_PATH: answer}
        try:
            page = self.amazon.search_orders(last_updated_after=AFTER, last_updated_before=BEFORE)
        except RemoteError as error:
            return _refused(error)
        read = orders_from_json(page.orders, self.settings)
        made = invoices(
            read.orders,
            read.lines,
            self.settings,
            install_key=bytes(32),
            booked=BOOKED.empty(),
            rates={},
            vies={},
        )
        problems = [*read.problems, *made.problems]
        given = {str(order["orderId"]) for order in page.orders if order.get("orderId")}
        told = {*made.mutations["order_id"], *read.skipped["order_id"], *made.skipped["order_id"]}
        told |= {found.order_id for found in problems}
        named = " ".join(found.row for found in problems)
        lost = [one for one in given - told if one.strip() and one.strip() not in named]
        if lost and not any(found.code == "order-id-missing" for found in problems):
            raise Finding(f"orders vanished: {lost[:3]!r}")
        if page.orders and not told and not problems:
            raise Finding("orders vanished without a word")
        if problems:
            return Verdict("quarantined", " ".join(sorted({found.code for found in problems})))
        return Verdict("accepted", "")

    # --- files -----------------------------------------------------------------------------------
    def settlement(self, content: bytes) -> Verdict:
        """A settlement file: it closes to the cent, or is refused with a reason."""
        read = read_settlement(content)
        if not isinstance(read, SettlementFile):
            return Verdict("refused", " ".join(found.code for found in read))
        total = int(read.rows["amount_cents"].sum())
        if total != read.header.total_cents:
            raise Finding(f"rows add up to {total}, the total is {read.header.total_cents}")
        booked = BOOKED.empty()
        matched = match(read, booked, self.settings)
        made = settlement_bookings(read, matched, booked, self.settings, rates=_ONE_TO_ONE)
        stopped = gate(read, made, self.settings.accounts.clearing.of(read.header.currency))
        if made.left_on_clearing_cents and not stopped:
            raise Finding("something stays on clearing, and nothing says so")
        problems = [*made.problems, *stopped]
        if problems:
            return Verdict("quarantined", " ".join(sorted({found.code for found in problems})))
        return Verdict("accepted", "")

    def document(self, answer: Answer, *, is_gzip: bool) -> Verdict:
        """A download: the whole document, proven to its end, or a typed error."""
        self.from_amazon.instead = {DOCUMENT_PATH: answer}
        link = DocumentLink("1", f"{self.address}{DOCUMENT_PATH}", is_gzip)
        try:
            found = self.documents.fetch(lambda: link)
        except RemoteError as error:
            return _refused(error)
        if is_gzip and found.content != _unpacked(answer.body):
            raise Finding("another reading of the same stream gives another document")
        found.path.unlink()
        return Verdict("accepted", "")


class _Rates(dict[tuple[str, date], Decimal]):
    """One unit of any currency is one euro: rates are not what is tested here."""

    def __missing__(self, key: tuple[str, date]) -> Decimal:
        return Decimal(1)

    def __contains__(self, key: object) -> bool:
        return True

    def get(self, key: Any, default: Any = None) -> Any:
        return Decimal(1)


_ONE_TO_ONE = _Rates()


def _refused(error: RemoteError) -> Verdict:
    return Verdict("refused", f"{type(error).__name__}: {error.cause}")


def _mutation() -> Mutation:
    line = MutationLine("8000", "HOOG_VERK_21", Decimal(21), 1000, 210, 1210)
    return Mutation(
        MutationKind.SALES_INVOICE,
        date(2026, 10, 5),
        "1300",
        (line,),
        "Amazon order",
        "IN",
        relation_code="AZHOSTILE",
        invoice_number="AMZ-1",
        payment_term_days=30,
    )


def _booked_number(answer: Answer) -> str | None:
    """The number that an answer proves, by a reading of its own; None when it proves none."""
    if answer.status != 200:
        return None
    try:
        tree = etree.fromstring(answer.body)
    except (etree.XMLSyntaxError, ValueError):
        return None
    found = tree.findall(f".//{NAMESPACE}AddMutatieResult")
    errors = [
        (one.text or "").strip()
        for name in ("LastErrorCode", "LastErrorDescription")
        for one in tree.iter(f"{NAMESPACE}{name}")
    ]
    numbers = [one.findtext(f"{NAMESPACE}Mutatienummer") for one in found]
    if len(found) != 1 or any(errors) or not (numbers[0] or "").strip().lstrip("+").isdigit():
        return None
    return str(int(numbers[0] or "0"))


def _unpacked(packed: bytes) -> bytes | None:
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error):
        return None


@contextmanager
def readers() -> Iterator[Readers]:
    """Real clients on imposters in front of the sandboxes, and true documents to spoil."""
    shipped = couplings.SHIPPED
    with ExitStack() as stack:
        enter = stack.enter_context
        amazon = enter(serve_in_thread(amazon_app(clock=Clock())))
        books = enter(serve_in_thread(books_app(clock=Clock())))
        httpx.post(f"{amazon}/control/options", json={"rate_scale": 1e9})
        seed = {"seed": 5, "orders": 40, "from": "2026-09-01", "to": "2026-10-31"}
        httpx.post(f"{amazon}/control/seed", json=seed, timeout=60)
        from_amazon, from_books = Imposter(amazon), Imposter(books)
        address = enter(serving(from_amazon))
        address_of_books = enter(serving(from_books))
        made = Readers(
            couplings.read(shipped, "demo"),
            enter(AmazonSeller(amazon_credentials(address), patience=ONCE)),
            enter(EBoekhouden(books_credentials(address_of_books), patience=ONCE)),
            DocumentReader(allow_loopback=True, patience=ONCE, largest=64 * 1024 * 1024),
            from_amazon,
            from_books,
            address,
        )
        stack.callback(made.documents.close)
        _learn(made, address)
        yield made
        from_books.instead = {}


def _learn(made: Readers, address: str) -> None:
    """Let each client get a true answer once, and keep it to be spoiled."""
    made.amazon.search_orders(last_updated_after=AFTER, last_updated_before=BEFORE)
    made.good["orders"] = [_few_orders(made.from_amazon.seen[ORDERS_PATH].body)]
    made.books.add(Relation("AZHOSTILE", False, "Klant"), "#az1-HOSTILE", deadline_s=20)
    booked = made.books.add(_mutation(), "#az1-HOSTILE", deadline_s=20)
    if booked.kind is not OutcomeKind.CONFIRMED:
        raise RuntimeError(f"the true answer is not taken for one: {booked}")
    made.good["AddMutatie"] = [made.from_books.seen["AddMutatie"].body]
    made.books.mutations()
    made.books.open_items()
    made.books.balances()
    made.books.ledger_accounts()
    for operation in ("GetMutaties", "GetOpenPosten", "GetSaldi", "GetGrootboekrekeningen"):
        made.good[operation] = [made.from_books.seen[operation].body]
    listed = made.amazon.settlement_reports(created_since=datetime(2026, 9, 1, tzinfo=UTC))
    files = [made.amazon.fetch_document(one.document_id).content for one in listed]
    made.good["settlement"] = [_short(file) for file in files[:3]]


def _few_orders(body: bytes) -> bytes:
    """The first orders of a page: spoiling a page of a hundred costs more than it teaches."""
    page = json.loads(body)
    page["orders"] = page["orders"][:5]
    page.pop("pagination", None)
    return json.dumps(page).encode()


def _short(file: bytes) -> bytes:
    """The first rows of a settlement, with the total that they add up to."""
    lines = file.decode("cp1252").split("\n")
    names = lines[0].split("\t")
    amount, total = names.index("amount"), names.index("total-amount")
    rows = [line.split("\t") for line in lines[2:26] if line]
    comma = any("," in row[amount] for row in rows)
    cents = sum(Decimal(row[amount].replace(",", ".")) for row in rows)
    summary = lines[1].split("\t")
    summary[total] = str(cents).replace(".", ",") if comma else str(cents)
    short = [lines[0], "\t".join(summary), *("\t".join(row) for row in rows)]
    return ("\n".join(short) + "\n").encode("cp1252")


def pick(rng: random.Random, documents: list[bytes]) -> bytes:
    """One of the good ones."""
    return documents[rng.randrange(len(documents))]
