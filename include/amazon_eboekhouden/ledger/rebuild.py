"""Filling a lost ledger again from the tokens in the books. Source: reliability rules 3.9.

A token is a one-way code, so a booking that is handed in as expected gets its key back at once.
Any other is kept under its token, and gets its key back when the booking is handed in later: it
is recognised then, and not sent.

A ledger that came back from a backup is filled up in the same way. What it holds as planned and
the books show already was sent after the backup was made: the next run asks what became of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, select, update

from amazon_eboekhouden.domain.bookings import BookingKind, MutationKind
from amazon_eboekhouden.domain.books import BookedMutation, Remote
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.ledger.judgement import differences, token_in
from amazon_eboekhouden.ledger.keys import KeyRing
from amazon_eboekhouden.ledger.sql_events import Chain
from amazon_eboekhouden.ledger.sql_plan import RECOVERED_RELATION
from amazon_eboekhouden.ledger.sql_rows import intent_of, new_row
from amazon_eboekhouden.ledger.sql_store import SqlStore
from amazon_eboekhouden.ledger.states import Draft, Intent, State
from amazon_eboekhouden.ledger.windows import Reader

_INTENT = schema.intent
_ALL = 10**6  # calls: a rebuild reads everything
_KINDS = {
    MutationKind.SALES_INVOICE: BookingKind.INVOICE,
    MutationKind.PURCHASE_INVOICE: BookingKind.FEE_INVOICE,
    MutationKind.PAYMENT_RECEIVED: BookingKind.PAYMENT,
    MutationKind.PAYMENT_SENT: BookingKind.PAYMENT,
}


@dataclass
class RebuildReport:
    """What was found in the books.

    Attributes:
        recovered: natural keys of expected bookings that stand in the books.
        by_token: tokens whose booking is not known yet.
        known: bookings that the ledger had already.
        sent_since: of those, what was planned in it and stands in the books.
        calls: metered calls used.
        problems: what a person must look at, such as numbers that are not shown.
    """

    recovered: list[str] = field(default_factory=list)
    by_token: list[str] = field(default_factory=list)
    known: int = 0
    sent_since: list[str] = field(default_factory=list)
    calls: int = 0
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Known:
    by_token: dict[str, Intent]
    relations: set[str]


@dataclass
class Rebuild:
    """One rebuild of one administration.

    Raises:
        domain.errors.RemoteError: from `run`, when the books cannot be asked; nothing is stored.
    """

    store: SqlStore
    remote: Remote
    keys: KeyRing
    admin: str
    coupling: str

    def run(self, expected: Sequence[Draft]) -> RebuildReport:
        """Read all mutations and store what bears a token of ours."""
        report = RebuildReport()
        reader = Reader(self.store, self.remote, self.store.settings, self.admin, _ALL)
        found: dict[str, list[BookedMutation]] = {}
        for window in reader.windows(1):
            if not window.visible:
                report.problems.append(
                    problem(
                        "books-not-visible",
                        f"administration {self.admin}",
                        first=window.first,
                        last=window.last,
                    )
                )
            for row in window.rows:
                if token := token_in(row):
                    found.setdefault(token, []).append(row)
        report.calls = reader.calls
        highest = max((row.number for row in reader.newest), default=0)
        self._store(found, expected, report, highest)
        return report

    def _store(
        self,
        found: dict[str, list[BookedMutation]],
        expected: Sequence[Draft],
        report: RebuildReport,
        highest: int,
    ) -> None:
        by_token = {draft.token: draft for draft in expected}
        relations = {d.relation_code: d for d in expected if d.kind is BookingKind.RELATION}
        codes = {row.relation_code for rows in found.values() for row in rows} - {""}
        codes |= {code for code in relations.keys() - codes if self.remote.relation(code)}
        with self.store.engine.begin() as connection:
            chain = Chain(connection, self.admin)
            chain.highest_number = max(chain.highest_number, highest)
            now_ms = self.store.now_ms(connection)
            known = self._known(connection)
            report.known = len(known.by_token)
            rows = [
                self._relation_row(code, relations.get(code), now_ms)
                for code in sorted(codes - known.relations)
            ]
            for token, booked in found.items():
                intent = known.by_token.get(token)
                if intent is None:
                    rows.append(self._row(by_token.get(token), token, booked, now_ms))
                elif intent.state is State.PLANNED:
                    self._was_sent(connection, chain, intent, now_ms)
                    report.sent_since.append(intent.natural)
            if rows:
                connection.execute(insert(_INTENT), rows)
            for row in rows:
                steps = (
                    "",
                    row["state"],
                    f"found in the books as {row['remote_id'] or 'relation'}",
                )
                chain.add(row["op_key"], "rebuild", *steps, now_ms)
                is_known = not row["natural"].startswith("recovered:")
                names = report.recovered if is_known else report.by_token
                names.append(row["natural"])
            chain.close()

    def _known(self, connection: Connection) -> _Known:
        """What the ledger holds of this administration."""
        query = select(_INTENT).where(_INTENT.c.admin == self.admin)
        rows = list(connection.execute(query))
        relations = {row.relation_code for row in rows if row.kind == BookingKind.RELATION.value}
        return _Known({row.token: intent_of(row) for row in rows}, relations)

    def _was_sent(self, connection: Connection, chain: Chain, intent: Intent, now_ms: int) -> None:
        """Planned here, and in the books all the same: uncertain, so that the next run asks."""
        values = {
            "state": State.UNKNOWN.value,
            "attempt": _INTENT.c.attempt + 1,
            "sent_at_utc": now_ms,
            "not_before_utc": now_ms,
            "number_before": 0,
            "evidence": "planned here, found in the books",
            "updated_utc": now_ms,
        }
        here = update(_INTENT).where(_INTENT.c.op_key == intent.op_key)
        connection.execute(here.values(values))
        steps = (State.PLANNED.value, State.UNKNOWN.value, "found in the books, sent before")
        chain.add(intent.op_key, "rebuild", *steps, now_ms)

    def _row(
        self, draft: Draft | None, token: str, booked: list[BookedMutation], now_ms: int
    ) -> dict[str, Any]:
        first = booked[0]
        state, reason, evidence = State.CONFIRMED, "", "found in the books"
        if len(booked) > 1:
            numbers = ", ".join(str(row.number) for row in booked)
            state, reason, evidence = State.DRIFTED, "drift-duplicated", f"mutations {numbers}"
        elif draft is not None and (different := differences(draft.content, first)):
            evidence = f"mutation {first.number} differs in {', '.join(different)}"
            state, reason = State.DRIFTED, "changed"
        values = {"state": state.value, "reason": reason, "evidence": evidence}
        values["remote_id"] = str(first.number)
        return (
            new_row(self.admin, self.coupling, draft or self._by_token(token, first), now_ms)
            | values
        )

    def _by_token(self, token: str, row: BookedMutation) -> Draft:
        """A booking of which only the row in the books is known."""
        kind = _KINDS.get(row.kind, BookingKind.MONEY) if row.kind else BookingKind.MONEY
        if kind is BookingKind.INVOICE and row.gross_cents < 0:
            kind = BookingKind.CREDIT_NOTE
        numbers = {row.invoice_number, *(line.invoice_number for line in row.lines)} - {""}
        number = min(numbers, default="")
        return Draft(
            op_key=f"{self.admin}:{kind.value}:recovered:{token}",
            kind=kind,
            natural=f"recovered:{token}",
            token=token,
            payload_hash="",
            content=_content(row, number),
            sealed="",
            depends_on=(),
            row=f"mutation {row.number}",
            order_id="",
            settlement_id="",
            invoice_number=number,
            relation_code=row.relation_code,
            date=row.date,
            gross_cents=row.gross_cents,
            facts="{}",
        )

    def _relation_row(self, code: str, draft: Draft | None, now_ms: int) -> dict[str, Any]:
        natural = RECOVERED_RELATION + code
        key = f"{self.admin}:{BookingKind.RELATION.value}:{natural}"
        unknown = Draft(
            op_key=key,
            kind=BookingKind.RELATION,
            natural=natural,
            token=self.keys.token(key),
            payload_hash="",
            content=json.dumps({"code": code}, separators=(",", ":")),
            sealed="",
            depends_on=(),
            row=f"relation {code}",
            order_id="",
            settlement_id="",
            invoice_number="",
            relation_code=code,
            date=None,
            gross_cents=0,
            facts="{}",
        )
        row = new_row(self.admin, self.coupling, draft or unknown, now_ms)
        return row | {"state": State.CONFIRMED.value, "evidence": "found in the books"}


def _content(row: BookedMutation, invoice_number: str) -> str:
    lines = [
        {
            "account": line.account,
            "vat_code": line.vat_code,
            "vat_percent": "0",
            "net_cents": line.net_cents,
            "vat_cents": line.vat_cents,
            "gross_cents": line.gross_cents,
        }
        for line in row.lines
    ]
    data = {
        "kind": row.kind.value if row.kind else MutationKind.GENERAL_JOURNAL.value,
        "date": row.date.isoformat(),
        "account": row.account,
        "lines": lines,
        "in_ex_vat": row.in_ex_vat,
        "relation_code": row.relation_code,
        "invoice_number": invoice_number,
    }
    return json.dumps(data, sort_keys=True, separators=(",", ":"))
