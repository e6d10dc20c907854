"""Every promise of a port is asked of its twin in memory and of the real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeAlias

import pytest

from packsys.embedded import EmbeddedServers
from packsys.kvstore.blobs import RedisBlobs
from packsys.memory import MemoryBlobs, MemoryLasting
from packsys.ports import BlobStore, LastingResults
from packsys.runtime.allowance import Allowance
from packsys.store.database import Database, open_database
from packsys.store.results import PostgresResults
from tests.databases import PRISTINE, made
from tests.ports import halls
from tests.ports.halls import Hall
from tests.ports.house import Clock, House, age, empty, in_memory, in_postgres

Makes: TypeAlias = Callable[[Allowance], BlobStore]


@pytest.fixture(scope="session")
def database(servers: EmbeddedServers) -> Iterator[Database]:
    """Gives a database that all tests here share: they are many, and a fresh one takes a tenth of a second."""
    with made(servers, "ports", template=PRISTINE) as url:
        opened = open_database(url, connections=8)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def real_house(database: Database) -> House:
    """Gives the real stores."""
    return in_postgres(database)


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
def hall(request: pytest.FixtureRequest) -> Hall:
    """Gives each implementation of the result cache and its flights."""
    return halls.in_memory() if request.param == "memory" else halls.in_redis(request.getfixturevalue("cache_url"))


@pytest.fixture(params=["memory", "postgres"])
def lasting(request: pytest.FixtureRequest) -> tuple[LastingResults, Callable[[float], None]]:
    """Gives each implementation of what keeps results for long, and what makes seconds pass."""
    if request.param == "memory":
        clock = Clock()
        return MemoryLasting(clock), clock.wait
    database = request.getfixturevalue("database")
    empty(database)
    return PostgresResults(database), lambda seconds: age(database, seconds)
