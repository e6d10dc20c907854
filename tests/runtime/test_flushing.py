"""What is kept may be lost at any moment, and no answer changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random
from typing import Annotated

import pytest
from redis import Redis
from sqlalchemy import text

from packsys.kvstore.address import connect
from packsys.kvstore.results import PREFIX, RedisResults
from packsys.model import Submission
from packsys.sdk import Context, Pack
from packsys.store.database import Database, open_database
from packsys.store.results import PostgresResults
from tests.ports.house import in_postgres
from tests.runtime.world import World, world

pytestmark = pytest.mark.slow

JOBS, CALLS, THREADS = 120, 12, 4

pack = Pack(id=9410, name="Numbers", version="1.0.0", description="For a test.")


@pack.formula(cache_ttl=60)
def double(context: Context, n: Annotated[float, "A number."]) -> float:
    """Doubles."""
    return 2 * n


@pack.formula(cache_ttl=7200, cache_stale=60)
def triple(context: Context, n: Annotated[float, "A number."]) -> float:
    """Triples, for long."""
    return 3 * n


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Gives a fresh database."""
    opened = open_database(database_url, connections=THREADS + 2)
    yield opened
    opened.close()


@pytest.fixture
def cache(cache_url: str) -> Iterator[Redis]:
    """Gives a client of the cache server."""
    opened = connect(cache_url, timeout=5)
    yield opened
    opened.close()


@pytest.fixture
def here(database: Database, cache: Redis) -> World:
    """Gives a world whose stores are real."""
    house = in_postgres(database)
    return world(pack, house=house, results=RedisResults(cache), lasting=PostgresResults(database), lease=1.0)


def lose(cache: Redis, database: Database, random: Random) -> None:
    """Loses some of what is kept, or all."""

    def evict() -> None:
        keys = list(cache.scan_iter(f"{PREFIX}*"))
        cache.delete(*random.sample(keys, len(keys) // 2), "none")

    def truncate() -> None:
        with database.begin() as connection:
            connection.execute(text("truncate result"))

    losses: list[Callable[[], object]] = [cache.flushall, evict, truncate]
    random.choice(losses)()


def work(here: World) -> None:
    """Delivers messages until none is left."""
    with suppress(IndexError):
        while True:
            here.deliver(here.messages.waiting.popleft())


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_lost_no_answer_changes(here: World, cache: Redis, database: Database, seed: int) -> None:
    random = Random(seed)
    jobs = {}
    for _ in range(JOBS):
        n = random.randrange(CALLS)
        job = here.submit(Submission(formula=f"Numbers::Double({n}) + Numbers::Triple({n})", timeout=86_000))
        jobs[job.id] = 5 * n
    while live := [job for job in jobs if not here.house.jobs.get(job).state.final]:
        with ThreadPoolExecutor(THREADS) as pool:
            workers = [pool.submit(work, here) for _ in range(THREADS)]
            while not all(each.done() for each in workers):
                lose(cache, database, random)
            assert [each.exception() for each in workers] == [None] * THREADS
        here.house.wait(30)
        here.reconcile()
    assert live == []
    assert {job: here.house.jobs.get(job).value for job in jobs} == jobs
