"""Nobody waits for another's backlog, what is urgent goes first, and what there is no room for is refused."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest

from packsys.bootstrap import Services, wire
from packsys.cli.system import Plan, System
from packsys.client import Packsys
from packsys.model import Priority, Submission
from packsys.runtime.keys import digest_of, issue
from tests.conftest import PROBE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

CROWD = {Priority.BACKFILL: 100, Priority.SCHEDULED: 100, Priority.INTERACTIVE: 2_000}
"""Jobs of one call that another workspace has submitted before."""

AHEAD = 200
"""Of 2,000 calls so many may be made before one that comes behind them: the list before the workers holds 64."""

TAKEN = 50
"""Less urgent calls, of 100, that workers may take before the urgent one: each of two slots takes a few at once, and
more where a busy machine is late to fill the list before the workers up."""

ENDED = """
select priority, count(*) from job
where workspace = 'loud' and finished_at < (select finished_at from job where workspace = 'quiet') group by priority
"""


def backlog(services: Services, priority: Priority, jobs: int) -> None:
    """Submits jobs of one call each."""
    asked = Submission(formula="Probe::Echo(1)", workspace="loud", priority=priority, timeout=600)
    for _ in range(jobs):
        services.submit(asked)


def key_of(services: Services, workspace: str) -> str:
    """Makes a key of another workspace."""
    key, token = issue("test", workspace, randomness=secrets.token_bytes, now=datetime.now(UTC))
    services.keys.add(key, digest_of(token))
    return token


@pytest.fixture(scope="module")
def ended_before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """Counts, by priority, the jobs of a crowd that ended before one of another workspace that came behind them."""
    plan = Plan(directory=tmp_path_factory.mktemp("crowd"), parts=("service",), packs=(PROBE,), slots=2, durable=False)
    with System(plan) as system:
        services = wire(system.settings)
        for priority, jobs in CROWD.items():
            backlog(services, priority, jobs)
        with Packsys(system.url, key_of(services, "quiet")) as quiet:
            job = quiet.submit("Probe::Echo(7)", timeout=600)
            system.start_part("worker")
            assert quiet.wait(job.id).result() == 7
        with psycopg.connect(system.settings.database_url.replace("+psycopg", "")) as connection:
            yield dict(connection.execute(ENDED).fetchall())


def test_a_job_is_answered_while_the_backlog_of_another_workspace_is_still_there(ended_before: dict[str, int]) -> None:
    assert ended_before.get(Priority.INTERACTIVE, 0) < AHEAD


def test_what_is_urgent_overtakes_what_came_before(ended_before: dict[str, int]) -> None:
    assert ended_before.get(Priority.SCHEDULED, 0) <= TAKEN
    assert ended_before.get(Priority.BACKFILL, 0) <= TAKEN


def test_a_service_refuses_what_there_is_no_room_for_until_there_is(tmp_path_factory: pytest.TempPathFactory) -> None:
    plan = Plan(
        directory=tmp_path_factory.mktemp("full"), parts=("service",), packs=(PROBE,), durable=False, queue_depth=5
    )
    with System(plan) as system:
        accepted, answer = submitted_until_refused(system)
        assert (answer.status_code, answer.json()["code"]) == (503, "Overloaded")
        assert float(answer.headers["retry-after"]) > 0
        system.start_part("worker")
        with Packsys(system.url, system.key, patience=120) as patient:
            assert patient.run("Probe::Echo(8)") == 8
            assert {patient.wait(job).result() for job in accepted} == {1}


def submitted_until_refused(system: System) -> tuple[list[str], httpx.Response]:
    """Submits until the service refuses: what was accepted, and the refusal."""
    accepted: list[str] = []
    asked: dict[str, Any] = {"formula": "Probe::Echo(1)", "timeout": 600}
    with httpx.Client(base_url=system.url, headers={"Authorization": f"Bearer {system.key}"}, timeout=30) as client:
        while (answer := client.post("/v1/jobs", json=asked)).is_success:
            accepted.append(answer.json()["id"])
    return accepted, answer
