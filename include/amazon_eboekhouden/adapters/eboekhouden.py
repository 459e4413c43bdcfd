"""e-Boekhouden.nl over SOAP: the seam `domain.books.Books`, filled with zeep.

What may be asked and written, and what the answers become. Reads are tried again; a write is sent
once and its answer classified, see `eboekhouden_answers.classified`. One session per instance, see
`eboekhouden_session`; it ends with `close` or the `with` block.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from types import TracebackType
from typing import Any
from zoneinfo import ZoneInfo

from amazon_eboekhouden.adapters import eboekhouden_answers as answers
from amazon_eboekhouden.adapters import eboekhouden_wire as wire
from amazon_eboekhouden.adapters.clock import SystemClock
from amazon_eboekhouden.adapters.eboekhouden_answers import SERVICE
from amazon_eboekhouden.adapters.eboekhouden_session import EBoekhoudenCredentials, Session
from amazon_eboekhouden.adapters.retrying import Patience
from amazon_eboekhouden.domain.bookings import Mutation, Payload, Relation
from amazon_eboekhouden.domain.books import (
    BookedMutation,
    BookedRelation,
    Clock,
    LedgerAccount,
    OpenItem,
)
from amazon_eboekhouden.domain.errors import (
    BadAnswer,
    CredentialsRefused,
    Refused,
    RemoteError,
)
from amazon_eboekhouden.domain.outcomes import Outcome, OutcomeKind

__all__ = ["EBoekhouden", "EBoekhoudenCredentials"]

LOCAL_TIME = ZoneInfo("Europe/Amsterdam")


class EBoekhouden:
    """The books of one administration.

    Args:
        credentials: who we are.
        call_deadline_s: total seconds that a read may take.
        description_limit: longest description; the token in front always fits.
        patience: how often a read is tried.
        clock: for the date that a new relation must carry.
        on_secret: told each session id as soon as it is known, so that a log can mask it.

    Attributes:
        calls: number of calls per operation, "WSDL" for the description.
        mutations_cap: most mutations that one answer holds.
    """

    mutations_cap: int = 500

    def __init__(
        self,
        credentials: EBoekhoudenCredentials,
        *,
        call_deadline_s: float = 30.0,
        description_limit: int = 200,
        patience: Patience | None = None,
        clock: Clock | None = None,
        on_secret: Callable[[str], None] | None = None,
    ) -> None:
        self.calls: Counter[str] = Counter()
        self._credentials = credentials
        self._description_limit = description_limit
        self._clock = clock or SystemClock()
        self._session = Session(
            credentials,
            self.calls,
            deadline_s=call_deadline_s,
            patience=patience or Patience(attempts=3),
            clock=self._clock,
            on_secret=on_secret or (lambda _secret: None),
        )

    def __repr__(self) -> str:
        return f"EBoekhouden({self._credentials!r})"

    def __enter__(self) -> EBoekhouden:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the session; never raises."""
        self._session.close()

    # --- the one write ----------------------------------------------------------------------------

    def add(self, payload: Payload, token: str, *, deadline_s: float) -> Outcome:
        """Send one relation or mutation and say what the answer proves (see `Remote.add`)."""
        try:
            operation, arguments = self._request_of(payload, token)
        except wire.NotSendable as error:
            return Outcome(OutcomeKind.REJECTED, code=error.code, detail=str(error))
        try:
            self._session.open(deadline_s)
        except CredentialsRefused as error:
            return Outcome(OutcomeKind.NOT_SENT, code="credentials-refused", detail=error.cause)
        except RemoteError as error:
            return Outcome(OutcomeKind.NOT_SENT, code=error.code, detail=error.cause)
        return self._sent(operation, arguments, payload, deadline_s)

    def _request_of(self, payload: Payload, token: str) -> tuple[str, dict[str, Any]]:
        if isinstance(payload, Mutation) and payload.document is not None:
            fields = wire.invoice_fields(payload, token, self._description_limit)
            return "AddFactuur", {"oFact": fields}
        if isinstance(payload, Mutation):
            fields = wire.mutation_fields(payload, token, self._description_limit)
            return "AddMutatie", {"oMut": fields}
        today = self._clock.now_utc().astimezone(LOCAL_TIME).date()
        return "AddRelatie", {"oRel": wire.relation_fields(payload, today)}

    def _sent(
        self, operation: str, arguments: dict[str, Any], payload: Payload, deadline_s: float
    ) -> Outcome:
        try:
            result = self._session.call(operation, arguments, deadline_s=deadline_s)
            outcome = _classified(operation, result, payload)
        except answers.NOT_CONNECTED as error:
            return Outcome(OutcomeKind.NOT_SENT, detail=answers.name_of(error))
        except Exception as error:  # noqa: BLE001 - whatever it was, the books may have been changed
            sent = self._session.handed_over
            kind = OutcomeKind.UNKNOWN if sent else OutcomeKind.NOT_SENT
            return Outcome(kind, detail=answers.name_of(error))
        if outcome.kind is OutcomeKind.SESSION_EXPIRED:
            self._session.forget()
        return replace(outcome, detail=self._without_secrets(outcome.detail, payload))

    def _without_secrets(self, text: str, payload: Payload) -> str:
        """The service's own words on one line, without secrets and the customer's data."""
        private = self._session.secrets
        if isinstance(payload, Relation):
            private += [payload.company, payload.contact, payload.address, payload.postal_code]
            private += [payload.city, payload.email, payload.vat_number]
        else:
            private.append(payload.description)
        line = wire.clean(text)
        for secret in sorted(filter(None, map(wire.clean, private)), key=len, reverse=True):
            line = line.replace(secret, "…")
        return wire.cut(line, 200)

    # --- questions --------------------------------------------------------------------------------

    def mutations(
        self, *, number_from: int = 0, number_to: int = 0, invoice_number: str = ""
    ) -> list[BookedMutation]:
        """Mutations in a window of numbers, or with an invoice number (see `Remote.mutations`)."""
        window = {"MutatieNrVan": number_from or None, "MutatieNrTm": number_to or None}
        result = self._session.read(
            "GetMutaties",
            cFilter={
                "MutatieNr": 0,
                **{name: number for name, number in window.items() if number is not None},
                **({"Factuurnummer": invoice_number} if invoice_number else {}),
                "DatumVan": wire.FIRST_DATE.isoformat(),
                "DatumTm": wire.LAST_DATE.isoformat(),
            },
        )
        rows = self._parsed("GetMutaties", result.Mutaties, "cMutatieList", wire.booked_mutation)
        inside = [
            row
            for row in rows
            if number_from <= row.number
            and (not number_to or row.number <= number_to)
            and (not invoice_number or wire.concerns(row, invoice_number))
        ]
        # "Absent" may lead to a second booking: an answer to another question must not say it.
        if len(inside) != len(rows):
            raise BadAnswer(SERVICE, "GetMutaties", "the answer holds rows that were not asked for")
        return sorted(inside, key=lambda row: row.number)

    def has_invoice(self, number: str) -> bool:
        """Whether the invoicing module holds an invoice with this number, booked or not."""
        result = self._session.read(
            "GetFacturen",
            cFilter={
                "Factuurnummer": number,
                "DatumVan": wire.FIRST_DATE.isoformat(),
                "DatumTm": wire.LAST_DATE.isoformat(),
            },
        )
        found: list[str] = self._parsed(
            "GetFacturen", result.Facturen, "cFactuurList", lambda row: str(row.Factuurnummer or "")
        )
        return any(one.strip().casefold() == number.casefold() for one in found)

    def relation(self, code: str) -> BookedRelation | None:
        """The relation with this code, if there is one."""
        result = self._session.read("GetRelaties", cFilter={"Code": code, "ID": 0})
        rows = self._parsed("GetRelaties", result.Relaties, "cRelatie", wire.booked_relation)
        return next((row for row in rows if row.code.casefold() == code.casefold()), None)

    def fill_relation(self, relation: Relation) -> tuple[str, ...]:
        """Fill what is empty in a relation of the books; what stands there is sent back unchanged.

        Args:
            relation: as it is known now.

        Returns:
            names of the fields that were filled; () when there was nothing to fill.

        Raises:
            RemoteError: the service refused, or was not there.
        """
        result = self._session.read("GetRelaties", cFilter={"Code": relation.code, "ID": 0})
        for row in wire.listed(result.Relaties, "cRelatie"):
            if str(row.Code or "").casefold() == relation.code.casefold():
                try:
                    fields, filled = wire.filled_relation(dict(row.__values__), relation)
                except wire.NotSendable as error:
                    raise Refused(SERVICE, "UpdateRelatie", str(error)) from error
                if filled:
                    self._session.once_or_reopened("UpdateRelatie", {"oRel": fields})
                return filled
        return ()

    def administration_guid(self) -> str:
        """GUID of the administration that this session works in.

        Raises:
            CredentialsRefused: the login sees several administrations (or not the one that the
                connection names), so which one is meant is not certain.
        """
        result = self._session.read("GetAdministraties")
        found: list[str] = self._parsed(
            "GetAdministraties",
            result.Administraties,
            "cAdministratie",
            lambda row: str(row.Guid or ""),
        )
        wanted = self._credentials.administration_guid
        mine = [g for g in found if not wanted or _bare(g) == _bare(wanted)]
        if len(mine) != 1 or not mine[0]:
            raise CredentialsRefused(
                SERVICE,
                "GetAdministraties",
                f"the login sees {len(found)} administrations, {len(mine)} of them fit",
                field="administration_guid",
            )
        return mine[0]

    def ledger_accounts(self) -> list[LedgerAccount]:
        """The chart of accounts."""
        result = self._session.read("GetGrootboekrekeningen", cFilter={"ID": 0})
        return self._parsed(
            "GetGrootboekrekeningen",
            result.Rekeningen,
            "cGrootboekrekening",
            lambda row: LedgerAccount(
                str(row.Code or ""), str(row.Omschrijving or ""), str(row.Categorie or "")
            ),
        )

    def open_items(self) -> list[OpenItem]:
        """All open items of the debtors."""
        result = self._session.read("GetOpenPosten", OpSoort="Debiteuren")
        return self._parsed("GetOpenPosten", result.Openposten, "cOpenPost", wire.open_item)

    def balances(self, *, until: date | None = None) -> dict[str, int]:
        """Balance per ledger account code in cents, debit positive."""
        result = self._session.read(
            "GetSaldi",
            cFilter={
                "KostenPlaatsId": 0,
                "DatumVan": wire.FIRST_DATE.isoformat(),
                "DatumTot": (until or wire.LAST_DATE).isoformat(),
            },
        )
        rows = self._parsed(
            "GetSaldi",
            result.Saldi,
            "cSaldo",
            lambda row: (str(row.Code or ""), wire.cents(row.Saldo)),
        )
        return dict(rows)

    def add_ledger_account(self, account: LedgerAccount) -> None:
        """Create a BAL or VW account; its code is unique, so a doubt is settled by reading back.

        Raises:
            Refused: the code exists, or the account can't be made by a program.
            Unreachable: whether it was made is not known; read the chart again.
        """
        if account.category not in ("BAL", "VW"):
            raise Refused(
                SERVICE, "AddGrootboekrekening", "only BAL and VW accounts can be made by a program"
            )
        fields = {
            "ID": 0,
            "Code": account.code,
            "Omschrijving": wire.cut(wire.clean(account.description), 50),
            "Categorie": account.category,
        }
        self._session.once("AddGrootboekrekening", {"oGb": fields})

    def _parsed(
        self, operation: str, wrapper: Any, name: str, parse: Callable[[Any], Any]
    ) -> list[Any]:
        try:
            return [parse(row) for row in wire.listed(wrapper, name)]
        except (ValueError, TypeError, ArithmeticError) as error:
            raise BadAnswer(SERVICE, operation, "a row of the answer can't be read") from error


def _classified(operation: str, result: Any, payload: Payload) -> Outcome:
    if operation == "AddFactuur" and isinstance(payload, Mutation):
        return answers.classified_invoice(result, payload.invoice_number)
    return answers.classified(result, "Mutatienummer" if operation == "AddMutatie" else "Rel_ID")


def _bare(guid: str) -> str:
    return guid.strip("{} ").lower()
