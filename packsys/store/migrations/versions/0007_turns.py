"""Counts in a job's row what its steps come to, and makes the functions by which jobs and steps move."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_FUNCTIONS = Path(__file__).parents[1] / "sql" / "0007_turns.sql"


def _count(name: str, kind: type[sa.types.TypeEngine[int]] = sa.Integer) -> sa.Column[int]:
    return sa.Column(name, kind(), nullable=False, server_default="0")


def upgrade() -> None:
    """Changes two tables, counts what they hold, and makes six functions."""
    for column in (_count("steps"), _count("open"), _count("waves"), _count("look_at"), _count("bytes", sa.BigInteger)):
        op.add_column("job", column)
    op.add_column("job", sa.Column("locale", sa.Text(), nullable=False, server_default="en"))
    op.add_column("job", sa.Column("priority", sa.Text(), nullable=False, server_default="interactive"))
    op.add_column("job", sa.Column("asked_at", sa.DateTime(timezone=True)))
    op.add_column("step", sa.Column("acts", sa.Boolean(), nullable=False, server_default="false"))
    op.add_column("step", _count("parked"))
    for table in ("step", "event"):  # only the functions write there, under the job's lock: a look at it again is idle
        op.drop_constraint(f"{table}_job_fk", table)
    _count_what_is_there()
    op.get_bind().exec_driver_sql(_FUNCTIONS.read_text(encoding="utf-8").replace("%", "%%"))


def _count_what_is_there() -> None:
    op.execute("""update step set acts = invocation::json ->> 'action' = 'true' where finished_at is null""")
    op.execute("""
        update job
        set steps = counted.steps, open = counted.open, waves = counted.waves
        from (
            select job, count(*) as steps, count(*) filter (where finished_at is null) as open, max(wave) as waves
            from step group by job
        ) as counted
        where job.id = counted.job and job.finished_at is null
    """)
