"""The booking ledger as the pipelines see it."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd
from sqlalchemy import Engine

from amazon_eboekhouden.domain.bookings import Booking
from amazon_eboekhouden.domain.books import BookedMutation, Clock, Remote
from amazon_eboekhouden.domain.problems import Problem
from amazon_eboekhouden.ledger import couplings, database, records
from amazon_eboekhouden.ledger.aliases import Aliases
from amazon_eboekhouden.ledger.audit import Audit, AuditReport
from amazon_eboekhouden.ledger.couplings import Couplings, CouplingState, OpenProblem
from amazon_eboekhouden.ledger.decisions import Choice, Decisions
from amazon_eboekhouden.ledger.keys import KeyRing
from amazon_eboekhouden.ledger.protocol import Steps, Worker
from amazon_eboekhouden.ledger.rates import RateBuckets, RateBudget
from amazon_eboekhouden.ledger.rebuild import Rebuild, RebuildReport
from amazon_eboekhouden.ledger.report import BookingReport, number_taken, problems_of
from amazon_eboekhouden.ledger.reversal import reversal_of
from amazon_eboekhouden.ledger.seen import Seen
from amazon_eboekhouden.ledger.settings import LedgerSettings
from amazon_eboekhouden.ledger.settlements import Settlements
from amazon_eboekhouden.ledger.sql_store import SqlStore
from amazon_eboekhouden.ledger.states import Draft, State, Verdict
from amazon_eboekhouden.ledger.windows import Reader


def open_ledger(
    url: str,
    *,
    install_key: bytes,
    settings: LedgerSettings | None = None,
    clock: Clock | None = None,
) -> BookingLedger:
    """Open the ledger and bring its schema up to date; safe when several processes start at once.

    Args:
        url: SQLAlchemy URL of SQLite or PostgreSQL.
        install_key: 32 random bytes, made once per installation.
        settings: lease, call deadline, settle time; defaults as in LedgerSettings.
        clock: None for the database's own clock.
    """
    engine = database.connect(url)
    database.upgrade(engine)
    return BookingLedger(engine, KeyRing.of(install_key), settings or LedgerSettings(), clock)


@dataclass
class BookingLedger:
    """Knows everything that was ever asked to be booked, and is the only one that books."""

    engine: Engine
    keys: KeyRing
    settings: LedgerSettings
    clock: Clock | None = None

    def __post_init__(self) -> None:
        self.store = SqlStore(self.engine, self.settings, self.clock)
        now_ms = self.store.now_ms
        self.couplings = Couplings(self.engine, now_ms)
        self.settlements = Settlements(self.engine, now_ms)
        self.decisions = Decisions(self.engine, now_ms)
        self.seen = Seen(self.engine, now_ms)
        self.buckets = RateBuckets(self.engine, now_ms)
        self.aliases = Aliases(self.engine)

    def close(self) -> None:
        """Give the database's connections back."""
        self.store.drop_all_guards()
        self.engine.dispose()

    # --- booking -------------------------------------------------------------------------------
    def book(
        self, administration: str, coupling: str, bookings: Sequence[Booking], remote: Remote
    ) -> BookingReport:
        """Book what is new; settle first what is uncertain.

        Handing in the same bookings again writes nothing. What was stored before and not sent
        (a crash, a dependency) is sent along.

        Args:
            administration: GUID of the administration that `remote` works in.
            coupling: on whose behalf.
            bookings: what must stand in the books, accounts already resolved to codes.
            remote: the books.
        """
        worker = self._worker(administration, coupling, remote)
        return self._run(worker, worker.book(self._drafts(administration, bookings)))

    def heal(self, administration: str, coupling: str, remote: Remote) -> BookingReport:
        """Settle what is uncertain and send what waits, without new bookings."""
        worker = self._worker(administration, coupling, remote)
        return self._run(worker, worker.heal())

    def preview(self, administration: str, bookings: Sequence[Booking]) -> BookingReport:
        """What `book` would do; nothing is written. `booked` is what would be sent."""
        report = BookingReport()
        drafts = self._drafts(administration, bookings)
        held = []
        verdicts = self.store.verdicts(administration, "", drafts)
        for draft in drafts:
            kind, intent = verdicts[draft.op_key]
            if kind in {Verdict.NEW, Verdict.REPLACED, Verdict.WAITING}:
                report.booked.append(draft.natural)
                report.counts[draft.kind] += 1
            elif kind in {Verdict.BOOKED, Verdict.RECOVERED, Verdict.CHANGED}:
                report.already_booked.append(draft.natural)
            elif kind in {Verdict.UNCERTAIN, Verdict.OVERTAKEN}:
                report.unknown.append(draft.natural)
            elif kind is Verdict.REFUSED:
                report.rejected.append(draft.natural)
            elif kind is Verdict.NUMBER_TAKEN:
                report.problems.append(number_taken(draft))
            if intent is not None:
                held.append(intent)
        report.problems += problems_of(i for i in held if i.state is not State.UNKNOWN)
        return report

    def _worker(self, administration: str, coupling: str, remote: Remote) -> Worker:
        return Worker(
            store=self.store,
            remote=remote,
            settings=self.settings,
            monotonic=time.monotonic if self.clock is None else self.clock.monotonic,
            open_payload=self.keys.open,
            admin=administration,
            coupling=coupling,
            holder=f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}",
        )

    def _run(self, worker: Worker, steps: Steps) -> BookingReport:
        try:
            for _ in steps:
                pass
        except BaseException:
            # Whatever was under way is in SENDING: the next holder asks the books about it.
            if worker.lease is not None:
                self.store.release(worker.lease)
            raise
        finally:
            self.store.drop_guard(worker.admin, worker.holder)
        self.refresh_problems(worker.admin, worker.coupling)
        return worker.report

    def _drafts(self, administration: str, bookings: Sequence[Booking]) -> list[Draft]:
        return [self.keys.draft(administration, booking) for booking in bookings]

    # --- knowledge -----------------------------------------------------------------------------
    def booked(self, administration: str) -> pd.DataFrame:
        """Everything the ledger was ever asked to book there, as a BOOKED frame."""
        return records.booked_frame(self.engine, administration)

    def explain(self, order_id: str) -> list[records.Story]:
        """All intents of an order with their events, oldest first; outlives the payloads."""
        return records.stories(self.engine, order_id)

    def uncertain(self, administration: str) -> list[records.Uncertain]:
        """Bookings whose outcome is not known: age, amount, evidence, next automatic step."""
        return records.uncertain(self.engine, administration, self.store.now())

    def verify_history(self, administration: str) -> Problem | None:
        """Whether the chain of events holds; a problem naming the first break otherwise."""
        return records.history_problem(self.engine, administration)

    def invoice_numbers(
        self, administration: str, series: str, naturals: Iterable[str], first: int = 1
    ) -> dict[str, int]:
        """Numbers of a legal sequence: the same booking always gets the same one back."""
        return records.issue_numbers(self.engine, administration, series, naturals, first)

    def calls_used(self, administration: str) -> tuple[int, int]:
        """GetMutaties calls of this month: used, allowed."""
        used = self.store.calls_used(administration, "GetMutaties")
        return used, self.settings.calls_a_month

    def purge_payloads(
        self, confirmed_before_utc: datetime, any_before_utc: datetime | None = None
    ) -> int:
        """Delete the personal data of what was settled before a moment; how many intents.

        Args:
            confirmed_before_utc: settled before this.
            any_before_utc: whatever its state, untouched since this; never when left out.
        """
        latest = any_before_utc or datetime.fromtimestamp(0, UTC)
        return records.purge_payloads(self.engine, confirmed_before_utc, latest)

    # --- people --------------------------------------------------------------------------------
    def decide(self, administration: str, natural: str, choice: str, *, who: str, why: str) -> None:
        """Apply a person's choice to a booking: retry, adopt, rebook or ignore.

        Raises:
            decisions.NotPossibleError: no such booking, or the choice does not fit its state.
        """
        self.decisions.decide(administration, natural, Choice(choice), who=who, why=why)

    def draft_reversal(self, administration: str, natural: str) -> Booking:
        """The counter-booking of a booking, to be looked at by a person and then booked.

        Raises:
            decisions.NotPossibleError: there is no such booking.
        """
        return reversal_of(self.engine, administration, natural)

    # --- couplings -----------------------------------------------------------------------------
    def bind(self, coupling: str, administration: str, seller: str) -> Problem | None:
        """Bind a coupling at its first time; later another answer is a problem, and it stops."""
        return self.couplings.bind(coupling, administration, seller)

    def coupling_state(self, coupling: str) -> CouplingState | None:
        """The coupling as the ledger knows it, None before it was bound."""
        found = self.couplings.state(coupling)
        # One that a person stopped before its first run is bound to nothing yet.
        return found if found is not None and found.administration else None

    def watermark(self, coupling: str) -> datetime | None:
        """End of the last window that was loaded."""
        return self.couplings.watermark(coupling)

    def set_watermark(self, coupling: str, until_utc: datetime) -> None:
        """Move the watermark forward."""
        self.couplings.set_watermark(coupling, until_utc)

    def record_problems(
        self,
        coupling: str,
        scope: str,
        problems: Sequence[Problem],
        *,
        orders: Collection[str] | None = None,
    ) -> None:
        """Open new problems of a scope, close those that did not come back."""
        self.couplings.record_problems(coupling, scope, problems, orders=orders)

    def record_order_problems(
        self, coupling: str, problems: Sequence[Problem], *, considered: Collection[str]
    ) -> None:
        """Problems of orders; those of orders that were looked at and are well now are closed."""
        self.record_problems(coupling, couplings.ORDERS, problems, orders=set(considered))

    def refresh_problems(self, administration: str, coupling: str) -> None:
        """Bring the list of problems in line with the states of the coupling's bookings."""
        found = problems_of(self.store.troubled(administration, coupling))
        self.couplings.record_problems(coupling, couplings.LEDGER, found)

    def open_problems(self, coupling: str) -> list[OpenProblem]:
        """Open problems, oldest first."""
        return self.couplings.open_problems(coupling)

    def held_orders(self, coupling: str) -> list[str]:
        """Orders with an open problem, longest waiting first."""
        return self.couplings.held_orders(coupling)

    # --- Amazon's buckets ----------------------------------------------------------------------
    def take_tokens(
        self, seller: str, operation: str, rate: float, burst: float, n: float = 1
    ) -> datetime | None:
        """None: taken; otherwise when the tokens will be there."""
        return self.buckets.take(seller, operation, rate, burst, n)

    def learn_rate(self, seller: str, operation: str, rate: float) -> None:
        """Amazon's answer named the rate that holds."""
        self.buckets.learn(seller, operation, rate)

    def empty_bucket(self, seller: str, operation: str) -> None:
        """Amazon refused for want of tokens."""
        self.buckets.empty(seller, operation)

    def rate_budget(self, seller: str, left: Mapping[str, float] | None = None) -> RateBudget:
        """The buckets of one seller; `left` tokens per operation remain for others."""
        return RateBudget(self.buckets, seller, left or {})

    # --- audit and rebuild ---------------------------------------------------------------------
    def audit(
        self, administration: str, coupling: str, remote: Remote, *, max_calls: int = 40
    ) -> AuditReport:
        """Compare what is confirmed with the books; see `audit.Audit`."""
        report = Audit(self.store, remote, administration, max_calls).run()
        self.refresh_problems(administration, coupling)
        # A night that saw only a part of the books closes nothing that another night found.
        looked_at = None if report.whole else ()
        self.record_problems(coupling, "audit", report.problems, orders=looked_at)
        return report

    def read_back(
        self, administration: str, remote: Remote, *, max_calls: int
    ) -> Iterator[BookedMutation]:
        """The mutations of the books, whoever made them, from the newest back.

        Nothing comes when more than half of what may be asked in a month is used: the other half
        is for settling doubts.

        Raises:
            domain.errors.RemoteError: the books cannot be asked.
        """
        used, _ = self.calls_used(administration)
        max_calls = min(max_calls, self.settings.budget_stop // 2 - used)
        if max_calls > 0:
            reader = Reader(self.store, remote, self.settings, administration, max_calls)
            yield from reader.newest_first()

    def rebuild(
        self,
        administration: str,
        coupling: str,
        remote: Remote,
        expected: Sequence[Booking] = (),
    ) -> RebuildReport:
        """Fill an empty ledger from the books; see `rebuild.Rebuild`."""
        work = Rebuild(self.store, remote, self.keys, administration, coupling)
        return work.run(self._drafts(administration, expected))
