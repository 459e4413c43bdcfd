"""How often, and how, the pages ask the ledger's database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete, event

from tests.dashboard.busy import fill
from tests.dashboard.conftest import AIRFLOW_WARNINGS, Browser
from tests.ledger.world import ADMIN

pytestmark = AIRFLOW_WARNINGS


@contextmanager
def counted(engine: Any) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


PAGES = (
    "/",
    "/koppeling/demo/wacht",
    "/koppeling/demo/beslissen",
    "/koppeling/demo/afrekeningen",
    "/koppeling/demo/afrekeningen/s1",
    "/koppeling/demo/openstaand",
)


def test_pages_ask_the_database_as_often_for_100_000_orders_as_for_hardly_any(
    admin: Browser, sources: Any
) -> None:
    from amazon_eboekhouden.ledger import schema

    def questions() -> dict[str, int]:
        found = {}
        for path in PAGES:
            with counted(sources.ledger.engine) as seen:
                answer = admin.get(path)
            assert answer.status_code == 200
            assert len(answer.content) < 200_000, path
            found[path] = len([s for s in seen if not s.startswith(("BEGIN", "PRAGMA"))])
        return found

    fill(sources, 1_000, 10)
    few = questions()
    with sources.ledger.engine.begin() as connection:
        for table in (schema.intent, schema.settlement, schema.problem):
            connection.execute(delete(table))
    fill(sources, 100_000, 1_000)
    assert questions() == few
    assert few["/"] <= 20


def test_open_items_are_summed_from_their_index_alone(sources: Any) -> None:
    with counted(sources.ledger.engine) as seen:
        sources.overview("demo").open_days()
    query = next(statement for statement in seen if "GROUP BY" in statement)
    with sources.ledger.engine.connect() as connection:
        values = (ADMIN, "demo", "CONFIRMED")
        needed = query.count("?")
        plan = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {query}", tuple((values * needed)[:needed])
        )
        steps = [str(row[3]) for row in plan]
    of_bookings = [step for step in steps if " intent" in step]
    assert of_bookings
    assert all("COVERING INDEX intent_open_item" in step for step in of_bookings), steps
