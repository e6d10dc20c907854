"""Makes the tables of sync tables: instances and runs, the ledger of pages, rows, what was met, changed, rejected."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0008"
down_revision = "0007"

ROOM = {"fillfactor": 70}
STATES = "'queued', 'running', 'waiting', 'paused', 'needs_approval', 'succeeded', 'failed', 'cancelled'"


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _times(*names: str, nullable: bool = True) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=nullable) for name in names]


def _serial(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), sa.Identity(always=True), nullable=False)


def _number(name: str, kind: type[sa.Integer] = sa.Integer, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, kind(), nullable=nullable)


def _zeros(*names: str, kind: type[sa.Integer] = sa.Integer) -> list[sa.Column[int]]:
    return [sa.Column(name, kind(), nullable=False, server_default="0") for name in names]


def _counts() -> list[sa.Column[int]]:
    counted = ("rows", "added", "updated", "revived", "unchanged", "rejected", "repeated", "deleted", "missed")
    return _zeros(*counted, kind=sa.BigInteger)


def _key(*, nullable: bool = False) -> sa.Column[str]:
    return sa.Column("row_key", sa.Text(collation="C"), nullable=nullable)


def upgrade() -> None:
    """Makes eight tables."""
    _make_table()
    _make_run()
    _make_page()
    _make_row()
    _make_seen()
    _make_change()
    _make_reject()


def _make_table() -> None:
    op.create_table(
        "sync_table",
        *_texts("table_id"),
        _serial("scope"),
        *_texts("workspace", "pack_version", "pack_table", "name", "parameters", "dynamic_url", "timezone"),
        *_texts("guard", "policy", "lane"),
        *_texts("account", "last_completion", "schedule", "schema", nullable=True),
        _number("pack_id", sa.BigInteger),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        *_times("created_at", nullable=False),
        *_zeros("changes", kind=sa.BigInteger),
        _number("swept", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("table_id", name="sync_table_pk"),
        sa.UniqueConstraint("scope", name="sync_table_scope_uq"),
        postgresql_with=ROOM,
    )
    op.create_index("sync_table_workspace", "sync_table", ["workspace"])
    op.create_table(
        "sync_lane",
        *_texts("lane"),
        sa.Column("served", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("lane", name="sync_lane_pk"),
        postgresql_with=ROOM,
    )


def _make_run() -> None:
    op.create_table(
        "sync_run",
        *_texts("run_id"),
        _serial("serial"),
        _number("scope", sa.BigInteger),
        *_texts("mode", "trigger", "state", "phase"),
        *_texts("continuation", "previous", "completion", "outcome", "worker", nullable=True),
        *_zeros("page", "fence", "tries", "sends"),
        sa.Column("incomplete", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("approved", sa.Boolean()),
        sa.Column("cause", sa.Text(), nullable=False, server_default=""),
        *_counts(),
        sa.Column("waits", JSONB(), nullable=False, server_default=sa.text("'{}'")),
        *_times("queued_at", "sent_at", nullable=False),
        *_times("lease_until", "started_at", "finished_at", "not_before"),
        sa.PrimaryKeyConstraint("run_id", name="sync_run_pk"),
        sa.UniqueConstraint("serial", name="sync_run_serial_uq"),
        sa.ForeignKeyConstraint(["scope"], ["sync_table.scope"], name="sync_run_scope_fk", ondelete="CASCADE"),
        sa.CheckConstraint(f"state in ({STATES})", name=op.f("sync_run_state_ck")),
        sa.CheckConstraint("phase in ('pages', 'finish')", name=op.f("sync_run_phase_ck")),
        sa.CheckConstraint("mode in ('full', 'incremental')", name=op.f("sync_run_mode_ck")),
        sa.CheckConstraint(
            "(finished_at is null) = (state not in ('succeeded', 'failed', 'cancelled'))",
            name=op.f("sync_run_finished_ck"),
        ),
        postgresql_with=ROOM,
    )
    unfinished = sa.text("finished_at is null")
    op.create_index("sync_run_live", "sync_run", ["scope"], unique=True, postgresql_where=unfinished)
    op.create_index("sync_run_scope", "sync_run", ["scope", "serial"])


def _make_page() -> None:
    op.create_table(
        "sync_page",
        _number("serial", sa.BigInteger),
        _number("page"),
        sa.Column("mark", sa.LargeBinary()),
        *_counts(),
        sa.Column("timings", JSONB(), nullable=False),
        *_times("at", nullable=False),
        sa.PrimaryKeyConstraint("serial", "page", name="sync_page_pk"),
    )
    op.create_index("sync_page_mark", "sync_page", ["serial", "mark"])


def _make_row() -> None:
    op.create_table(
        "sync_row",
        _serial("row_id"),
        _number("scope", sa.BigInteger),
        _key(),
        sa.Column("document", JSONB(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("notes", JSONB()),
        _number("version"),
        _number("serial", sa.BigInteger),
        _number("page"),
        *_times("deleted_at"),
        _number("missed_in", sa.BigInteger, nullable=True),
        *_zeros("strikes"),
        sa.PrimaryKeyConstraint("row_id", name="sync_row_pk"),
        sa.UniqueConstraint("scope", "row_key", name="sync_row_scope_row_key_uq"),
        postgresql_with={"fillfactor": 85},
    )


def _make_seen() -> None:
    op.create_table(
        "sync_seen",
        _number("serial", sa.BigInteger),
        _number("page"),
        _number("piece"),
        sa.Column("row_ids", ARRAY(sa.BigInteger()), nullable=False),
        sa.PrimaryKeyConstraint("serial", "page", "piece", name="sync_seen_pk"),
    )


def _make_change() -> None:
    op.create_table(
        "sync_change",
        _number("scope", sa.BigInteger),
        _number("change", sa.BigInteger),
        _key(),
        *_texts("operation"),
        _number("serial", sa.BigInteger),
        _number("page"),
        *_times("at", nullable=False),
        sa.PrimaryKeyConstraint("scope", "change", name="sync_change_pk"),
    )


def _make_reject() -> None:
    op.create_table(
        "sync_reject",
        _serial("letter"),
        _number("scope", sa.BigInteger),
        _number("serial", sa.BigInteger),
        _number("page"),
        _key(nullable=True),
        *_texts("raw", "reasons"),
        *_times("at", nullable=False),
        sa.PrimaryKeyConstraint("letter", name="sync_reject_pk"),
    )
    op.create_index("sync_reject_scope", "sync_reject", ["scope", "letter"])
    op.create_index("sync_reject_serial", "sync_reject", ["serial"])
