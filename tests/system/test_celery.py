"""Other services speak plain Celery: a name, arguments, and the broker's address."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Celery

from packsys.cli.system import System

pytestmark = pytest.mark.slow


@pytest.fixture
def stranger(system: System) -> Celery:
    """Gives an app of a process that knows nothing of packsys but the broker's address."""
    return Celery(broker=system.settings.state_url, backend=system.settings.state_url)


def ask(app: Celery, name: str, *args: Any, **terms: Any) -> dict[str, Any]:
    """Sends a task and waits for what it gives."""
    answer: dict[str, Any] = app.send_task(name, args=args, kwargs=terms).get(timeout=30)
    return answer


def ended(app: Celery, job: dict[str, Any]) -> dict[str, Any]:
    """Asks for a job until it has ended."""
    while job["state"] in ("accepted", "running"):
        job = ask(app, "packsys.jobs.get", job["id"])
    return job


def test_a_formula_is_submitted_and_asked_for(stranger: Celery) -> None:
    job = ended(stranger, ask(stranger, "packsys.jobs.submit", "Probe::Add(n, 1)", {"n": 41}))
    assert (job["state"], job["value"]) == ("done", 42)
    assert [step["call"] for step in job["steps"]] == ["Probe::Add"]


def test_a_message_that_comes_twice_makes_one_job(stranger: Celery) -> None:
    first = stranger.send_task("packsys.jobs.submit", args=["1 + 1"], task_id="the-same-task").get(timeout=30)
    stranger.AsyncResult("the-same-task").forget()
    again = stranger.send_task("packsys.jobs.submit", args=["1 + 1"], task_id="the-same-task").get(timeout=30)
    assert again["id"] == first["id"]


def test_a_job_is_cancelled(stranger: Celery) -> None:
    job = ask(stranger, "packsys.jobs.submit", "Probe::Sleep(20, 1)")
    assert ask(stranger, "packsys.jobs.cancel", job["id"])["state"] == "cancelled"


REFUSED = {
    "a wrong formula": (("1 +",), {}, "Syntax"),
    "no formula at all": ((None,), {}, "BadRequest"),
    "a term that there is not": (("1",), {"colour": "red"}, "BadRequest"),
    "a locale that there is not": (("1",), {"locale": "xx"}, "BadRequest"),
    "a locale that is a number": (("1",), {"locale": 1}, "BadRequest"),
    "a timeout that is a word": (("1",), {"timeout": "soon"}, "BadRequest"),
    "variables that are none": (("1", [1]), {}, "BadRequest"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_accepted_is_answered_with_its_code(stranger: Celery, name: str) -> None:
    args, terms, code = REFUSED[name]
    answer = ask(stranger, "packsys.jobs.submit", *args, **terms)
    assert (answer["state"], answer["error"]["code"]) == ("refused", code)


def test_a_job_that_does_not_exist_is_said(stranger: Celery) -> None:
    assert ask(stranger, "packsys.jobs.get", "nothing")["error"]["code"] == "NotFound"
