"""What stands still is found out with what there is to know of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from packsys.store.database import open_database
from tests.chaos.broker import UNACKED, client, held
from tests.chaos.rows import Rows
from tests.ports.house import House, in_postgres
from tests.ports.samples import call, job
from tests.ports.single import claim_one

READ = call("Read")


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    with closing(open_database(database_url)) as database:
        yield in_postgres(database)


@pytest.fixture
def rows(database_url: str) -> Iterator[Rows]:
    with closing(Rows(database_url, "stands")) as found:
        yield found


def accepted(house: House, key: str) -> str:
    """Gives a job with one queued step."""
    kept = house.jobs.accept(job(timeout=1000), idempotency_key=key)
    house.steps.add(kept.id, [READ])
    return kept.id


def test_a_live_job_that_tells_nothing_stands(house: House, rows: Rows) -> None:
    stands, ended = accepted(house, "stands-1"), accepted(house, "stands-2")
    accepted(house, "another-run")
    house.jobs.finish(ended, 1)
    claim_one(house.steps, stands, READ.key, worker="dead", lease=5)
    assert rows.standing(20) == []
    house.wait(30)
    (found,) = rows.standing(20)
    assert (found["id"], found["open"], [kind for _, kind, *_ in found["told"]][-1]) == (stands, 1, "step.running")
    (step,) = found["steps"]
    assert (step["state"], step["worker"], round(step["lease"])) == ("running", "dead", -25)


def test_one_that_waits_for_its_time_does_not(house: House, rows: Rows) -> None:
    held_up = claim_one(house.steps, accepted(house, "stands-3"), READ.key, worker="w", lease=5)
    assert held_up
    house.steps.postpone(held_up, delay=60, cause="Upstream")
    house.wait(30)
    assert rows.standing(20) == []
    house.wait(40)
    assert len(rows.standing(20)) == 1


def test_a_message_in_the_hands_of_a_worker_is_told_by_its_task(state_url: str) -> None:
    server = client(state_url)
    headers = {"task": "packsys.step", "argsrepr": "('job', 'key')", "id": "job.1", "eta": None}
    server.hset("unacked", "tag", json.dumps([{"headers": headers}, "", "formulas"]))
    server.zadd(UNACKED, {"tag": time.time() - 7})
    try:
        (told,) = held(state_url)
    finally:
        server.delete("unacked", UNACKED)
    assert told.startswith("7.")
    assert told.endswith("s: packsys.step ('job', 'key') job.1 None")
