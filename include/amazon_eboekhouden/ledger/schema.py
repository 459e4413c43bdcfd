"""Tables of the booking ledger: one schema for SQLite and PostgreSQL.

Changes go through a migration in `migrations/versions`; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

from amazon_eboekhouden.ledger.database_time import Utc

metadata = MetaData()
VERSION_TABLE = "booking_ledger_version"
# Bookings that carry an invoice number; a query must say it so that its index is used.
NUMBERED = "kind IN ('INV', 'CRN', 'PAY')"


def _text(name: str, **kw: object) -> Column[str]:
    return Column(name, Text, nullable=False, **kw)  # type: ignore[arg-type]


intent = Table(
    "intent",
    metadata,
    _text("op_key", primary_key=True),
    _text("admin"),
    _text("coupling"),
    _text("kind"),
    _text("natural"),
    _text("token", unique=True),
    _text("payload_hash"),
    _text("content"),  # non-personal: what the books must show
    _text("payload_enc"),  # "" once purged
    _text("depends_on"),
    _text("state"),
    _text("reason"),
    Column("attempt", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("sent_at_utc", Utc),
    Column("not_before_utc", Utc),
    Column("number_before", BigInteger, nullable=False),
    _text("remote_id"),
    _text("evidence"),
    _text("offered_hash"),
    _text("row"),
    _text("order_id"),
    _text("settlement_id"),
    _text("invoice_number"),
    _text("relation_code"),
    Column("date", Date),
    Column("gross_cents", BigInteger, nullable=False),
    _text("facts"),
    Column("created_utc", Utc, nullable=False),
    Column("updated_utc", Utc, nullable=False),
    Index("intent_natural", "admin", "natural", unique=True),
    Index("intent_state", "admin", "state"),
    Index("intent_order", "order_id", "admin", "coupling"),
    # What the dashboard sums per day and month.
    Index("intent_day", "admin", "coupling", "kind", "state", "date"),
    Index("intent_settlement", "admin", "settlement_id"),
    # Everything that open items are summed from, in the order in which they are summed.
    Index(
        "intent_open_item",
        "admin",
        "coupling",
        "state",
        "invoice_number",
        "kind",
        "gross_cents",
        "date",
        "order_id",
        sqlite_where=text(NUMBERED),
        postgresql_where=text(NUMBERED),
    ),
    Index(
        "intent_invoice_number",
        "admin",
        "invoice_number",
        "kind",
        unique=True,
        sqlite_where=text("kind IN ('INV', 'CRN') AND invoice_number <> ''"),
        postgresql_where=text("kind IN ('INV', 'CRN') AND invoice_number <> ''"),
    ),
)

event = Table(
    "event",
    metadata,
    _text("admin", primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _text("op_key"),
    Column("at_utc", Utc, nullable=False),
    _text("actor"),
    _text("from_state"),
    _text("to_state"),
    _text("detail"),
    _text("prev_hash"),
    _text("hash"),
    Index("event_op_key", "op_key"),
)

# End of each administration's event chain, and what is known of its mutation numbers.
administration = Table(
    "administration",
    metadata,
    _text("admin", primary_key=True),
    Column("seq", BigInteger, nullable=False),
    _text("hash"),
    Column("highest_number", BigInteger, nullable=False),  # -1: never asked
    Column("audited_number", BigInteger, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    _text("admin", primary_key=True),
    _text("holder"),
    Column("epoch", Integer, nullable=False),
    Column("expires_at_utc", Utc, nullable=False),
)

budget = Table(
    "budget",
    metadata,
    _text("admin", primary_key=True),
    _text("month", primary_key=True),
    _text("op", primary_key=True),
    Column("used", Integer, nullable=False),
)

coupling = Table(
    "coupling",
    metadata,
    _text("name", primary_key=True),
    Column("active", Boolean, nullable=False),
    _text("administration"),
    _text("seller"),
    _text("stop_reason"),
    Column("since_utc", Utc, nullable=False),
)

watermark = Table(
    "watermark",
    metadata,
    _text("coupling", primary_key=True),
    Column("until_utc", Utc, nullable=False),
)

problem = Table(
    "problem",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("coupling"),
    _text("scope"),
    _text("code"),
    _text("row"),
    _text("cause"),
    _text("todo"),
    _text("order_id"),
    Column("open", Boolean, nullable=False),
    Column("first_seen_utc", Utc, nullable=False),
    Column("last_seen_utc", Utc, nullable=False),
    Index("problem_open", "coupling", "open"),
)

decision = Table(
    "decision",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("subject"),  # op_key, or `settlement:{seller}:{id}`
    _text("choice"),
    _text("who"),
    _text("why"),
    Column("at_utc", Utc, nullable=False),
    Index("decision_subject", "subject"),
)

settlement = Table(
    "settlement",
    metadata,
    _text("seller", primary_key=True),
    _text("settlement_id", primary_key=True),
    _text("coupling"),
    _text("file_hash"),
    _text("archive"),
    _text("state"),
    _text("totals"),  # JSON
    Column("start_date", Date),
    Column("end_date", Date),
    Column("total_cents", BigInteger),
    _text("currency"),
    Column("found_utc", Utc, nullable=False),
    Column("updated_utc", Utc, nullable=False),
)

event_alias = Table(
    "event_alias",
    metadata,
    _text("admin", primary_key=True),
    _text("event_id", primary_key=True),
    _text("natural"),
)

number_series = Table(
    "number_series",
    metadata,
    _text("admin", primary_key=True),
    _text("series", primary_key=True),
    Column("next_number", BigInteger, nullable=False),
)

# Once given, a number is never given again: a refused booking leaves its number as a record.
issued_number = Table(
    "issued_number",
    metadata,
    _text("admin", primary_key=True),
    _text("series", primary_key=True),
    _text("natural", primary_key=True),
    Column("number", BigInteger, nullable=False),
    Index("issued_number_once", "admin", "series", "number", unique=True),
)

rate_bucket = Table(
    "rate_bucket",
    metadata,
    _text("seller", primary_key=True),
    _text("operation", primary_key=True),
    Column("tokens", Float, nullable=False),
    Column("rate", Float, nullable=False),  # tokens a second, as last learnt
    Column("refilled_utc", Utc, nullable=False),
)

# What was last seen outside: pages show it without asking.
balance = Table(
    "balance",
    metadata,
    _text("admin", primary_key=True),
    _text("account", primary_key=True),
    Column("cents", BigInteger, nullable=False),
    Column("at_utc", Utc, nullable=False),
)

service_check = Table(
    "service_check",
    metadata,
    _text("coupling", primary_key=True),
    _text("service", primary_key=True),
    Column("good", Boolean, nullable=False),
    Column("at_utc", Utc, nullable=False),
)
