"""Row problems: values, not exceptions. One place knows every code, its wording and its remedy.

A problem names the row, the cause and what to do. `docs/errors.md` is generated from this
catalogue, and every code has a test in `tests/errors/` that provokes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a person must look at.

    Attributes:
        code: key of the catalogue, such as "proceeds-missing".
        row: what it is about, such as "order 405-1234567-1234567".
        cause: what is wrong, with the values.
        todo: what to do about it.
        order_id: the order concerned, "" if none; lets the next run close the problem.
    """

    code: str
    row: str
    cause: str
    todo: str
    order_id: str = ""

    def as_dict(self) -> dict[str, str]:
        """The problem as the command line prints it: code, row, cause, todo."""
        return {key: value for key, value in asdict(self).items() if key != "order_id"}


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """Wording of one code; `{name}` are filled in from the details of the row."""

    cause: str
    todo: str


def problem(code: str, row: str, *, order_id: str = "", **details: Any) -> Problem:
    """A problem with the catalogue's wording.

    Raises:
        KeyError: the code is not in the catalogue, or a detail of its wording is missing.
    """
    kind = CATALOGUE[code]
    return Problem(code, row, kind.cause.format(**details), kind.todo.format(**details), order_id)


# --- settings and connections (config, check) ---------------------------------------------------
_SETTINGS: Mapping[str, ProblemKind] = {
    "settings-invalid": ProblemKind(
        "{field} {why}", "correct {field} in {file}, line {line}, then run `check` again"
    ),
    "connection-missing": ProblemKind(
        "there is no connection named {connection}",
        "create the connection {connection} ({kind}) in Airflow, or set AIRFLOW_CONN_{variable}",
    ),
    "connection-unreadable": ProblemKind(
        "the connection {connection} can't be read: {why}",
        "write {variable} as JSON or as a connection URI (docs/operating.md shows one)",
    ),
    "connection-incomplete": ProblemKind(
        "the connection {connection} names no {field}",
        "enter {field} in the connection {connection}: the coupling is bound to it, so that no "
        "other seller's orders ever enter these books",
    ),
    "credentials-refused": ProblemKind(
        "{service} refused {field}: {why}", "enter {field} again in the connection {connection}"
    ),
    "account-missing": ProblemKind(
        "ledger account {account} ({role}) does not exist in the administration",
        "create {account} with category {category} in e-Boekhouden, or name another one under "
        "accounts.{role}",
    ),
    "account-category": ProblemKind(
        "ledger account {account} ({role}) has category {found}, it must be {category}",
        "name an account of category {category} under accounts.{role}",
    ),
    "account-shared": ProblemKind(
        "ledger account {account} serves several purposes: {roles}",
        "name an account of its own for each under accounts: their balances are checked apart",
    ),
    "account-override": ProblemKind(
        "ledger account {account}, named under {setting}, {why}",
        "create it with category VW or BAL in e-Boekhouden, or name another one under {setting}",
    ),
    "account-other-use": ProblemKind(
        "ledger account {account} is called {found}; the coupling would book {wanted} there",
        "name a free account under accounts.{role}, such as {free} (`check --create-accounts` "
        "makes it), or rename {account} if it is meant for that",
    ),
    "account-ambiguous": ProblemKind(
        "the administration has {count} ledger accounts of category {category}",
        "keep exactly one account of category {category} in e-Boekhouden",
    ),
    "service-unreachable": ProblemKind(
        "{service} could not be asked: {why}",
        "try again later: it goes on where it stopped, and nothing is booked twice",
    ),
    "ledger-unusable": ProblemKind(
        "its database can't be used: {why}",
        "see that the database is there, may be written and has room; nothing is sent before",
    ),
    "storage-unusable": ProblemKind(
        "{place} can't be used: {why}",
        "see that the folder is there, may be written and has room; the next run goes on",
    ),
    "administration-changed": ProblemKind(
        "the connection answers for administration {found}, the coupling is bound to {bound}",
        "restore the old connection, or make a new coupling for the other administration",
    ),
    "seller-changed": ProblemKind(
        "the connection belongs to seller {found}, the coupling is bound to {bound}",
        "restore the old connection, or make a new coupling for the other seller",
    ),
}

