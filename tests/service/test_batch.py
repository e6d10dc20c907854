"""Many formulas in one request: each has its own answer."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from packsys.errors import HouseError, NotConnected, NotReady, Overloaded
from packsys.runtime.batch import MOST
from tests.service.house import SmallHouse


def posted(http: httpx.Client, *jobs: dict[str, Any]) -> list[dict[str, Any]]:
    answer = http.post("/v1/batches", json={"jobs": jobs})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["jobs"]
    return items


def test_each_formula_is_answered_at_its_place(http: httpx.Client) -> None:
    waiting, wrong, ended = posted(
        http, {"formula": "=1"}, {"formula": "1 + Nope()"}, {"formula": "Done()", "variables": {"Value": None}}
    )
    assert (waiting["status"], waiting["job"]["state"], "problem" in waiting) == (202, "accepted", False)
    assert (wrong["status"], wrong["problem"]["code"], "job" in wrong) == (422, "UnknownFormula", False)
    assert (ended["status"], ended["job"]["state"], ended["job"]["value"]) == (200, "done", None)


def test_an_accepted_one_is_the_job_that_is_found(http: httpx.Client) -> None:
    (item,) = posted(http, {"formula": "=1", "locale": "de-AT", "priority": "backfill"})
    found = http.get(f"/v1/jobs/{item['job']['id']}").json()
    assert item["job"] == {name: found[name] for name in item["job"]}
    assert set(found) - set(item["job"]) == {"formula", "progress", "steps"}


def test_a_problem_is_the_document_that_the_formula_would_get_alone(http: httpx.Client) -> None:
    same = {"X-Request-ID": "same"}
    wrong = {"formula": "1 + Nope()"}
    together = http.post("/v1/batches", json={"jobs": [wrong]}, headers=same).json()["jobs"][0]
    alone = http.post("/v1/jobs", json=wrong, headers=same)
    assert (together["status"], together["problem"]) == (alone.status_code, alone.json())


def test_a_key_is_the_same_job_in_a_batch_and_alone(http: httpx.Client) -> None:
    asked = {"formula": "=1", "idempotency_key": uuid4().hex}
    alone = http.post("/v1/jobs", json=asked).json()["id"]
    first, second, other = posted(http, asked, asked, {**asked, "formula": "=2"})
    assert first["job"]["id"] == second["job"]["id"] == alone
    assert (other["status"], other["problem"]["code"]) == (422, "IdempotencyMismatch")


def test_the_workspace_is_the_keys(http: httpx.Client, stranger: httpx.Client, house: SmallHouse) -> None:
    (item,) = posted(stranger, {"formula": "=1"})
    assert house.jobs.get(item["job"]["id"]).workspace == "elsewhere"


@pytest.mark.parametrize("trouble", [NotReady(retry_after=1.0), Overloaded(retry_after=5.0)])
def test_where_there_is_no_room_the_whole_is_refused(http: httpx.Client, house: SmallHouse, trouble: NotReady) -> None:
    before = set(house.accepted)
    house.troubles.append(trouble)
    answer = http.post("/v1/batches", json={"jobs": [{"formula": "=1"}]})
    assert (answer.status_code, answer.json()["code"]) == (503, trouble.code)
    assert answer.headers["Retry-After"] == f"{trouble.retry_after:g}"
    assert house.accepted == before


def test_an_account_that_cannot_be_used_troubles_its_formula_only(http: httpx.Client, house: SmallHouse) -> None:
    house.troubles.append(NotConnected())
    locked, accepted = posted(http, {"formula": "=1"}, {"formula": "=1"})
    assert (locked["status"], accepted["status"]) == (409, 202)


def test_a_value_that_no_formula_can_hold_troubles_its_formula_only(http: httpx.Client) -> None:
    first, large, last = posted(
        http, {"formula": "=1"}, {"formula": "=1", "variables": {"V": 10**400}}, {"formula": "=2"}
    )
    assert [first["status"], large["status"], last["status"]] == [202, 400, 202]


def test_what_is_our_mistake_is_told_to_the_log_only(
    http: httpx.Client, house: SmallHouse, caplog: pytest.LogCaptureFixture
) -> None:
    house.troubles.append(HouseError("A secret of the house."))
    broken, accepted = posted(http, {"formula": "=1"}, {"formula": "=1"})
    assert (broken["status"], accepted["status"]) == (500, 202)
    assert "secret" not in broken["problem"]["detail"]
    assert "A secret of the house." in caplog.text


@pytest.mark.parametrize(
    ("jobs", "pointer"),
    [
        ([], "/jobs"),
        ([{"formula": "=1"}] * (MOST + 1), "/jobs"),
        ([{"formula": "=1"}, {"formula": "=1", "timeout": -1}], "/jobs/1/timeout"),
        ([{"formula": "=1", "wait": 1}], "/jobs/0/wait"),
        ([{"formula": "=1", "workspace": "elsewhere"}], "/jobs/0/workspace"),
    ],
)
def test_a_request_of_the_wrong_form_is_refused_as_a_whole(
    http: httpx.Client, house: SmallHouse, jobs: list[dict[str, Any]], pointer: str
) -> None:
    before = set(house.accepted)
    answer = http.post("/v1/batches", json={"jobs": jobs})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert house.accepted == before


def test_a_body_above_a_megabyte_is_refused(http: httpx.Client) -> None:
    answer = http.post("/v1/batches", json={"jobs": [{"formula": "x" * 999}] * MOST})
    assert (answer.status_code, answer.json()["code"]) == (413, "TooLarge")
