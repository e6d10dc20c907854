"""Lets the rows of jobs and steps be written without what PostgreSQL would read anew each time to check them."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Drops four checks: only our own statements write there, and to read and plan a check takes longer than the row."""
    for table in ("job", "step"):
        for check in ("state", "finished"):
            op.drop_constraint(op.f(f"{table}_{check}_ck"), table)