# --- runs (pipelines, expectations) ---------------------------------------------------------------
_RUNS: Mapping[str, ProblemKind] = {
    "expectation-failed": ProblemKind(
        "the booking {booking} breaks the rule {rule!r} ({found})",
        "report this row with its order: the coupling held it back because it would be wrong",
    ),
    "settlement-waits-for-approval": ProblemKind(
        "a person must approve it before it is booked (approval {approval}, method {method})",
        "look at `settlements --preview`, then approve its run in Airflow under Required Action, "
        "or with `settlements --approve {settlement}`",
    ),
    "settlement-document-damaged": ProblemKind(
        "the document that Amazon made on {created} does not come whole: {why}",
        "nothing at first: every run fetches it again, and the other settlements go on; if it "
        "stays, download the settlement in Seller Central and book it with settlements --file",
    ),
    "settlement-file-changed": ProblemKind(
        "Amazon lists another content ({found}…) for it than the one found first ({known}…)",
        "compare both in the archive; the first one stays booked",
    ),
    "amazon-refused": ProblemKind(
        "Amazon refused {operation}: {why}", "run `check`; correct what it names, then run again"
    ),
    "books-refused": ProblemKind(
        "e-Boekhouden refused {operation}: {why}",
        "run `check`; correct what it names, then run again",
    ),
}

