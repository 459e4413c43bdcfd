"""What the dashboard reads: an index of open items, balances and whether a service answered."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBERED = sa.text("kind IN ('INV', 'CRN', 'PAY')")


def upgrade() -> None:
    """Apply."""
    # An order's bookings in one administration: without the other two columns SQLite takes the
    # index that begins with them, and reads everything.
    op.drop_index("intent_order", table_name="intent")
    op.create_index("intent_order", "intent", ["order_id", "admin", "coupling"])
    op.create_index(
        "intent_open_item",
        "intent",
        [
            "admin",
            "coupling",
            "state",
            "invoice_number",
            "kind",
            "gross_cents",
            "date",
            "order_id",
        ],
        sqlite_where=_NUMBERED,
        postgresql_where=_NUMBERED,
    )
    op.create_table(
        "balance",
        sa.Column("admin", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("at_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("admin", "account"),
    )
    op.create_table(
        "service_check",
        sa.Column("coupling", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("good", sa.Boolean(), nullable=False),
        sa.Column("at_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("coupling", "service"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("service_check")
    op.drop_table("balance")
    op.drop_index("intent_open_item", table_name="intent")
    op.drop_index("intent_order", table_name="intent")
    op.create_index("intent_order", "intent", ["order_id"])
