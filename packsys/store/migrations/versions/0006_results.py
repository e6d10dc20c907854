"""Makes the tables of results that are good for long."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Makes two tables."""
    op.create_table(
        "result",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
        sa.Column("fresh_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="result_pk"),
    )
    op.create_index("result_tags", "result", ["tags"], postgresql_using="gin")
    op.create_index("result_fresh_until", "result", ["fresh_until"])
    op.create_table(
        "result_tag",
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("forgotten", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tag", name="result_tag_pk"),
    )
