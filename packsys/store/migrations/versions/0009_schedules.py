"""Makes the tables of schedules and their slots."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

ROOM = {"fillfactor": 70}


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def upgrade() -> None:
    """Makes two tables."""
    _make_schedule()
    _make_slot()


def _make_schedule() -> None:
    op.create_table(
        "schedule",
        *_texts("schedule_id", "workspace", "kind", "target"),
        sa.Column("every", sa.Float()),
        *_texts("cron", nullable=True),
        *_texts("timezone"),
        sa.Column("jitter", sa.Float(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        _time("next_due"),
        sa.PrimaryKeyConstraint("schedule_id", name="schedule_pk"),
        sa.CheckConstraint("every is null or cron is null", name=op.f("schedule_rhythm_ck")),
        postgresql_with=ROOM,
    )
    coming = sa.text("next_due is not null")
    op.create_index("schedule_next_due", "schedule", ["next_due"], postgresql_where=coming)


def _make_slot() -> None:
    op.create_table(
        "slot",
        *_texts("schedule_id"),
        _time("due", nullable=False),
        *_texts("cause"),
        _time("not_before", nullable=False),
        *_texts("fate", nullable=True),
        _time("settled_at"),
        sa.PrimaryKeyConstraint("schedule_id", "due", name="slot_pk"),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedule.schedule_id"], name="slot_schedule_id_fk", ondelete="CASCADE"
        ),
        sa.CheckConstraint("cause in ('time', 'hand', 'dependency')", name=op.f("slot_cause_ck")),
        sa.CheckConstraint("fate in ('sent', 'skipped')", name=op.f("slot_fate_ck")),
        sa.CheckConstraint("(fate is null) = (settled_at is null)", name=op.f("slot_settled_ck")),
        postgresql_with=ROOM,
    )
    unsettled = sa.text("settled_at is null")
    op.create_index("slot_open", "slot", ["schedule_id"], unique=True, postgresql_where=unsettled)
