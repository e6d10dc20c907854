"""The stand-in answers as GitHub does, and misbehaves when told to."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests

from tests.fakeapi import FakeGitHub


@pytest.fixture
def api() -> Iterator[FakeGitHub]:
    with FakeGitHub() as started:
        yield started


@pytest.fixture
def session(api: FakeGitHub) -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.trust_env = False
        opened.headers["Authorization"] = f"Bearer {api.token}"
        yield opened


def test_the_account_and_its_repositories(api: FakeGitHub, session: requests.Session) -> None:
    assert session.get(f"{api.url}/user").json()["login"] == "hereisfun"
    names = [each["full_name"] for each in session.get(f"{api.url}/user/repos").json()]
    assert (len(names), names[0], names == sorted(names)) == (15, "hereisfun/abacus", True)
    assert len(session.get(f"{api.url}/user/repos?affiliation=owner").json()) == 12
    assert [each["login"] for each in session.get(f"{api.url}/user/orgs").json()] == ["tea-house-labs", "open-tides"]


def test_pages_are_linked_both_ways(api: FakeGitHub, session: requests.Session) -> None:
    middle = session.get(f"{api.url}/user/repos?per_page=4&page=2")
    numbers = {name: re.search(r"&page=(\d+)", link["url"]) for name, link in middle.links.items()}
    assert {name: int(found[1]) for name, found in numbers.items() if found} == {
        "prev": 1,
        "next": 3,
        "last": 4,
        "first": 1,
    }
    assert session.get(middle.links["next"]["url"]).json()[0]["full_name"] == "hereisfun/jade-router"
    assert "next" not in session.get(middle.links["last"]["url"]).links


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/users/inkstone", 200),
        ("/orgs/tea-house-labs", 200),
        ("/orgs/tea-house-labs/repos", 200),
        ("/repos/hereisfun/expense-ledger", 200),
        ("/repos/HereIsFun/Abacus", 200),
        ("/repositories/990301544101", 200),
        ("/rate_limit", 200),
        ("/", 200),
        ("/orgs/inkstone", 404),
        ("/users/nobody", 404),
        ("/repos/hereisfun/nothing", 404),
        ("/nowhere", 404),
        ("/user/repos?sort=colour", 422),
    ],
)
def test_other_places(api: FakeGitHub, session: requests.Session, path: str, status: int) -> None:
    answer = session.get(f"{api.url}{path}")
    assert answer.status_code == status
    assert status == 200 or answer.json()["status"] == str(status)


def test_a_renamed_repository_redirects(api: FakeGitHub, session: requests.Session) -> None:
    answer = session.get(f"{api.url}/repos/hereisfun/tea-timer-old")
    assert ([each.status_code for each in answer.history], answer.json()["name"]) == ([301], "tea-timer")


def test_a_wrong_token_is_refused_and_none_sees_what_is_public(api: FakeGitHub) -> None:
    wrong = {"Authorization": "Bearer other"}
    assert requests.get(f"{api.url}/user", headers=wrong, timeout=5).json()["message"] == "Bad credentials"
    assert requests.get(f"{api.url}/user", timeout=5).status_code == 401
    assert requests.get(f"{api.url}/users/inkstone", timeout=5).status_code == 200
    assert requests.get(f"{api.url}/repos/hereisfun/expense-ledger", timeout=5).status_code == 404


def test_an_unchanged_answer_is_not_sent_again(api: FakeGitHub, session: requests.Session) -> None:
    tag = session.get(f"{api.url}/user").headers["ETag"]
    again = session.get(f"{api.url}/user", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_requests_are_counted_and_limited(session: requests.Session) -> None:
    with FakeGitHub(limit=2) as api:
        answers = [session.get(f"{api.url}/user") for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 403]
    assert [each.headers["X-RateLimit-Remaining"] for each in answers] == ["1", "0", "0"]
    assert "rate limit exceeded" in answers[-1].json()["message"]


def test_it_misbehaves_as_often_as_it_is_told_to(api: FakeGitHub, session: requests.Session) -> None:
    api.misbehave("/user", status=500, times=2)
    api.misbehave("/user", status=429, headers={"Retry-After": "7"})
    answers = [session.get(f"{api.url}/user") for _ in range(4)]
    assert [each.status_code for each in answers] == [500, 500, 429, 200]
    assert answers[2].headers["Retry-After"] == "7"
    assert api.asked_for("/user") == 4


def test_it_hangs_up(api: FakeGitHub, session: requests.Session) -> None:
    api.misbehave("/user", drop=True)
    with pytest.raises(requests.ConnectionError):
        session.get(f"{api.url}/user")
    assert session.get(f"{api.url}/user").status_code == 200


def test_it_runs_as_a_program() -> None:
    with subprocess.Popen([sys.executable, "-m", "tests.fakeapi"], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        try:
            assert requests.get(f"{url}/", timeout=5).json()["user_url"] == f"{url}/users/{{user}}"
        finally:
            program.send_signal(signal.SIGTERM)
    assert program.returncode == 0
