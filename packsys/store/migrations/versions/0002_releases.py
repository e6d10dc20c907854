"""Makes the table of published pack versions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TEXTS = ("pack_version", "name", "runtime", "sha256", "manifest")


def upgrade() -> None:
    """Makes it."""
    op.create_table(
        "pack_release",
        sa.Column("pack_id", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS),
        sa.Column("archive", sa.LargeBinary(), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("pack_id", "pack_version", name="pack_release_pk"),
        sa.CheckConstraint("runtime in ('python', 'javascript')", name=op.f("pack_release_runtime_ck")),
    )
