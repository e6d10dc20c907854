"""The reference formula runs, from HTTP request to answer."""

from __future__ import annotations

import pytest

from examples.demo import CONNECTION, FORMULA
from packsys.client import Packsys
from tests.fakeapi import TOKEN, FakeGitHub

pytestmark = pytest.mark.slow


@pytest.fixture
def connected(service: Packsys, github: FakeGitHub) -> Packsys:
    """Gives a client whose workspace has the account that the formula names."""
    service.connections.connect(
        pack="GitHub", name="hereisfun", token=TOKEN, endpoint=github.url, connection=CONNECTION
    )
    return service


def test_it_gives_the_full_name_of_the_accounts_first_repository(connected: Packsys) -> None:
    assert connected.run(FORMULA).endswith("测试")
    assert connected.run(FORMULA).startswith("hereisfun/")


def test_its_plan_is_two_waves_of_one_call(connected: Packsys) -> None:
    plan = connected.plan(FORMULA)
    assert [len(wave) for wave in plan["waves"]] == [1, 1]
    assert [step["call"] for step in plan["steps"]] == ["GitHub::Repos", "GitHub::Repo"]


def test_the_form_that_people_type_gives_the_same_value(connected: Packsys) -> None:
    typed = "=GitHub::Repo(GitHub::Repos([hereisfun]).First().Url, account: [hereisfun]).FullName + '测试'"
    assert connected.run(typed) == connected.run(FORMULA)


def test_a_second_run_is_answered_from_the_cache(connected: Packsys, github: FakeGitHub) -> None:
    connected.run(FORMULA)
    asked = len(github.requests)
    job = connected.wait(connected.submit(FORMULA).id)
    assert len(github.requests) == asked
    assert [step["cached"] for step in job.report["steps"]] == [True, True]


def test_the_token_is_in_no_answer(connected: Packsys) -> None:
    job = connected.wait(connected.submit(FORMULA).id)
    assert TOKEN not in str(job.report)
