"""A fresh database for what looks at, or breaks, the database itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from packsys.store.database import Database, open_database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Gives the way to a fresh, migrated database."""
    opened = open_database(database_url, application="packsys-test")
    yield opened
    opened.close()
