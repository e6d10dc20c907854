"""Gives jobs the locale that texts are written for. Those that there are get the one that all had."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0004"


def upgrade() -> None:
    """Adds the column. Its default stays: a service of the former release may still accept jobs."""
    op.add_column("job", sa.Column("locale", sa.Text(), nullable=False, server_default="en"))
