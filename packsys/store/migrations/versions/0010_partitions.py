"""Splits runs of sync tables into partitions, each claimed and read by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Gives runs a root and counts of partitions, and makes a table of those that are read or yet to be."""
    for name in ("pages", "partitions", "partitions_read"):
        op.add_column("sync_run", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.execute("update sync_run set pages = page")
    op.add_column("sync_run", sa.Column("root", sa.BigInteger()))
    op.add_column("sync_run", sa.Column("part", sa.Text(), nullable=False, server_default=""))
    op.drop_constraint(op.f("sync_run_phase_ck"), "sync_run")
    op.create_check_constraint(op.f("sync_run_phase_ck"), "sync_run", "phase in ('pages', 'partitions', 'finish')")
    _index_runs()
    op.add_column("sync_table", sa.Column("parted", sa.BigInteger()))
    _make_part()


def _index_runs() -> None:
    unfinished, whole = sa.text("finished_at is null"), sa.text("finished_at is null and root is null")
    op.drop_index("sync_run_live", "sync_run")
    op.create_index("sync_run_live", "sync_run", ["scope"], unique=True, postgresql_where=whole)
    op.create_index("sync_run_open", "sync_run", ["serial"], postgresql_where=unfinished)
    op.create_index("sync_run_root", "sync_run", ["root"], postgresql_where=sa.text("root is not null"))


def _make_part() -> None:
    op.create_table(
        "sync_part",
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *(sa.Column(name, sa.Text()) for name in ("continuation", "previous", "completion")),
        sa.Column("begun", sa.Boolean(), nullable=False, server_default="false"),
        sa.PrimaryKeyConstraint("serial", "part", name="sync_part_pk"),
    )
    op.create_index("sync_part_resting", "sync_part", ["serial", "ordinal"], postgresql_where=sa.text("not begun"))
