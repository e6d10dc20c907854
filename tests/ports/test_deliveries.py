"""What every DeliveryStore promises, and that the end of a job writes what is owed."""

from __future__ import annotations

import pytest

from packsys.model import Delivery, DeliveryState, Job
from tests.ports.house import MOST, SHARE, House
from tests.ports.samples import ERROR, NOBODYS, job
from tests.ports.threads import at_once

URL = "https://caller.example/hook?x=\\u0041"


def owed(house: House, *, workspace: str = "default") -> Job:
    """Ends a job that has a callback."""
    kept = house.jobs.accept(job(callback=URL, workspace=workspace))
    assert house.jobs.finish(kept.id, 1)
    return kept


def taken(house: House, *, limit: int = 1) -> Delivery:
    """Takes the only delivery that is due."""
    (delivery,) = house.deliveries.take(limit=limit, lease=60)
    return delivery


def the_one(house: House) -> Delivery:
    (delivery,) = house.deliveries.list(workspace="default")
    return delivery


@pytest.mark.parametrize("end", ["done", "failed", "cancelled", "expired"])
def test_the_end_of_a_job_owes_a_message(house: House, end: str) -> None:
    kept = house.jobs.accept(job(callback=URL))
    assert house.jobs.get(kept.id).callback == URL
    assert house.deliveries.take(limit=1, lease=60) == ()
    match end:
        case "done":
            house.jobs.finish(kept.id, 1)
        case "failed":
            house.jobs.finish(kept.id, ERROR)
        case "cancelled":
            house.jobs.cancel(kept.id)
        case "expired":
            house.wait(61)
            house.upkeep.expire()
    delivery = taken(house)
    assert (delivery.job, delivery.workspace, delivery.url) == (kept.id, "default", URL)
    assert (delivery.state, delivery.attempt, delivery.tries) == (DeliveryState.PENDING, 1, 1)
    assert house.events.since(kept.id, 0)[-1].detail["callback"] is True


def test_a_job_that_ends_twice_owes_one(house: House) -> None:
    kept = owed(house)
    house.jobs.finish(kept.id, 2)
    house.jobs.cancel(kept.id)
    assert taken(house, limit=10).job == kept.id


def test_a_job_without_a_callback_owes_nothing(house: House) -> None:
    kept = house.jobs.accept(job())
    house.jobs.finish(kept.id, 1)
    assert house.deliveries.take(limit=10, lease=60) == ()
    assert house.deliveries.list(workspace="default") == ()
    assert "callback" not in house.events.since(kept.id, 0)[-1].detail


def test_one_that_is_under_way_is_taken_by_nobody_else(house: House) -> None:
    owed(house)
    taken(house)
    assert house.deliveries.take(limit=1, lease=60) == ()


def test_one_that_is_under_way_is_taken_once_however_many_ask_at_once(house: House) -> None:
    for _ in range(3):
        owed(house)
    both = at_once(lambda _: house.deliveries.take(limit=3, lease=60))
    jobs = [each.job for those in both for each in those]
    assert len(jobs) == len(set(jobs)) == 3


def test_who_is_silent_for_longer_than_the_lease_writes_nothing_any_more(house: House) -> None:
    owed(house)
    first = taken(house)
    house.wait(61)
    second = taken(house)
    assert (second.attempt, second.tries) == (2, 2)
    assert not house.deliveries.delivered(first, status=200)
    assert not house.deliveries.postpone(first, delay=1, status=500, reason="late")
    assert not house.deliveries.bury(first, status=410, reason="late")
    assert the_one(house).state is DeliveryState.PENDING
    assert house.deliveries.delivered(second, status=204)
    assert (the_one(house).state, the_one(house).status) == (DeliveryState.DELIVERED, 204)
    assert the_one(house).delivered_at is not None


def test_what_is_put_off_is_due_in_its_time(house: House) -> None:
    owed(house)
    assert house.deliveries.postpone(taken(house), delay=100, status=500, reason="It broke.")
    assert (the_one(house).status, the_one(house).reason) == (500, "It broke.")
    house.wait(90)
    assert house.deliveries.take(limit=1, lease=60) == ()
    house.wait(20)
    assert taken(house).tries == 2


@pytest.mark.parametrize("end", ["delivered", "dead"])
def test_what_has_ended_is_not_taken_until_somebody_asks_for_it(house: House, end: str) -> None:
    kept = owed(house)
    if end == "dead":
        house.deliveries.bury(taken(house), status=None, reason="Nobody is there.")
    else:
        house.deliveries.delivered(taken(house), status=200)
    house.wait(10**6)
    assert house.deliveries.take(limit=1, lease=60) == ()
    again = house.deliveries.retry(kept.id, workspace="default")
    assert again
    assert (again.state, again.tries, again.delivered_at) == (DeliveryState.PENDING, 0, None)
    assert (taken(house).attempt, the_one(house).tries) == (2, 1)


@pytest.mark.parametrize("nobodys", NOBODYS)
def test_what_there_is_not_cannot_be_retried(house: House, nobodys: str) -> None:
    assert house.deliveries.retry(nobodys, workspace="default") is None


def test_another_workspace_sees_and_retries_nothing(house: House) -> None:
    kept = owed(house)
    assert house.deliveries.list(workspace="elsewhere") == ()
    assert house.deliveries.retry(kept.id, workspace="elsewhere") is None


def test_they_are_listed_by_state_and_page_by_page_the_newest_first(house: House) -> None:
    jobs = [owed(house).id for _ in range(3)]
    house.deliveries.bury(taken(house), status=410, reason="Gone.")
    listed = [each.job for each in house.deliveries.list(workspace="default")]
    assert listed == jobs[::-1]
    assert [each.job for each in house.deliveries.list(workspace="default", limit=2)] == listed[:2]
    assert [each.job for each in house.deliveries.list(workspace="default", before=listed[1])] == listed[2:]
    assert [each.job for each in house.deliveries.list(workspace="default", state=DeliveryState.DEAD)] == jobs[:1]


def test_a_workspace_has_its_share_and_all_together_have_a_bound(house: House) -> None:
    for workspace in ("one", "two", "three"):
        for _ in range(SHARE + 2):
            owed(house, workspace=workspace)
    first = house.deliveries.take(limit=100, lease=60)
    assert len(first) == MOST
    assert max(sum(each.workspace == name for each in first) for name in ("one", "two", "three")) <= SHARE
    assert house.deliveries.take(limit=100, lease=60) == ()


def test_workspaces_take_turns(house: House) -> None:
    for _ in range(4):
        owed(house, workspace="many")
    owed(house, workspace="few")
    assert {each.workspace for each in house.deliveries.take(limit=2, lease=60)} == {"many", "few"}


def test_who_holds_its_share_lets_others_pass(house: House) -> None:
    for _ in range(SHARE + 3):
        owed(house, workspace="many")
    assert len(house.deliveries.take(limit=100, lease=60)) == SHARE
    owed(house, workspace="few")
    assert [each.workspace for each in house.deliveries.take(limit=100, lease=60)] == ["few"]
