"""Servers for what is synced."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from packsys.store.database import Database, open_database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Gives a fresh database."""
    opened = open_database(database_url)
    yield opened
    opened.close()
