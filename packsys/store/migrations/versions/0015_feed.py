"""Keeps the change feed in lines of many changes, and rows without an index of their numbers."""

from pathlib import Path

from alembic import op

revision = "0015"
down_revision = "0014"

_CHANGES = Path(__file__).parents[1] / "sql" / "0015_feed.sql"


def upgrade() -> None:
    """Changes two tables, and the function that writes them."""
    op.get_bind().exec_driver_sql(_CHANGES.read_text(encoding="utf-8").replace("%", "%%"))