# --- orders (domain.orders …) --------------------------------------------------------------------
_ORDERS: Mapping[str, ProblemKind] = {
    "order-id-missing": ProblemKind(
        "it has no order id",
        "nothing to do if the next run shows the order again; else report Amazon's answer",
    ),
    "marketplace-unknown": ProblemKind(
        "it was sold on {name} ({id}), which is no European marketplace of Amazon",
        "book this order by hand; the coupling covers Amazon's European marketplaces only",
    ),
    "status-unknown": ProblemKind(
        "its status is {found}, which the coupling does not know",
        "look the order up in Seller Central; it is booked by itself once it is SHIPPED",
    ),
    "time-unreadable": ProblemKind(
        "its times can't be read: {found}",
        "nothing to do if the next run shows the order again; else book it by hand",
    ),
    "proceeds-missing": ProblemKind(
        "Amazon shows no amounts: {what}",
        "check in Seller Central that the application has the role Inventory and Order Tracking; "
        "the order is asked for again at the next run",
    ),
    "proceeds-kind-unknown": ProblemKind(
        "it holds a kind of charge that the coupling does not know: {kind}",
        "book this order by hand and report the kind of charge",
    ),
    "proceeds-do-not-close": ProblemKind(
        "the amounts of {what} do not add up: total {total}, charges {parts}, tax {tax}",
        "compare the order in Seller Central; if it stays so, book it by hand",
    ),
    "total-negative": ProblemKind(
        "it comes to {total} {currency}, which no sale does",
        "compare the order in Seller Central and book it by hand",
    ),
    "amount-unreadable": ProblemKind(
        "the amount of {what} is no whole number of cents: {found}",
        "nothing to do if the next run shows the order correctly; else book it by hand",
    ),
    "currency-unexpected": ProblemKind(
        "its amounts are in {found}, this marketplace sells in {expected}",
        "compare the order in Seller Central; if it stays so, book it by hand",
    ),
    "order-item-unclear": ProblemKind(
        "an item has no id of its own: {found}",
        "nothing to do if the next run shows the order correctly; else book it by hand",
    ),
    "quantity-unclear": ProblemKind(
        "of item {item} {sent} of {ordered} were sent, and the amounts fit neither number",
        "compare the order in Seller Central and book it by hand",
    ),
    "facilitator-tax-unclear": ProblemKind(
        "Amazon collects the VAT, but {tax} fits no rate of the destination on {base}",
        "compare the order's VAT in Seller Central and book it by hand",
    ),
    "ship-from-unknown": ProblemKind(
        "it is not known from which country it was sent",
        "name the only country with FBA stock under seller.stock_in; with stock in several "
        "countries the order waits for Amazon's shipment report",
    ),
    "ship-from-mixed": ProblemKind(
        "its packages left from more than one country",
        "book it by hand, one part per country of departure",
    ),
    "shipments-unclear": ProblemKind(
        "its {parcels} shipments do not add up to what was ordered and sent",
        "compare the order's packages in Seller Central and book it by hand; the coupling books it "
        "by itself when Amazon shows the pieces of every shipment",
    ),
    "ship-to-unknown": ProblemKind(
        "Amazon shows no country of delivery",
        "check in Seller Central that the application has the role Direct-to-Consumer Delivery",
    ),
    "country-unknown": ProblemKind(
        "an address of it is in {found!r}, which is the code of no country",
        "compare the order's addresses in Seller Central, and book it by hand",
    ),
    "collection-model-unknown": ProblemKind(
        "somebody else collects the VAT on it in a way that the coupling does not know: {found}",
        "see in Seller Central who pays the VAT of this order, and book it by hand",
    ),
    "sold-to-amazon-business": ProblemKind(
        "Amazon Business EU is the buyer, not the customer",
        "book it by hand, or set seller.vat.amazon_business_eu to book",
    ),
    "facilitator-mixed": ProblemKind(
        "Amazon collects the VAT on some of its items only",
        "compare the order's VAT in Seller Central and book it by hand",
    ),
    "facilitator-inside-eu": ProblemKind(
        "Amazon says it collects the VAT on a sale inside the EU (to {country})",
        "check in Seller Central that Amazon knows where your business is established",
    ),
    "registration-missing": ProblemKind(
        "it was sent from {country}, where the coupling knows no VAT registration",
        "register for VAT there and enter the number under seller.vat.registrations.{country}",
    ),
    "import-sale": ProblemKind(
        "it was sent from {country} to a customer in the EU without Amazon collecting the VAT",
        "ask your accountant who imports these goods, and book it by hand",
    ),
    "oss-missing": ProblemKind(
        "a sale to a consumer in {country} is taxed there, but OSS is off",
        "set seller.vat.oss to true, or enter your VAT number under "
        "seller.vat.registrations.{country}",
    ),
    "b2b-from-abroad": ProblemKind(
        "it is a sale to a business in another country from stock in {country}",
        "report it with your VAT number of {country} and book it by hand",
    ),
    "b2b-number-missing": ProblemKind(
        "a business in another member state was charged no VAT, but shows no VAT number",
        "ask the buyer for the VAT number and book it by hand",
    ),
    "b2b-vat-charged": ProblemKind(
        "the buyer has a valid VAT number of another member state, but was charged VAT",
        "refund the VAT to the buyer or book the order by hand with VAT",
    ),
    "vat-number-invalid": ProblemKind(
        "the buyer's VAT number does not allow 0 %: {why}",
        "ask the buyer for the right number, or set seller.vat.invalid_vat_id to treat_as_b2c",
    ),
    "vies-unanswered": ProblemKind(
        "VIES has not yet confirmed the buyer's VAT number ({country})",
        "nothing to do: it is asked again at the next run",
    ),
    "export-vat-charged": ProblemKind(
        "it goes to {country}, outside the EU's VAT territory, but the buyer was charged VAT",
        "refund the VAT to the buyer or book the order by hand with VAT",
    ),
    "exchange-rate-missing": ProblemKind(
        "there is no ECB rate for {currency} on {on} or in the week before",
        "nothing to do if the rate comes later; the ECB does not publish every currency",
    ),
    "vat-rate-held": ProblemKind(
        "nothing tells the VAT rate of {item}, and seller.vat.default_rate is held",
        "enter the rate under seller.vat.rates_by_sku, or set default_rate to standard",
    ),
    "vat-rate-unknown": ProblemKind(
        "no VAT rate is known for {country} on {on}",
        "enter the rate under seller.vat.rates_by_sku, or update the coupling",
    ),
    "vat-rate-unmapped": ProblemKind(
        "no VAT code stands for {rate} % on a sale of kind {kind}",
        "correct the rate under seller.vat.rates_by_sku, or book it by hand",
    ),
    "vat-code-refused": ProblemKind(
        "the VAT code {vat_code} may not be used for a sale of kind {kind}",
        "correct the code under vat in the coupling's file",
    ),
    "vat-account-missing": ProblemKind(
        "no account is named for the VAT of {country}",
        "name one under accounts.{key}.{country}",
    ),
    "vat-cents-unmatched": ProblemKind(
        "Amazon shows {tax} VAT on {item}, which fits no rate of {country}",
        "enter the rate under seller.vat.rates_by_sku, or book the order by hand",
    ),
    "vat-sku-contradicted": ProblemKind(
        "Amazon's VAT on {item} contradicts the rate of SKU {sku} ({rate} %)",
        "correct the rate under seller.vat.rates_by_sku, or in Seller Central",
    ),
    "vcs-number-missing": ProblemKind(
        "Amazon issues the invoices, and its invoice number is not known yet",
        "nothing to do: Amazon reports it about three days after shipping",
    ),
    "vat-report-contradicted": ProblemKind(
        "{item}: Amazon's VAT report says {rate} %, which is no rate of {country} on that day",
        "compare the VAT of the order in Seller Central, mend the VAT settings there, and book it "
        "by hand",
    ),
    "period-closed": ProblemKind(
        "it belongs to {on}, and the books are closed through {closed}",
        "correct books.closed_through if that VAT return is not filed yet; else book the order by "
        "hand in the open period and mind a supplementary return (suppletie)",
    ),
    "ship-date-differs": ProblemKind(
        "it was booked on {booked}, when it was first seen as shipped; Amazon's report says that "
        "it left on {found}, in another VAT quarter",
        "move its VAT to the right return by hand (a supplementary return, suppletie, when that "
        "one is filed), then pass the order over",
    ),
    "order-changed": ProblemKind(
        "it was booked at {booked} {currency}, Amazon now shows {found}",
        "nothing when a refund follows: its credit note closes this by itself; else compare the "
        "order in Seller Central and correct the books by hand",
    ),
    "vat-number-changed": ProblemKind(
        "the buyer's VAT number was corrected after booking, and of invoice {invoice} only {left} "
        "is left: the rest was refunded",
        "credit what is left of the invoice and make a new one by hand, then pass the order over",
    ),
    "invoice-unit-changed": ProblemKind(
        "{booked} {currency} of it was invoiced by shipment, and it comes to {found}",
        "set books.invoice_unit back to shipment until the orders sent in parts are complete",
    ),
    "refund-too-large": ProblemKind(
        "{refunded} was refunded, of invoice {invoice} only {left} is left",
        "compare the refund in Seller Central and book it by hand",
    ),
    "refund-not-understood": ProblemKind(
        "Amazon's finances show it so that no credit note can be made: {why}",
        "nothing: its settlement makes the credit note; report the part so that the table "
        "refund_parts.csv learns it",
    ),
    "refund-amount-changed": ProblemKind(
        "the refund (event {event}) was credited as {booked} {currency} by {note}, Amazon now "
        "shows {found}",
        "compare the refund in Seller Central, correct the credit note by hand if it is wrong, "
        "then pass the order over; the settlement holds what does not fit",
    ),
    "refund-waits-for-invoice": ProblemKind(
        "{amount} {currency} was refunded (event {event}) before the order could be invoiced",
        "mend what holds up the order; its credit note follows by itself",
    ),
    "refund-ambiguous": ProblemKind(
        "the refund of {amount} {currency} (event {event}) fits several invoices of the order, or "
        "is in another currency",
        "nothing yet: the settlement says which shipment it is of, and holds it when that does not "
        "tell",
    ),
    "refunds-not-read": ProblemKind(
        "Amazon's finances could not be read since {since} UTC: {why}",
        "run `check`; the role Finance and Accounting must be granted to the application. Until "
        "then credit notes are made when Amazon settles",
    ),
}

