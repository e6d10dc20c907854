"""Makes the tables of jobs, connections and API keys."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ROOM = {"fillfactor": 70}


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _texts(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _states(table: str, states: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"state in ({states})", name=op.f(f"{table}_state_ck"))


def _finished(table: str, live: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"(finished_at is null) = (state in ({live}))", name=op.f(f"{table}_finished_ck"))


def upgrade() -> None:
    """Makes every table."""
    _make_job()
    _make_step()
    _make_event()
    _make_connection()
    _make_api_key()


def _make_job() -> None:
    op.create_table(
        "job",
        *_texts("id", "workspace", "fingerprint", "formula", "tree", "variables", "asked_by", "timezone", "state"),
        sa.Column("idempotency_key", sa.Text()),
        _time("accepted_at", nullable=False),
        _time("deadline", nullable=False),
        _time("started_at"),
        _time("finished_at"),
        sa.Column("outcome", sa.Text()),
        sa.Column("events", sa.Integer(), nullable=False),
        _time("moved_at", nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="job_pk"),
        sa.UniqueConstraint("workspace", "idempotency_key", name="job_workspace_idempotency_key_uq"),
        _states("job", "'accepted', 'running', 'done', 'failed', 'cancelled'"),
        _finished("job", "'accepted', 'running'"),
        postgresql_with=ROOM,
    )
    op.create_index("job_unfinished", "job", ["deadline"], postgresql_where=sa.text("finished_at is null"))


def _make_step() -> None:
    op.create_table(
        "step",
        *_texts("job", "key", "invocation", "state"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("worker", sa.Text()),
        _time("lease_until"),
        sa.Column("cached", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("outcome", sa.Text()),
        _time("queued_at", nullable=False),
        _time("started_at"),
        _time("finished_at"),
        _time("not_before"),
        _time("sent_at", nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("job", "key", name="step_pk"),
        sa.ForeignKeyConstraint(["job"], ["job.id"], name="step_job_fk", ondelete="CASCADE"),
        _states("step", "'queued', 'running', 'waiting', 'done', 'failed'"),
        _finished("step", "'queued', 'running', 'waiting'"),
        postgresql_with=ROOM,
    )
    op.create_index("step_unfinished", "step", ["job"], postgresql_where=sa.text("finished_at is null"))


def _make_event() -> None:
    op.create_table(
        "event",
        *_texts("job", "kind", "detail"),
        sa.Column("number", sa.Integer(), nullable=False),
        _time("at", nullable=False),
        sa.Column("step", sa.Text()),
        sa.PrimaryKeyConstraint("job", "number", name="event_pk"),
        sa.ForeignKeyConstraint(["job"], ["job.id"], name="event_job_fk", ondelete="CASCADE"),
    )


def _make_connection() -> None:
    op.create_table(
        "connection",
        *_texts("workspace", "id", "name", "endpoint", "state"),
        sa.Column("pack_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "id", name="connection_pk"),
        _states("connection", "'active', 'needs_reauth', 'revoked'"),
    )


def _make_api_key() -> None:
    op.create_table(
        "api_key",
        *_texts("id", "workspace", "name"),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _time("created_at", nullable=False),
        _time("revoked_at"),
        sa.PrimaryKeyConstraint("id", name="api_key_pk"),
    )
    op.create_index("api_key_workspace", "api_key", ["workspace"])
