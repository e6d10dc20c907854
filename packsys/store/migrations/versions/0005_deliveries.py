"""Makes the tables of messages to callbacks, and of what they are signed with."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _texts(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    """Changes one table and makes two."""
    op.add_column("job", sa.Column("callback", sa.Text()))
    _make_delivery()
    op.create_table(
        "webhook_secret",
        *_texts("workspace", "id"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _time("created_at", nullable=False),
        _time("expires_at"),
        sa.PrimaryKeyConstraint("workspace", "id", name="webhook_secret_pk"),
    )


def _make_delivery() -> None:
    op.create_table(
        "delivery",
        *_texts("job", "workspace", "url"),
        sa.Column("state", sa.Text(), nullable=False, server_default="pending"),
        sa.Column("attempt", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        _time("due_at", nullable=False),
        _time("lease_until"),
        _time("delivered_at"),
        sa.Column("status", sa.Integer()),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("job", name="delivery_pk"),
        sa.ForeignKeyConstraint(["job"], ["job.id"], name="delivery_job_fk", ondelete="CASCADE"),
        sa.CheckConstraint("state in ('pending', 'delivered', 'dead')", name=op.f("delivery_state_ck")),
    )
    op.create_index("delivery_due", "delivery", ["due_at"], postgresql_where=sa.text("state = 'pending'"))
    op.create_index("delivery_workspace", "delivery", ["workspace", "job"])
