"""Gives API keys their scopes. Those that there are keep what they could do."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds the column. Its default stays: a service of the former release may still make keys."""
    before = sa.text("'{jobs,connections}'")
    op.add_column("api_key", sa.Column("scopes", ARRAY(sa.Text()), nullable=False, server_default=before))
    # With the key of 'packsys up', packs were published too, straight into the database beside it.
    op.execute("update api_key set scopes = '{jobs,connections,packs}' where name = 'development'")
