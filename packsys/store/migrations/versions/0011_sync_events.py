"""Makes the table of what happens to sync runs, and what writes it; lets messages be about runs."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_FUNCTIONS = Path(__file__).parents[1] / "sql" / "0011_sync_events.sql"


def upgrade() -> None:
    """Makes one table, three columns, one index, and two triggers."""
    op.create_index("delivery_dead", "delivery", ["due_at"], postgresql_where=sa.text("state = 'dead'"))
    # A run that is under way has no events until now: its first one has the number 1 all the same.
    op.add_column("sync_run", sa.Column("events", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column("sync_run", "events", server_default="1")
    op.create_table(
        "sync_event",
        sa.Column("serial", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("serial", "number", name="sync_event_pk"),
        sa.ForeignKeyConstraint(["serial"], ["sync_run.serial"], name="sync_event_serial_fk", ondelete="CASCADE"),
    )
    # A message is about a job or a run; both have ids that nothing else has.
    op.drop_constraint("delivery_job_fk", "delivery")
    op.add_column("delivery", sa.Column("about", sa.Text(), nullable=False, server_default="job"))
    op.create_check_constraint(op.f("delivery_about_ck"), "delivery", "about in ('job', 'run')")
    op.add_column("sync_table", sa.Column("callback", sa.Text()))
    op.get_bind().exec_driver_sql(_FUNCTIONS.read_text(encoding="utf-8").replace("%", "%%"))
