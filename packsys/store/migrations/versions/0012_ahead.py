"""Makes the function that keeps calls which were made before anything told of them."""

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"

_FUNCTIONS = Path(__file__).parents[1] / "sql" / "0012_ahead.sql"


def upgrade() -> None:
    """Makes one function."""
    op.get_bind().exec_driver_sql(_FUNCTIONS.read_text(encoding="utf-8").replace("%", "%%"))
