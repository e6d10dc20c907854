"""Makes the functions that keep the pages of sync tables."""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"

_FUNCTIONS = Path(__file__).parents[1] / "sql" / "0013_pages.sql"


def upgrade() -> None:
    """Makes two functions."""
    op.get_bind().exec_driver_sql(_FUNCTIONS.read_text(encoding="utf-8").replace("%", "%%"))
