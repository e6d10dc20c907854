from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from packsys.errors import RateLimited
from packsys.values import ErrorValue, Origin
from tests.ports.single import claim_one
from tests.service.house import SmallHouse, call
from tests.waiting import until

ABSENT = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture
def elsewhere() -> Iterator[ThreadPoolExecutor]:
    """Sends requests from another thread, so that the test can act while they wait."""
    with ThreadPoolExecutor(1) as threads:
        yield threads


def submitted(http: httpx.Client, formula: str = "=1 + 1", **more: Any) -> dict[str, Any]:
    answer = http.post("/v1/jobs", json={"formula": formula, **more})
    assert answer.status_code in (200, 202), answer.text
    job: dict[str, Any] = answer.json()
    return job


def test_an_accepted_job_has_an_address(http: httpx.Client) -> None:
    answer = http.post("/v1/jobs", json={"formula": "=1 + 1"})
    assert answer.status_code == 202
    assert answer.json()["state"] == "accepted"
    assert http.get(answer.headers["location"]).json() == answer.json()


def test_a_job_that_has_ended_comes_with_its_value(http: httpx.Client) -> None:
    answer = http.post("/v1/jobs", json={"formula": "Done()", "variables": {"Value": ["测试", 1.5, None]}})
    assert answer.status_code == 200
    assert answer.json()["state"] == "done"
    assert answer.json()["value"] == ["测试", 1.5, None]


@pytest.mark.parametrize("formula", ["Long()", f'"{"x" * 5_000}"'])
def test_a_formula_that_is_better_alone_is_accepted_alone(http: httpx.Client, formula: str) -> None:
    assert submitted(http, formula)["state"] == "accepted"


@pytest.mark.parametrize(("terms", "locale"), [({}, "en"), ({"locale": "de-AT"}, "de-AT")])
def test_a_job_shows_its_locale(http: httpx.Client, terms: dict[str, str], locale: str) -> None:
    assert submitted(http, **terms)["locale"] == locale


def test_submit_waits_for_the_value(http: httpx.Client, house: SmallHouse, elsewhere: ThreadPoolExecutor) -> None:
    key = uuid4().hex
    waiting = elsewhere.submit(
        http.post, "/v1/jobs", json={"formula": "=1", "wait": 30}, headers={"Idempotency-Key": key}
    )
    job = submitted(http, "=1", idempotency_key=key)["id"]
    until(lambda: house.bells.listening[job] == 1)
    house.jobs.finish(job, 42)
    assert (waiting.result().status_code, waiting.result().json()["value"]) == (200, 42)
    assert house.bells.listening[job] == 0


def test_get_waits_for_the_value(http: httpx.Client, house: SmallHouse, elsewhere: ThreadPoolExecutor) -> None:
    job = submitted(http)["id"]
    waiting = elsewhere.submit(http.get, f"/v1/jobs/{job}", params={"wait": 30})
    until(lambda: house.bells.listening[job] == 1)
    house.run_step(job, "a value")
    house.jobs.finish(job, 42)
    assert waiting.result().json()["value"] == 42


def test_a_lost_bell_delays_an_answer_and_loses_nothing(
    http: httpx.Client, house: SmallHouse, elsewhere: ThreadPoolExecutor, quiet: None
) -> None:
    job = submitted(http)["id"]
    waiting = elsewhere.submit(http.get, f"/v1/jobs/{job}", params={"wait": 30})
    until(lambda: house.bells.listening[job] == 1)
    house.jobs.finish(job, 42)
    assert waiting.result().json()["value"] == 42


def test_who_has_waited_long_enough_gets_the_job_as_it_is(http: httpx.Client, house: SmallHouse) -> None:
    job = submitted(http)["id"]
    answer = http.get(f"/v1/jobs/{job}", params={"wait": 0.01})
    assert (answer.status_code, answer.json()["state"]) == (200, "accepted")
    assert house.bells.listening[job] == 0


def test_a_job_shows_its_steps(http: httpx.Client, house: SmallHouse) -> None:
    job = submitted(http)["id"]
    house.run_step(job, "a value", name="Repos")
    house.run_step(job, ErrorValue.of(RateLimited(retry_after=3), Origin(1, 7, "GitHub::Repo")), name="Repo")
    first, second = http.get(f"/v1/jobs/{job}").json()["steps"]
    assert (first["number"], first["wave"], first["call"], first["state"]) == (1, 1, "GitHub::Repos", "done")
    assert (first["attempt"], first["cached"], first["error"]) == (1, False, None)
    assert first["queued_at"] <= first["started_at"] <= first["finished_at"]
    assert first["seconds"] >= 0
    assert (second["state"], second["error"]["code"], second["error"]["retry_after"]) == ("failed", "RateLimited", 3)
    assert "a value" not in http.get(f"/v1/jobs/{job}").text


def test_a_formula_that_fails_is_an_answer(http: httpx.Client, house: SmallHouse) -> None:
    job = submitted(http)["id"]
    house.jobs.finish(job, ErrorValue.of(RateLimited(), Origin(1, 7, "GitHub::Repo")))
    answer = http.get(f"/v1/jobs/{job}")
    assert (answer.status_code, answer.json()["state"], answer.json()["value"]) == (200, "failed", None)
    assert answer.json()["error"] == {
        "code": "RateLimited",
        "message": "The service asks for fewer requests.",
        "advice": "Wait: there will be room again. Ask less often, or for more at once.",
        "category": "rate_limit",
        "actor": "time",
        "retryable": True,
        "retry_after": None,
        "call": "GitHub::Repo",
        "start": 1,
        "end": 7,
    }


