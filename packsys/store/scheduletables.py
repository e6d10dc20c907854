"""The tables of schedules and their slots, as the newest migration leaves them. Times are PostgreSQL's own clock."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Float, ForeignKey, Index, Table, Text, text

from packsys.store.metadata import ROOM, metadata, moment
from packsys.store.types import AnyText

schedule = Table(
    "schedule",
    metadata,
    Column("schedule_id", AnyText(), primary_key=True),
    Column("workspace", AnyText(), nullable=False),
    Column("kind", Text(), nullable=False),
    Column("target", AnyText(), nullable=False),
    Column("every", Float()),
    Column("cron", AnyText()),
    Column("timezone", AnyText(), nullable=False),
    Column("jitter", Float(), nullable=False),
    Column("paused", Boolean(), nullable=False),
    Column("next_due", moment()),
    CheckConstraint("every is null or cron is null", name="rhythm"),
    Index("schedule_next_due", "next_due", postgresql_where=text("next_due is not null")),
    postgresql_with=ROOM,
)

# A schedule has one open slot at most: what comes while it is open becomes part of it.
slot = Table(
    "slot",
    metadata,
    Column("schedule_id", AnyText(), ForeignKey("schedule.schedule_id", ondelete="CASCADE"), primary_key=True),
    Column("due", moment(), primary_key=True),
    Column("cause", Text(), nullable=False),
    Column("not_before", moment(), nullable=False),
    Column("fate", Text()),
    Column("settled_at", moment()),
    CheckConstraint("cause in ('time', 'hand', 'dependency')", name="cause"),
    CheckConstraint("fate in ('sent', 'skipped')", name="fate"),
    CheckConstraint("(fate is null) = (settled_at is null)", name="settled"),
    Index("slot_open", "schedule_id", unique=True, postgresql_where=text("settled_at is null")),
    postgresql_with=ROOM,
)
