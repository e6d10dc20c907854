from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from pathlib import Path
from uuid import uuid4

import pytest

from packsys.client import Job, JobFailed, Packsys, Refused, StillRunning
from packsys.errors import Actor, RateLimited
from packsys.taxonomy import RECOVERY
from packsys.values import ErrorValue
from tests.service.house import SmallHouse
from tests.waiting import until

ROOT = Path(__file__).parents[2]


@pytest.fixture
def elsewhere() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


def only_job(house: SmallHouse) -> str:
    """Waits for a job and gives its id."""
    until(lambda: len(house.accepted) == 1)
    (job,) = house.accepted
    return job


def test_run_gives_the_value(client: Packsys) -> None:
    value = {"a": [1, 2.5, None, "测试"], "b": True}
    assert client.run("Done()", variables={"Value": value}) == value


def test_run_waits_for_the_value(client: Packsys, house: SmallHouse, elsewhere: ThreadPoolExecutor) -> None:
    running = elsewhere.submit(client.run, "=1 + 1")
    house.jobs.finish(only_job(house), 2)
    assert running.result() == 2


def test_a_formula_that_fails_raises_its_error(
    client: Packsys, house: SmallHouse, elsewhere: ThreadPoolExecutor
) -> None:
    running = elsewhere.submit(client.run, "=1 + 1")
    house.jobs.finish(only_job(house), ErrorValue.of(RateLimited(retry_after=3)))
    with pytest.raises(JobFailed) as caught:
        running.result()
    failed = caught.value
    assert (failed.code, failed.actor, failed.retryable, failed.retry_after) == ("RateLimited", Actor.TIME, True, 3)
    assert str(failed) == failed.message == "The service asks for fewer requests."
    assert (failed.category, failed.advice) == ("rate_limit", RECOVERY["RateLimited"].advice)
    assert failed.job.state == "failed"


def test_a_formula_that_is_wrong_raises_where(client: Packsys, house: SmallHouse) -> None:
    with pytest.raises(Refused) as caught:
        client.run("1 + Nope()")
    refused = caught.value
    assert (refused.status, refused.code, refused.actor) == (422, "UnknownFormula", Actor.AUTHOR)
    assert refused.message == "There is no formula 'Nope'."
    assert (refused.category, refused.retryable) == (refused.problem["category"], False) == ("parse", False)
    assert refused.advice == refused.problem["advice"] == RECOVERY["UnknownFormula"].advice
    assert str(refused) == refused.drawing
    assert "\n      ^" in refused.drawing
    assert not house.accepted


def test_what_is_wrong_with_a_request_is_said(client: Packsys) -> None:
    with pytest.raises(Refused, match="body /timeout") as caught:
        client.run("=1", timeout=-1)
    assert caught.value.actor is Actor.CALLER


def test_a_job_is_submitted_looked_at_and_cancelled(client: Packsys) -> None:
    job = client.submit("=1")
    assert (job.state, job.ended) == ("accepted", False)
    assert client.job(job.id) == job
    assert client.cancel(job.id).state == client.cancel(job.id).state == "cancelled"
    with pytest.raises(JobFailed, match="cancelled") as caught:
        client.job(job.id).result()
    assert caught.value.code == "Cancelled"


def test_a_job_is_submitted_for_a_locale(client: Packsys) -> None:
    assert client.submit("=1", locale="de-AT").report["locale"] == "de-AT"
    assert client.submit("=1").report["locale"] == "en"


def test_a_job_does_not_change_in_the_hand(client: Packsys) -> None:
    with pytest.raises(FrozenInstanceError):
        client.submit("=1").report = {}  # type: ignore[misc]  # that it is refused is the point


def test_an_idempotency_key_makes_one_job_of_many_submits(client: Packsys) -> None:
    key = uuid4().hex
    assert client.submit("=1", idempotency_key=key) == client.submit("=1", idempotency_key=key)
    assert client.submit("=1").id != client.submit("=1").id


def test_many_formulas_are_submitted_together_each_with_its_own_end(client: Packsys) -> None:
    accepted, wrong, done = client.submit_many(
        ["=1", "1 + Nope()", {"formula": "Done()", "variables": {"Value": [1]}, "locale": "de-AT"}]
    )
    assert isinstance(accepted, Job)
    assert (accepted.state, accepted.progress) == ("accepted", {})
    assert client.job(accepted.id).progress["total"] == 0
    assert isinstance(wrong, Refused)
    assert (wrong.status, wrong.code, wrong.actor) == (422, "UnknownFormula", Actor.AUTHOR)
    assert isinstance(done, Job)
    assert (done.result(), done.report["locale"]) == ([1], "de-AT")


def test_more_than_a_request_takes_are_sent_in_several(client: Packsys, house: SmallHouse) -> None:
    asked = ["=1"] * 1500 + ["=1" + " " * 100_000] * 12
    jobs = client.submit_many(asked)
    assert len({each.id for each in jobs if isinstance(each, Job)}) == len(house.accepted) == len(asked)