def test_kinds_that_json_lacks_are_texts(http: httpx.Client, house: SmallHouse) -> None:
    job = submitted(http)["id"]
    house.jobs.finish(job, [date(2026, 1, 2), datetime(2026, 1, 2, 3, tzinfo=UTC), timedelta(hours=26)])
    assert http.get(f"/v1/jobs/{job}").json()["value"] == ["2026-01-02", "2026-01-02T03:00:00+00:00", "P1DT2H"]


def test_a_variable_may_be_an_account(http: httpx.Client, house: SmallHouse) -> None:
    account = {"account": ABSENT}
    assert submitted(http, "Done()", variables={"Value": account})["value"] == account


def test_cancelling_ends_a_job_and_repeating_it_is_harmless(http: httpx.Client) -> None:
    job = submitted(http)["id"]
    first, second = http.delete(f"/v1/jobs/{job}"), http.delete(f"/v1/jobs/{job}")
    assert (first.status_code, first.json()["state"]) == (200, "cancelled")
    assert second.json() == first.json()


def test_a_job_that_has_ended_cannot_be_cancelled_any_more(http: httpx.Client) -> None:
    job = submitted(http, "Done()", variables={"Value": 1})
    assert http.delete(f"/v1/jobs/{job['id']}").json() == job


def test_the_same_idempotency_key_is_the_same_job(http: httpx.Client) -> None:
    key = uuid4().hex
    by_header = http.post("/v1/jobs", json={"formula": "=1"}, headers={"Idempotency-Key": key})
    by_field = http.post("/v1/jobs", json={"formula": "=1", "idempotency_key": key})
    by_both = http.post("/v1/jobs", json={"formula": "=1", "idempotency_key": key}, headers={"Idempotency-Key": key})
    assert by_header.json()["id"] == by_field.json()["id"] == by_both.json()["id"]


def test_how_long_one_waits_does_not_make_another_request_of_it(http: httpx.Client) -> None:
    key = uuid4().hex
    assert submitted(http, idempotency_key=key)["id"] == submitted(http, idempotency_key=key, wait=0.01)["id"]


def test_an_idempotency_key_belongs_to_one_request(http: httpx.Client) -> None:
    key = uuid4().hex
    submitted(http, "=1", idempotency_key=key)
    answer = http.post("/v1/jobs", json={"formula": "=2", "idempotency_key": key})
    assert (answer.status_code, answer.json()["code"]) == (422, "IdempotencyMismatch")


def test_two_idempotency_keys_are_one_too_many(http: httpx.Client) -> None:
    answer = http.post("/v1/jobs", json={"formula": "=1", "idempotency_key": "a"}, headers={"Idempotency-Key": "b"})
    assert (answer.status_code, answer.json()["code"]) == (422, "IdempotencyMismatch")


def test_idempotency_keys_of_workspaces_do_not_meet(http: httpx.Client, stranger: httpx.Client) -> None:
    key = uuid4().hex
    ours, theirs = submitted(http, idempotency_key=key), submitted(stranger, idempotency_key=key)
    assert ours["id"] != theirs["id"]


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", ""), ("GET", "/events")])
def test_a_foreign_job_looks_exactly_like_none(
    http: httpx.Client, stranger: httpx.Client, house: SmallHouse, method: str, path: str
) -> None:
    job = submitted(http)["id"]
    same = {"X-Request-ID": "same"}
    foreign = stranger.request(method, f"/v1/jobs/{job}{path}", headers=same)
    absent = stranger.request(method, f"/v1/jobs/{ABSENT}{path}", headers=same)
    assert foreign.status_code == absent.status_code == 404
    assert foreign.text.replace(job, "") == absent.text.replace(ABSENT, "")
    assert house.jobs.get(job).state == "accepted"


@pytest.mark.parametrize("job", ["1", "x" * 500, f"{ABSENT}'", "%00"])
def test_an_id_that_no_job_can_have_is_refused(http: httpx.Client, job: str) -> None:
    assert http.get(f"/v1/jobs/{job}").status_code == 422


def test_the_workspace_is_the_keys(http: httpx.Client, stranger: httpx.Client, house: SmallHouse) -> None:
    assert house.jobs.get(submitted(stranger)["id"]).workspace == "elsewhere"
    answer = http.post("/v1/jobs", json={"formula": "=1", "workspace": "elsewhere"})
    assert answer.json()["errors"] == [
        {"where": "body", "pointer": "/workspace", "detail": "Extra inputs are not permitted"}
    ]


def test_a_job_shows_how_far_it_is(http: httpx.Client, house: SmallHouse) -> None:
    job = http.post("/v1/jobs", json={"formula": "=1"}).json()
    assert job["progress"]["total"] == 0
    house.run_step(job["id"], 1)
    (step,) = house.steps.add(job["id"], [call(key="1" * 32)])
    claim = claim_one(house.steps, job["id"], step.key, worker="a test", lease=60)
    assert claim
    house.steps.postpone(claim, delay=100, cause="rate_limit")
    progress = http.get(f"/v1/jobs/{job['id']}").json()["progress"]
    (wait,) = progress.pop("waits")
    counts = {"queued": 0, "running": 0, "waiting": 1, "done": 1, "failed": 0, "cached": 0, "total": 2, "waves": 2}
    assert progress == counts
    assert (wait["cause"], wait["steps"]) == ("rate_limit", 1)
    assert 90 < wait["seconds"] <= 100


def test_steps_are_left_out_where_they_are_not_wanted(http: httpx.Client, house: SmallHouse) -> None:
    job = http.post("/v1/jobs", json={"formula": "=1"}).json()["id"]
    house.run_step(job, 1)
    shown = http.get(f"/v1/jobs/{job}", params={"steps": False}).json()
    assert (shown["steps"], shown["progress"]["done"]) == ([], 1)