# --- settlements (domain.settlement …) ------------------------------------------------------------
_SETTLEMENTS: Mapping[str, ProblemKind] = {
    "settlement-encoding": ProblemKind(
        "the file is not text in any of {tried}",
        "fetch the settlement again; if it stays so, save the file from Seller Central and pass it "
        "with --file",
    ),
    "settlement-cut": ProblemKind(
        "the last line ends after {columns} columns, without the end of a line: the file was cut",
        "nothing is booked; it is fetched again, or get the whole file and use --file",
    ),
    "settlement-columns": ProblemKind(
        "the file has no column {missing}",
        "pass a settlement report of type Flat File V2; V1 and XML are not read",
    ),
    "settlement-summary": ProblemKind(
        "the file has {count} summary rows, it must have exactly one",
        "fetch the settlement again; the download may be cut short",
    ),
    "settlement-mixed": ProblemKind(
        "the file also holds rows of settlement {others}",
        "pass one settlement per file, unchanged as Amazon delivers it",
    ),
    "settlement-currency": ProblemKind(
        "the currency is not one clear code: {found}",
        "fetch the settlement again; if it stays so, report the file",
    ),
    "settlement-amount": ProblemKind(
        "amount {text} can't be read together with the other amounts of the file",
        "pass the file unchanged as Amazon delivers it; spreadsheet programs rewrite amounts",
    ),
    "settlement-date": ProblemKind(
        "date {text} can't be read",
        "pass the file unchanged as Amazon delivers it; spreadsheet programs rewrite dates",
    ),
    "settlement-total": ProblemKind(
        "the rows add up to {sum}, Amazon's total is {total}: {difference} too much",
        "nothing was booked; fetch the settlement again, a download may be cut short or edited",
    ),
    "settlement-row-unknown": ProblemKind(
        "{count} row(s) of a kind without a destination, {amount} {currency} in all, stand on "
        "suspense account {account}",
        "add the kind to config/tables/settlement_rows.csv: {line}; correct the suspense account "
        "by hand for this settlement",
    ),
    "settlement-row-for-a-person": ProblemKind(
        "{line}: {count} row(s), {amount} {currency}, stand on suspense account {account}",
        "book them from {account} to where they belong; Amazon does not say what they are for",
    ),
    "settlement-row-without-order": ProblemKind(
        "rows of {amount} {currency} pay or refund an order that Amazon does not name; they stand "
        "on {account}",
        "find the order in Seller Central and book the amount from {account}",
    ),
    "settlement-order-parked": ProblemKind(
        "Amazon paid {amount} {currency}, but the order has no invoice yet; it stands on {account}",
        "nothing if the order is booked soon: the amount moves to its invoice by itself; else see "
        "why the order is held",
    ),
    "settlement-order-before-go-live": ProblemKind(
        "Amazon paid {amount} {currency} for an order from before go-live without an invoice of "
        "ours; it stands on {account}",
        "match the amount on {account} with your own booking of the order",
    ),
    "settlement-refund-unknown-order": ProblemKind(
        "Amazon refunded {amount} {currency} on an order that was not booked by this coupling; it "
        "stands on {account}",
        "make the credit note for the old invoice and book the amount from {account}",
    ),
    "settlement-refund-ambiguous": ProblemKind(
        "the refund of {amount} {currency} (event {event}) fits several documents of the order "
        "equally well; it stands on {account}",
        "say which credit note it is and book the amount from {account}",
    ),
    "settlement-refund-differs": ProblemKind(
        "the refund of {amount} {currency} (event {event}) has another amount than the credit note "
        "that was made of it on invoice {invoice}; it stands on {account}",
        "compare the refund in Seller Central, correct the credit note by hand and book the amount "
        "from {account}",
    ),
    "settlement-refund-too-large": ProblemKind(
        "Amazon refunded {amount} {currency} (event {event}), more than invoice {invoice} still "
        "holds; it stands on {account}",
        "see in Seller Central what was refunded and book the amount from {account}",
    ),
    "settlement-order-ambiguous": ProblemKind(
        "{amount} {currency} of the order fits several invoices equally well; it stands on "
        "{account}",
        "say which invoice it pays and book the amount from {account}",
    ),
    "settlement-order-negative": ProblemKind(
        "the sales rows of the order take {amount} {currency} back; it stands on {account}",
        "see in Seller Central why, and book the amount from {account}",
    ),
    "settlement-overpaid": ProblemKind(
        "Amazon paid {excess} EUR more than invoice {invoice} had open; the excess stands on "
        "{account}",
        "see whether the invoice is too low or the order was paid twice; book the excess from "
        "{account}",
    ),
    "settlement-underpaid": ProblemKind(
        "Amazon paid {paid} EUR on invoice {invoice}; {rest} EUR stays open",
        "nothing if a later settlement pays the rest; else compare the invoice with the order in "
        "Seller Central",
    ),
    "settlement-rate-missing": ProblemKind(
        "there is no exchange rate for {currency} on {day}",
        "nothing was booked; the next run asks the rate again, or enter it by hand",
    ),
    "settlement-deposit-unknown": ProblemKind(
        "Amazon paid {amount} {currency}; the amount in EUR that reached the bank is not known",
        "nothing was booked; enter the EUR amount of the bank line for settlement {settlement}",
    ),
    "settlement-paid-by-hand": ProblemKind(
        "{count} invoices that it pays are already paid in the books by somebody else, {amount} "
        "EUR together: {invoices}",
        "nothing was booked; take those payments back in e-Boekhouden (book the bank line of an "
        "Amazon transfer on the transit account instead), the next run books the settlement",
    ),
    "settlement-payout-by-hand": ProblemKind(
        "its payout of {payout} EUR seems to be booked by hand on clearing account {account}, "
        "which stands at {balance} EUR",
        "nothing was booked; move that bank line from {account} to {transit}, the next run books "
        "the settlement",
    ),
    "settlement-closed-period": ProblemKind(
        "{count} of its bookings ({amount} EUR) belong to a period that is closed through "
        "{closed}; they are dated {day}",
        "nothing if that return is not filed yet and {closed} is wrong: correct "
        "books.closed_through before you approve; else see whether the VAT in them asks for a "
        "supplementary return (suppletie)",
    ),
    "settlement-needs-approval": ProblemKind(
        "the method open_items_to_costs only proposes: {paid} EUR on invoices, {left_over} EUR to "
        "{account}, {vat} EUR of VAT is not deducted",
        "approve or reject the proposal",
    ),
    "settlement-method-only-euros": ProblemKind(
        "the method open_items_to_costs knows only euros, this settlement is in {currency}",
        "nothing was booked; choose settlement.method clearing for marketplaces outside the euro",
    ),
    "settlement-summary-differs": ProblemKind(
        "its file comes to {total} {currency}, Amazon's finances to {summary}: {difference} "
        "between them",
        "nothing is held: the file adds up and is booked; ask Amazon's seller support which of "
        "the two is right",
    ),
    "settlement-invoices-of-others": ProblemKind(
        "{count} orders from before go-live pay open items that another coupling made, {amount} "
        "EUR together, found by amount and date alone: {found}",
        "approve when they are right; else set settlement.invoices_of_others to by_order_id, so "
        "that these orders go to {account}, and approve then",
    ),
    "settlement-deposit-not-placed": ProblemKind(
        "{amount} EUR of the deposit fits no open invoice of this settlement: orders that are not "
        "invoiced, reimbursements, a reserve that was given back",
        "book the rest of the bank line by hand where it belongs; method clearing does it itself",
    ),
    "settlement-row-not-placed": ProblemKind(
        "{count} row(s) of a kind without a destination, {amount} EUR in all, are in no mutation: "
        "what they withheld stays open",
        "add the kind to config/tables/settlement_rows.csv: {line}",
    ),
    "settlement-bank-line-by-hand": ProblemKind(
        "mutation {number} of {day} puts its deposit of {payout} EUR on {account} already, booked "
        "by hand",
        "nothing was booked; take that bank line back in e-Boekhouden, for this method books it "
        "itself on the invoices; the next run books the settlement",
    ),
    "settlement-refund-currency": ProblemKind(
        "the refund of {amount} {currency} (event {event}) is of invoice {invoice}, which is in "
        "another currency; it stands on {account}",
        "make the credit note by hand at the rate of its invoice and book the amount from "
        "{account}",
    ),
    "settlement-clearing-not-zero": ProblemKind(
        "the bookings would leave {difference} EUR on clearing account {account}",
        "nothing was booked; this is a defect of the program, report it with the file",
    ),
}

