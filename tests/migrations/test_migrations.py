"""Every schema that was ever released, with data in it, becomes today's; then nothing is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from amazon_eboekhouden.ledger import database, open_ledger, schema
from sqlalchemy import column, select, table

from tests.migrations.made import INSTALL_KEY
from tests.migrations.past import Past, counts, releases, restore_dump
from tests.pipelines.conftest import World


@pytest.fixture(params=releases(), ids=lambda folder: str(folder.name))
def release(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.param
    return folder


def dump_for(url: str, release: Path) -> Path:
    return release / ("sqlite.sql" if url.startswith("sqlite") else "postgresql.sql")


def test_the_first_release_is_kept() -> None:
    assert "0001" in [folder.name for folder in releases()]


def test_a_released_schema_with_data_becomes_todays_and_loses_no_row(
    url: str, release: Path
) -> None:
    restore_dump(url, dump_for(url, release))
    engine = database.connect(url)
    before = counts(engine)
    assert before["intent"] > 40
    database.upgrade(engine)
    after = counts(engine)
    assert {name: after[name] for name in before} == before
    with engine.connect() as connection:
        found = connection.execute(
            select(column("version_num")).select_from(table(schema.VERSION_TABLE))
        )
        assert found.scalar_one() == database.NEWEST
        context = MigrationContext.configure(
            connection, opts={"version_table": schema.VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()


def test_after_the_update_a_run_writes_nothing_and_settles_what_was_uncertain(
    world: World, url: str, release: Path
) -> None:
    past = Past.of(world, release)
    past.use(f"sqlite:///{world.home / 'first.sqlite'}")
    past.book_first()
    past.book_last()
    restore_dump(url, dump_for(url, release))
    past.use(url)
    with_unknown = open_ledger(url, install_key=INSTALL_KEY)
    state = with_unknown.coupling_state("demo")
    assert state is not None
    assert len(with_unknown.uncertain(state.administration)) == 1
    past.assert_a_run_writes_nothing()
    assert with_unknown.uncertain(state.administration) == []
    assert with_unknown.verify_history(state.administration) is None
    with_unknown.close()
