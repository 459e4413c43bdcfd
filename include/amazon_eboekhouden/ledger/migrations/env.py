"""Alembic's entry: always with the connection that `ledger.database.upgrade` hands in."""

from alembic import context
from amazon_eboekhouden.ledger import schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    version_table=schema.VERSION_TABLE,
    transactional_ddl=True,
)
context.run_migrations()
