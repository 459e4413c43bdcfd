"""What must hold afterwards: in the books, in the ledger's history, and among the workers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg2
from amazon_eboekhouden.ledger import database
from amazon_eboekhouden.ledger.database import reading
from amazon_eboekhouden.ledger.sql_events import first_break
from sqlalchemy import text


@dataclass
class Verdicts:
    """What was found wrong; empty when all is well."""

    wrong: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)


def compare_books(
    expected: Mapping[str, list[str]], found: Mapping[str, list[str]], verdicts: Verdicts
) -> None:
    """Line by line, token and description included."""
    different = [name for name, lines in expected.items() if found[name] != lines]
    verdicts.figures["posting lines"] = sum(len(lines) for lines in found.values())
    verdicts.figures["couplings with equal books"] = len(expected) - len(different)
    if empty := [name for name, lines in found.items() if not lines]:
        verdicts.wrong.append(f"empty books: {empty[:5]}")
    for name in different[:5]:
        more = Counter(found[name]) - Counter(expected[name])
        less = Counter(expected[name]) - Counter(found[name])
        verdicts.wrong.append(f"{name}: {len(more)} lines too many, {len(less)} missing")


def judge_ledger(url: str, verdicts: Verdicts) -> None:
    """One writer per administration throughout, told by the chain of events itself."""
    engine = database.connect(url)
    with reading(engine).connect() as connection:
        states = connection.execute(text("SELECT state, count(*) FROM intent GROUP BY state"))
        by_state = {row[0]: row[1] for row in states}
        leases = connection.execute(text("SELECT admin, epoch FROM lease")).all()
        for admin, _ in leases:
            if (seq := first_break(connection, admin)) is not None:
                verdicts.wrong.append(f"{admin}: the history breaks at event {seq}")
        rows = connection.execute(
            text(
                "SELECT admin, op_key, actor, from_state, to_state, detail FROM event "
                "ORDER BY admin, seq"
            )
        ).all()
    engine.dispose()
    _judge_writers(rows, dict(leases), verdicts)
    verdicts.figures |= {"intents": by_state, "events": len(rows)}
    verdicts.figures["leases taken"] = sum(epoch for _, epoch in leases)
    if set(by_state) != {"CONFIRMED"}:
        verdicts.wrong.append(f"not everything is confirmed: {by_state}")


def _judge_writers(rows: Any, leases: Mapping[str, int], verdicts: Verdicts) -> None:
    """Every send is under an epoch, each epoch has one holder, and none begins before the last."""
    writers = Writers(leases, verdicts.wrong)
    for admin, op_key, actor, before, after, detail in rows:
        if after == "SENDING":
            writers.sends(admin, op_key, actor, detail)
        elif before == "SENDING":
            writers.settles(admin, op_key, actor, after)
    if writers.under_way:
        verdicts.wrong.append(f"left in SENDING: {list(writers.under_way)[:3]}")
    verdicts.figures |= {"sends": writers.sent, "sends cut off by a kill": writers.orphans}
    verdicts.figures["writers"] = len(set(writers.holder_of.values()))


@dataclass
class Writers:
    """Follows the history of all administrations, event by event."""

    leases: Mapping[str, int]
    wrong: list[str]
    holder_of: dict[tuple[str, str], str] = field(default_factory=dict)
    under_way: dict[str, tuple[str, str]] = field(default_factory=dict)
    last_epoch: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sent: int = 0
    orphans: int = 0

    def sends(self, admin: str, op_key: str, actor: str, detail: str) -> None:
        epoch = int(detail.removeprefix("epoch "))
        if admin in self.under_way:
            self.wrong.append(f"{admin}: two sends at once, {self.under_way[admin]} and {op_key}")
        if epoch < self.last_epoch[admin] or epoch > self.leases[admin]:
            self.wrong.append(f"{admin}: epoch {epoch} after {self.last_epoch[admin]}")
        if self.holder_of.setdefault((admin, detail), actor) != actor:
            self.wrong.append(f"{admin}: {detail} has two holders")
        self.under_way[admin], self.last_epoch[admin] = (op_key, actor), epoch
        self.sent += 1

    def settles(self, admin: str, op_key: str, actor: str, after: str) -> None:
        sent = self.under_way.pop(admin, None)
        if sent is None or sent[0] != op_key:
            self.wrong.append(f"{admin}: {op_key} settled, {sent} was under way")
        elif actor != sent[1]:
            self.orphans += 1  # Its worker was killed; the next holder took it over.
            if after != "UNKNOWN":
                self.wrong.append(f"{admin}: {op_key} of another writer became {after}")


def judge_tasks(url: str, couplings: int, verdicts: Verdicts) -> None:
    """Which worker did what, from Airflow's own record of the tasks that ended well."""
    connection = psycopg2.connect(url.replace("+psycopg2", ""))
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT hostname, map_index, task_id, state, try_number FROM task_instance "
            "WHERE map_index >= 0"
        )
        rows = cursor.fetchall()
        cursor.execute("SELECT pg_database_size('airflow'), pg_database_size('ledger')")
        sizes = cursor.fetchone()
    connection.close()
    workers = Counter(row[0] for row in rows)
    per_coupling: dict[int, set[str]] = defaultdict(set)
    for worker, index, *_ in rows:
        per_coupling[index].add(worker)
    bad = Counter(row[3] for row in rows if row[3] != "success")
    verdicts.figures["tasks per worker"] = dict(sorted(workers.items()))
    verdicts.figures["couplings whose tasks ran on more than one worker"] = sum(
        len(found) > 1 for found in per_coupling.values()
    )
    verdicts.figures["tasks tried again"] = sum(row[4] > 1 for row in rows)
    assert sizes is not None
    verdicts.figures["database bytes"] = {"airflow": sizes[0], "ledger": sizes[1]}
    if bad or len(rows) != 4 * couplings:
        verdicts.wrong.append(f"{len(rows)} tasks of {4 * couplings}, not well: {dict(bad)}")
