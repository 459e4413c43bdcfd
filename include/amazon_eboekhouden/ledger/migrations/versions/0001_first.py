"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "administration",
        sa.Column("admin", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("highest_number", sa.BigInteger(), nullable=False),
        sa.Column("audited_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("admin"),
    )
    op.create_table(
        "budget",
        sa.Column("admin", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("op", sa.Text(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("admin", "month", "op"),
    )
    op.create_table(
        "coupling",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("administration", sa.Text(), nullable=False),
        sa.Column("seller", sa.Text(), nullable=False),
        sa.Column("stop_reason", sa.Text(), nullable=False),
        sa.Column("since_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("decision_subject", "decision", ["subject"], unique=False)
    op.create_table(
        "event",
        sa.Column("admin", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("op_key", sa.Text(), nullable=False),
        sa.Column("at_utc", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("admin", "seq"),
    )
    op.create_index("event_op_key", "event", ["op_key"], unique=False)
    op.create_table(
        "event_alias",
        sa.Column("admin", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("natural", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("admin", "event_id"),
    )
    op.create_table(
        "intent",
        sa.Column("op_key", sa.Text(), nullable=False),
        sa.Column("admin", sa.Text(), nullable=False),
        sa.Column("coupling", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("natural", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("payload_hash", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("payload_enc", sa.Text(), nullable=False),
        sa.Column("depends_on", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("sent_at_utc", sa.BigInteger(), nullable=True),
        sa.Column("not_before_utc", sa.BigInteger(), nullable=True),
        sa.Column("number_before", sa.BigInteger(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("offered_hash", sa.Text(), nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("settlement_id", sa.Text(), nullable=False),
        sa.Column("invoice_number", sa.Text(), nullable=False),
        sa.Column("relation_code", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("gross_cents", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("created_utc", sa.BigInteger(), nullable=False),
        sa.Column("updated_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("op_key"),
        sa.UniqueConstraint("token"),
    )
    op.create_index(
        "intent_invoice_number",
        "intent",
        ["admin", "invoice_number", "kind"],
        unique=True,
        sqlite_where=sa.text("kind IN ('INV', 'CRN') AND invoice_number <> ''"),
        postgresql_where=sa.text("kind IN ('INV', 'CRN') AND invoice_number <> ''"),
    )
    op.create_index("intent_natural", "intent", ["admin", "natural"], unique=True)
    op.create_index(
        "intent_day",
        "intent",
        ["admin", "coupling", "kind", "state", "date"],
        unique=False,
    )
    op.create_index("intent_order", "intent", ["order_id"], unique=False)
    op.create_index("intent_settlement", "intent", ["admin", "settlement_id"], unique=False)
    op.create_index("intent_state", "intent", ["admin", "state"], unique=False)
    op.create_table(
        "issued_number",
        sa.Column("admin", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("natural", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("admin", "series", "natural"),
    )
    op.create_index(
        "issued_number_once", "issued_number", ["admin", "series", "number"], unique=True
    )
    op.create_table(
        "lease",
        sa.Column("admin", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("expires_at_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("admin"),
    )
    op.create_table(
        "number_series",
        sa.Column("admin", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("next_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("admin", "series"),
    )
    op.create_table(
        "problem",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("coupling", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("todo", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("first_seen_utc", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("problem_open", "problem", ["coupling", "open"], unique=False)
    op.create_table(
        "rate_bucket",
        sa.Column("seller", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("refilled_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seller", "operation"),
    )
    op.create_table(
        "settlement",
        sa.Column("seller", sa.Text(), nullable=False),
        sa.Column("settlement_id", sa.Text(), nullable=False),
        sa.Column("coupling", sa.Text(), nullable=False),
        sa.Column("file_hash", sa.Text(), nullable=False),
        sa.Column("archive", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("totals", sa.Text(), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("total_cents", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("found_utc", sa.BigInteger(), nullable=False),
        sa.Column("updated_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seller", "settlement_id"),
    )
    op.create_table(
        "watermark",
        sa.Column("coupling", sa.Text(), nullable=False),
        sa.Column("until_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("coupling"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("watermark")
    op.drop_table("settlement")
    op.drop_table("rate_bucket")
    op.drop_index("problem_open", table_name="problem")
    op.drop_table("problem")
    op.drop_table("number_series")
    op.drop_table("lease")
    op.drop_index("issued_number_once", table_name="issued_number")
    op.drop_table("issued_number")
    op.drop_index("intent_state", table_name="intent")
    op.drop_index("intent_settlement", table_name="intent")
    op.drop_index("intent_order", table_name="intent")
    op.drop_index("intent_day", table_name="intent")
    op.drop_index("intent_natural", table_name="intent")
    op.drop_index(
        "intent_invoice_number",
        table_name="intent",
        sqlite_where=sa.text("kind IN ('INV', 'CRN') AND invoice_number <> ''"),
        postgresql_where=sa.text("kind IN ('INV', 'CRN') AND invoice_number <> ''"),
    )
    op.drop_table("intent")
    op.drop_table("event_alias")
    op.drop_index("event_op_key", table_name="event")
    op.drop_table("event")
    op.drop_index("decision_subject", table_name="decision")
    op.drop_table("decision")
    op.drop_table("coupling")
    op.drop_table("budget")
    op.drop_table("administration")
