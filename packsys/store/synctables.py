"""The tables of sync tables, as the newest migration leaves them. Times are PostgreSQL's own clock.

Runs and tables have a short number besides their id, ``serial`` and ``scope``: rows refer to them by the million. What
rows refer to is not checked by foreign keys, which would cost a look for each row; who deletes a table deletes all.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from packsys.store.metadata import ROOM, UNFINISHED, metadata, moment
from packsys.store.types import AnyText, ValueText

COUNTED = ("rows", "added", "updated", "revived", "unchanged", "rejected", "repeated", "deleted", "missed")


def _serial(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, BigInteger(), Identity(always=True), nullable=False, primary_key=key)


def _counts() -> list[Column[int]]:
    return [Column(name, BigInteger(), nullable=False, server_default="0") for name in COUNTED]


# ``changes`` is the number of the newest line of the change feed, ``swept`` the last run whose evidence was complete,
# ``parted`` the one whose partitions say where an incremental run begins each.
sync_table = Table(
    "sync_table",
    metadata,
    Column("table_id", AnyText(), primary_key=True),
    _serial("scope"),
    Column("workspace", AnyText(), nullable=False),
    Column("pack_id", BigInteger(), nullable=False),
    Column("pack_version", Text(), nullable=False),
    Column("pack_table", AnyText(), nullable=False),
    Column("name", AnyText(), nullable=False),
    Column("account", AnyText()),
    Column("parameters", ValueText(), nullable=False),
    Column("dynamic_url", AnyText(), nullable=False),
    Column("timezone", AnyText(), nullable=False),
    Column("paused", Boolean(), nullable=False),
    Column("last_completion", ValueText()),
    Column("schema", ValueText()),
    Column("policy", Text(), nullable=False),
    Column("guard", ValueText(), nullable=False),
    Column("schedule", AnyText()),
    Column("weight", Float(), nullable=False),
    Column("lane", AnyText(), nullable=False),
    Column("created_at", moment(), nullable=False),
    Column("changes", BigInteger(), nullable=False, server_default="0"),
    Column("swept", BigInteger()),
    Column("parted", BigInteger()),
    Column("callback", AnyText()),
    UniqueConstraint("scope"),
    Index("sync_table_workspace", "workspace"),
    postgresql_with=ROOM,
)

# One row for each account: ``served`` is how many seconds of workers it has had, divided by its weight.
sync_lane = Table(
    "sync_lane",
    metadata,
    Column("lane", AnyText(), primary_key=True),
    Column("served", Float(), nullable=False),
    postgresql_with=ROOM,
)

# ``sent_at`` is when the run was last sent, parked or given back, ``sends`` counts how often the reconciler sent it
# since it was last taken, ``events`` counts what has happened to it. A partition that is being read is a row besides
# that of its run, its ``root``; it is gone when it is read. Rows, pages, changes and events name the root. ``pages``
# counts its pages with those of its partitions.
sync_run = Table(
    "sync_run",
    metadata,
    Column("run_id", AnyText(), primary_key=True),
    _serial("serial"),
    Column("scope", BigInteger(), ForeignKey("sync_table.scope", ondelete="CASCADE"), nullable=False),
    Column("mode", Text(), nullable=False),
    Column("trigger", AnyText(), nullable=False),
    Column("state", Text(), nullable=False),
    Column("phase", Text(), nullable=False),
    Column("root", BigInteger()),
    Column("part", AnyText(), nullable=False, server_default=""),
    Column("page", Integer(), nullable=False, server_default="0"),
    Column("pages", Integer(), nullable=False, server_default="0"),
    Column("partitions", Integer(), nullable=False, server_default="0"),
    Column("partitions_read", Integer(), nullable=False, server_default="0"),
    Column("fence", Integer(), nullable=False, server_default="0"),
    Column("tries", Integer(), nullable=False, server_default="0"),
    Column("continuation", ValueText()),
    Column("previous", ValueText()),
    Column("completion", ValueText()),
    Column("incomplete", Boolean(), nullable=False, server_default="false"),
    Column("approved", Boolean()),
    Column("cause", Text(), nullable=False, server_default=""),
    *_counts(),
    Column("waits", JSONB(), nullable=False, server_default=text("'{}'")),
    Column("outcome", ValueText()),
    Column("worker", AnyText()),
    Column("lease_until", moment()),
    Column("queued_at", moment(), nullable=False),
    Column("started_at", moment()),
    Column("finished_at", moment()),
    Column("not_before", moment()),
    Column("sent_at", moment(), nullable=False),
    Column("sends", Integer(), nullable=False, server_default="0"),
    Column("events", Integer(), nullable=False, server_default="1"),
    UniqueConstraint("serial"),
    CheckConstraint(
        "state in ('queued', 'running', 'waiting', 'paused', 'needs_approval', 'succeeded', 'failed', 'cancelled')",
        name="state",
    ),
    CheckConstraint("phase in ('pages', 'partitions', 'finish')", name="phase"),
    CheckConstraint("mode in ('full', 'incremental')", name="mode"),
    CheckConstraint("(finished_at is null) = (state not in ('succeeded', 'failed', 'cancelled'))", name="finished"),
    Index("sync_run_live", "scope", unique=True, postgresql_where=text("finished_at is null and root is null")),
    Index("sync_run_open", "serial", postgresql_where=UNFINISHED),
    Index("sync_run_root", "root", postgresql_where=text("root is not null")),
    Index("sync_run_scope", "scope", "serial"),
    postgresql_with=ROOM,
)

# The partitions of a run, in the order of their ``ordinal``: begun ones, and those that rest until one is read. Their
# completions are kept until another run has succeeded.
sync_part = Table(
    "sync_part",
    metadata,
    Column("serial", BigInteger(), primary_key=True, autoincrement=False),
    Column("part", AnyText(), primary_key=True),
    _serial("ordinal"),
    Column("continuation", ValueText()),
    Column("previous", ValueText()),
    Column("completion", ValueText()),
    Column("begun", Boolean(), nullable=False, server_default="false"),
    Index("sync_part_resting", "serial", "ordinal", postgresql_where=text("not begun")),
)

# What happened to a run, by the triggers of migration 0011.
sync_event = Table(
    "sync_event",
    metadata,
    Column(
        "serial", BigInteger(), ForeignKey("sync_run.serial", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("number", Integer(), primary_key=True, autoincrement=False),
    Column("at", moment(), nullable=False),
    Column("kind", Text(), nullable=False),
    Column("detail", ValueText(), nullable=False),
)

# ``mark`` is the digest of the continuation that the page gave: one that comes again means that it never ends.
sync_page = Table(
    "sync_page",
    metadata,
    Column("serial", BigInteger(), primary_key=True, autoincrement=False),
    Column("page", Integer(), primary_key=True, autoincrement=False),
    Column("mark", LargeBinary()),
    *_counts(),
    Column("timings", JSONB(), nullable=False),
    Column("at", moment(), nullable=False),
    Index("sync_page_mark", "serial", "mark"),
)

# ``missed_in`` is the last run that had complete evidence and did not meet the row, ``strikes`` how many such in a row.
sync_row = Table(
    "sync_row",
    metadata,
    _serial("row_id"),
    Column("scope", BigInteger(), primary_key=True, autoincrement=False),
    Column("row_key", AnyText(collation="C"), primary_key=True),
    Column("document", JSONB(), nullable=False),
    Column("hash", LargeBinary(), nullable=False),
    Column("notes", JSONB()),
    Column("version", Integer(), nullable=False),
    Column("serial", BigInteger(), nullable=False),
    Column("page", Integer(), nullable=False),
    Column("deleted_at", moment()),
    Column("missed_in", BigInteger()),
    Column("strikes", Integer(), nullable=False, server_default="0"),
    postgresql_with={"fillfactor": 85},
)

# Which rows a full run has met, without touching them: a few bytes for each, where a stamp in the row costs 500.
sync_seen = Table(
    "sync_seen",
    metadata,
    Column("serial", BigInteger(), primary_key=True, autoincrement=False),
    Column("page", Integer(), primary_key=True, autoincrement=False),
    Column("piece", Integer(), primary_key=True, autoincrement=False),
    Column("row_ids", ARRAY(BigInteger()), nullable=False),
)

# Numbers are given out under the lock of the table's row, which is held until the commit: they come in its order. A
# line holds up to a hundred changes, and its number is that of the last one.
sync_change = Table(
    "sync_change",
    metadata,
    Column("scope", BigInteger(), primary_key=True, autoincrement=False),
    Column("change", BigInteger(), primary_key=True, autoincrement=False),
    Column("row_keys", ARRAY(AnyText()), nullable=False),
    Column("operation", Text(), nullable=False),
    Column("serial", BigInteger(), nullable=False),
    Column("page", Integer(), nullable=False),
    Column("at", moment(), nullable=False),
)

# ``raw`` and ``reasons`` are as the page gave them; ``row_key`` is there where at least that could be read.
sync_reject = Table(
    "sync_reject",
    metadata,
    _serial("letter", key=True),
    Column("scope", BigInteger(), nullable=False),
    Column("serial", BigInteger(), nullable=False),
    Column("page", Integer(), nullable=False),
    Column("row_key", AnyText(collation="C")),
    Column("raw", ValueText(), nullable=False),
    Column("reasons", ValueText(), nullable=False),
    Column("at", moment(), nullable=False),
    Index("sync_reject_scope", "scope", "letter"),
    Index("sync_reject_serial", "serial"),
)