# --- booking (ledger) -----------------------------------------------------------------------------
_BOOKING: Mapping[str, ProblemKind] = {
    "booking-refused": ProblemKind(
        "e-Boekhouden refused {booking}: {evidence}",
        "mend the cause; a changed order is sent again by itself, otherwise choose `retry` for it",
    ),
    "booking-changed": ProblemKind(
        "{booking} is booked as {number}, and what is asked for it now is different",
        "compare the booking with the order; correct it in e-Boekhouden, or restore the setting "
        "that changed",
    ),
    "booking-conflict": ProblemKind(
        "{booking} stands in the books otherwise than it was sent: {evidence}",
        "look at {number} in e-Boekhouden, then choose `adopt` (leave it as it is) or `ignore`",
    ),
    "booking-foreign": ProblemKind(
        "invoice number {invoice} of {booking} was booked by someone else: {evidence}",
        "choose `adopt` (that booking counts as ours), `rebook` (book ours as well) or `ignore`",
    ),
    "booking-absent": ProblemKind(
        "{booking} was sent and never arrived: {evidence}",
        "check that e-Boekhouden works, then choose `rebook` or `ignore`",
    ),
    "booking-not-visible": ProblemKind(
        "whether {booking} was booked cannot be seen: {evidence}",
        "look in e-Boekhouden for its amount and date; then choose `adopt` when it is there, "
        "`rebook` when it is not",
    ),
    "booking-duplicated": ProblemKind(
        "{booking} stands in the books more than once: {evidence}",
        "delete all but one in e-Boekhouden, then choose `adopt`",
    ),
    "booking-half": ProblemKind(
        "invoice {invoice} exists in e-Boekhouden without its mutation",
        "process the invoice in e-Boekhouden, then choose `adopt`",
    ),
    "booking-deleted-by-person": ProblemKind(
        "{booking} was booked as {number} and is gone from the books",
        "nothing if that was meant (choose `ignore`); otherwise choose `rebook`",
    ),
    "booking-changed-by-person": ProblemKind(
        "{booking} was changed in e-Boekhouden: {evidence}",
        "choose `adopt` if the change is right; otherwise restore mutation {number}",
    ),
    "booking-uncertain": ProblemKind(
        "it is not known since more than a day whether {booking} was booked",
        "check that e-Boekhouden answers; the next run asks again, nothing is sent twice",
    ),
    "dependency-not-booked": ProblemKind(
        "{booking} waits for {dependency}, which is not booked ({state})",
        "settle {dependency} first; {booking} follows by itself",
    ),
    "invoice-number-taken": ProblemKind(
        "invoice number {invoice} of {booking} already belongs to another booking",
        "check how invoice numbers are made for this order; two orders must not share one",
    ),
    "payload-unreadable": ProblemKind(
        "what is to be sent for {booking} cannot be decrypted",
        "restore the install key that the ledger was written with",
    ),
    "call-budget-spent": ProblemKind(
        "{used} of {allowed} GetMutaties calls of this month are used",
        "nothing more is booked until the first of next month, or until the allowance is raised",
    ),
    "account-closed": ProblemKind(
        "e-Boekhouden refuses all bookings: {why}",
        "open the administration (subscription, payment, accountant's lock); nothing is lost",
    ),
    "books-not-visible": ProblemKind(
        "e-Boekhouden no longer shows mutations {first} to {last}",
        "nothing can be said about these bookings from here; look them up in e-Boekhouden",
    ),
    "ledger-lost": ProblemKind(
        "the books hold {count} bookings with our mark, up to mutation {number}, and this ledger "
        "has never booked there",
        "put the ledger's backup back, or run `amazon-eboekhouden rebuild`; nothing is booked "
        "before",
    ),
    "token-not-known": ProblemKind(
        "mutation {number} bears our mark {token}, and the ledger does not know it",
        "restore the ledger from its backup, or run the rebuild",
    ),
    "booked-by-hand": ProblemKind(
        "invoice number {invoice} also stands in mutation {number}, which is not ours",
        "delete one of the two in e-Boekhouden",
    ),
    "history-broken": ProblemKind(
        "the ledger's history was changed outside the product, at event {seq}",
        "restore the ledger's database from its backup",
    ),
    "coupling-stopped": ProblemKind(
        "the coupling is stopped: {why}",
        "mend the cause, then activate the coupling again",
    ),
}

