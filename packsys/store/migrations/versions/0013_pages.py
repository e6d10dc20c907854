"""Makes the function that keeps the pages of sync tables; the one that it calls comes with migration 0015."""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"

_FUNCTIONS = Path(__file__).parents[1] / "sql" / "0013_pages.sql"


def upgrade() -> None:
    """Makes one function."""
    op.get_bind().exec_driver_sql(_FUNCTIONS.read_text(encoding="utf-8").replace("%", "%%"))
