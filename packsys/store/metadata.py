"""What all tables have in common: one register, and names that follow one rule."""

from __future__ import annotations

from sqlalchemy import DateTime, MetaData, text

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "uq": "%(table_name)s_%(column_0_N_name)s_uq",
        "ck": "%(table_name)s_%(constraint_name)s_ck",
        "fk": "%(table_name)s_%(column_0_N_name)s_fk",
    }
)

# Rows of jobs and steps change several times within seconds: with room on the page a new version needs no new
# index entries (PostgreSQL's heap-only tuples).
ROOM = {"fillfactor": 70}
# The indexes of what is unfinished hang on a column that changes once, and that only the statements which look for
# stalls ask for: the others must find their row by its key, whatever PostgreSQL believes about the tables.
UNFINISHED = text("finished_at is null")


def moment() -> DateTime:
    """Makes the type of a time with its zone."""
    return DateTime(timezone=True)