def test_idempotency_keys_hold_for_many_and_alone(client: Packsys) -> None:
    key = uuid4().hex
    first, second, other = client.submit_many(
        [{"formula": formula, "idempotency_key": key} for formula in ("=1", "=1", "=2")]
    )
    assert isinstance(first, Job)
    assert first == second
    assert first.id == client.submit("=1", idempotency_key=key).id
    assert isinstance(other, Refused)
    assert other.code == "IdempotencyMismatch"


def test_wait_gives_the_ended_job_whatever_its_end(
    client: Packsys, house: SmallHouse, elsewhere: ThreadPoolExecutor
) -> None:
    job = client.submit("=1").id
    waiting = elsewhere.submit(client.wait, job)
    until(lambda: house.bells.listening[job] == 1)
    house.jobs.cancel(job)
    assert waiting.result().state == "cancelled"


def test_wait_gives_up(client: Packsys) -> None:
    job = client.submit("=1")
    with pytest.raises(StillRunning):
        client.wait(job.id, timeout=0.01)
    with pytest.raises(StillRunning):
        job.result()


def test_a_job_of_nobody_is_not_found(client: Packsys) -> None:
    for ask in (client.job, client.cancel, client.wait, lambda job: next(client.events(job))):
        with pytest.raises(Refused) as caught:
            ask("01890a5d-ac96-774b-bcce-b302099a8057")
        assert (caught.value.status, caught.value.code) == (404, "NotFound")


def test_events_tell_a_job_to_its_end(client: Packsys, house: SmallHouse) -> None:
    job = client.submit("=1").id
    events = client.events(job)
    assert next(events).kind == "job.accepted"
    house.run_step(job, "a value")
    house.jobs.finish(job, 42)
    rest = list(events)
    assert [event.number for event in rest] == [2, 3, 4, 5, 6]
    assert (rest[-1].kind, rest[-1].last, rest[-1].step) == ("job.done", True, None)
    queued = next(event for event in rest if event.kind == "step.queued")
    assert queued.detail["call"] == "GitHub::Repos"
    assert queued.step == client.job(job).report["steps"][0]["key"]


def test_events_begin_after_the_one_given(client: Packsys) -> None:
    job = client.submit("Done()").id
    assert [event.kind for event in client.events(job, after=1)] == ["job.done"]
    assert list(client.events(job, after=2)) == []


def test_a_plan_is_shown(client: Packsys) -> None:
    plan = client.plan("GitHub::Repo(GitHub::Repos().First().Url)")
    assert [len(wave) for wave in plan["waves"]] == [1, 1]


def test_an_editor_is_assisted(client: Packsys) -> None:
    found = client.assist("Round(1, Lim", 12, variables={"Limit": 3}, most=1)
    assert [each["label"] for each in found["completions"]] == ["Limit"]
    assert found["signature"]["active"] == 1
    assert [mark["kind"] for mark in found["diagnostics"]] == ["Syntax", "UnknownName"]


def test_an_account_is_connected_once(client: Packsys, house: SmallHouse) -> None:
    made = client.connections.connect(pack="GitHub", name="hereisfun", token="not-a-real-token")
    again = client.connections.connect(pack="GitHub", name="renamed", token="not-a-real-token", connection=made["id"])
    assert [kept.name for kept in house.kept.list(workspace="default")] == ["renamed"]
    assert (again["id"], again["name"]) == (made["id"], "renamed")


def test_a_wrong_key_is_refused(url: str) -> None:
    with Packsys(url, "pk_wrong") as client, pytest.raises(Refused) as caught:
        client.run("=1")
    assert (caught.value.status, caught.value.code) == (401, "Unauthorized")


@pytest.mark.parametrize("address", ["localhost:8000", "", "redis://localhost"])
def test_an_address_that_is_none_is_refused_at_once(address: str) -> None:
    with pytest.raises(ValueError, match="http://"):
        Packsys(address, "pk_")


def test_a_key_does_not_show(client: Packsys) -> None:
    assert "pk_" not in f"{client!r} {vars(client)}"


def test_it_pulls_in_nothing_of_the_house_but_its_errors() -> None:
    script = "import sys, packsys.client; print(*sorted(m for m in sys.modules if m.startswith('packsys')))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    pulled = done.stdout.split()
    assert [each for each in pulled if not each.startswith("packsys.client")] == [
        "packsys",
        "packsys.errors",
        "packsys.taxonomy",
    ]


@pytest.mark.parametrize(("formula", "code", "output"), [("Done()", 0, "None\n"), ("Nope()", 1, "^\n")])
def test_the_example_prints_a_value_or_what_is_wrong(
    house: SmallHouse, url: str, formula: str, code: int, output: str
) -> None:
    done = subprocess.run(
        [sys.executable, "examples/http_client.py", formula],
        cwd=ROOT,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "PACKSYS_URL": url, "PACKSYS_KEY": house.token()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert output in done.stdout + done.stderr
