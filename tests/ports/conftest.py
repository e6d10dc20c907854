"""Every promise of a port is asked of its twin in memory and of the real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeAlias

import psycopg
import pytest

from packsys.embedded import EmbeddedServers
from packsys.kvstore.blobs import RedisBlobs
from packsys.kvstore.results import RedisResults
from packsys.memory import MemoryBlobs, MemoryResults
from packsys.ports import BlobStore, ResultCache
from packsys.runtime.allowance import Allowance
from packsys.store.database import Database, open_database
from tests.ports.house import Clock, House, empty, in_memory, in_postgres

Makes: TypeAlias = Callable[[Allowance], BlobStore]


@pytest.fixture(scope="session")
def database(servers: EmbeddedServers) -> Iterator[Database]:
    """Gives a database that all tests here share: they are many, and a fresh one takes a tenth of a second."""
    admin = servers.database_url.replace("+psycopg", "").replace("/packsys?", "/postgres?")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("create database ports template packsys strategy file_copy")
    opened = open_database(servers.database_url.replace("/packsys?", "/ports?"), connections=8)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def real_house(database: Database) -> Iterator[House]:
    """Gives the real stores; closes what listens."""
    with in_postgres(database) as house:
        yield house


@pytest.fixture
def emptied(database: Database, real_house: House) -> House:
    """Gives the real stores with nothing in them."""
    empty(database)
    return real_house


@pytest.fixture(params=["memory", "postgres"])
def house(request: pytest.FixtureRequest) -> House:
    """Gives each implementation of the stores."""
    kept: House = in_memory() if request.param == "memory" else request.getfixturevalue("emptied")
    return kept


@pytest.fixture(params=["memory", "redis"])
def blobs(request: pytest.FixtureRequest) -> Makes:
    """Gives a maker of each implementation of the store of temporary files, by what may be kept."""
    base = "https://packsys.example"
    if request.param == "memory":
        return lambda allowance: MemoryBlobs(now=lambda: datetime.now(UTC), base=base, allowance=allowance)
    made = RedisBlobs.at(request.getfixturevalue("cache_url"), base=base)
    return lambda allowance: replace(made, allowance=allowance)


@pytest.fixture(params=["memory", "redis"])
def results(request: pytest.FixtureRequest) -> ResultCache:
    """Gives each implementation of the result cache."""
    if request.param == "memory":
        return MemoryResults(Clock())
    return RedisResults.at(request.getfixturevalue("cache_url"))