# --- Amazon's fee invoices (pipelines.fee_invoices) -----------------------------------------------
_FEE_INVOICES: Mapping[str, ProblemKind] = {
    "fee-invoice-differs": ProblemKind(
        "Amazon bills {invoiced} EUR of fees for {month}, booked are {booked} EUR: {difference} "
        "EUR apart, {vat} EUR of it VAT",
        "enter the other invoices of that month and wait for its settlements; what is really "
        "different: correct the input VAT by hand, or book an invoice of fees that waited with "
        "`--accept-difference`",
    ),
    "fee-invoice-rate-unclear": ProblemKind(
        "{vat} EUR of VAT on {net} EUR fits no Dutch rate",
        "read on the invoice who bills it and repeat with `--vat-code`: BI_EU_INK for Luxembourg "
        "under reverse charge, GEEN for foreign VAT or none",
    ),
}

# --- the nightly audit (domain.settlement.chain, domain.standing, audit) and explain --------------
_AUDIT: Mapping[str, ProblemKind] = {
    "settlement-gap": ProblemKind(
        "it starts on {starts}, the settlement of {where} before it ended on {ended}: one is "
        "missing",
        "run `settlements`; when Amazon no longer lists the missing one, save it from Seller "
        "Central and pass it with --file",
    ),
    "settlement-leaving": ProblemKind(
        "Amazon stops listing this file on {day}, and it is not archived",
        "run `settlements` before that day; it archives what Amazon still lists",
    ),
    "settlement-file-missing": ProblemKind(
        "its file ({file}…) is not in the archive any more",
        "restore the archive from its backup, or save the file from Seller Central and pass it "
        "with --file",
    ),
    "settlement-reserve-broken": ProblemKind(
        "it gives back {returned} {currency} of reserve, settlement {before} kept {kept}",
        "see whether a settlement is missing; else ask Amazon's seller support for the difference",
    ),
    "settlement-carried-broken": ProblemKind(
        "it sets off {carried} {currency} of a negative total, settlement {before} ended at "
        "{total}",
        "see whether a settlement is missing or Amazon charged the card; else ask Amazon's seller "
        "support",
    ),
    "reserve-differs": ProblemKind(
        "ledger account {account} stands at {balance} EUR, Amazon holds {held} EUR",
        "look for bookings on {account} that are not ours, or for a missing opening balance",
    ),
    "clearing-not-empty": ProblemKind(
        "clearing account {account} stands at {balance} EUR, it must be 0.00",
        "look for bookings on {account} made by hand and take them back",
    ),
    "transit-not-empty": ProblemKind(
        "transit account {account} stands at {balance} EUR; payouts of the last five banking days "
        "explain {recent} EUR at most",
        "book the bank lines of Amazon's transfers on {account}; if one never came, ask Amazon",
    ),
    "bank-line-elsewhere": ProblemKind(
        "on {day} it brings {payout} EUR to the bank, as much as a payout of Amazon that is "
        "awaited, and stands on {account}",
        "if it is Amazon's transfer, book it on transit account {transit} instead; else do nothing",
    ),
    "open-item-old": ProblemKind(
        "{own} EUR of invoice {invoice} is open {days} days after shipping on {shipped}",
        "see in Seller Central whether the money is deferred, lost or claimed (A-to-z); a missing "
        "settlement is listed by itself",
    ),
    "open-item-differs": ProblemKind(
        "{books} EUR of invoice {invoice} is open in e-Boekhouden, by our own bookings {own} EUR",
        "look for a payment or an invoice with this number made by hand, and take it back",
    ),
    "call-budget-low": ProblemKind(
        "{used} of {allowed} GetMutaties calls of this month are used; from {stop} on nothing more "
        "is booked",
        "see what else reads this administration, or ask e-Boekhouden for a higher allowance",
    ),
    "order-not-known": ProblemKind(
        "the ledger knows nothing of this order",
        "check the number; an order that is cancelled, pending or from before activation leaves no "
        "trace: `orders --preview` over its day tells why",
    ),
}

# --- reports for VAT returns (pipelines.reports) -------------------------------------------------
_REPORTS: Mapping[str, ProblemKind] = {
    "report-incomplete": ProblemKind(
        "{count} invoices or credit notes of this quarter are not confirmed yet",
        "run `orders` and `settlements`, then make the report again before you declare",
    ),
    "report-rate-missing": ProblemKind(
        "the ECB's rate of {currency} at the end of {quarter} is not known",
        "make the report again after the quarter has ended and the ECB has published",
    ),
    "report-number-missing": ProblemKind(
        "relation {relation} bought at 0 % and has no VAT number in e-Boekhouden",
        "fill in its btw-nummer there; it must stand in the ICP return",
    ),
}

CATALOGUE: Mapping[str, ProblemKind] = {
    **_SETTINGS,
    **_RUNS,
    **_ORDERS,
    **_SETTLEMENTS,
    **_BOOKING,
    **_FEE_INVOICES,
    **_AUDIT,
    **_REPORTS,
}
