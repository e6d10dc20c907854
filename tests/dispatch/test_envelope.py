"""Messages that are written here are those that Celery would have sent."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from redis import Redis

from packsys.dispatch.app import ADVANCE, QUEUES, STEP, celery_app
from packsys.dispatch.envelope import Envelope
from packsys.dispatch.quick import QuickDispatcher
from packsys.errors import NotReady
from packsys.kvstore.address import connect, translated
from packsys.kvstore.queues import RedisQueues
from packsys.model import Priority, Route, Step
from packsys.ports import Due
from tests.ports.samples import call
from tests.waiting import until

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def broker(state_url: str) -> Redis:
    """Gives an empty broker."""
    client = connect(state_url, timeout=5)
    client.flushdb()
    return client


def read(broker: Redis, queue: str) -> dict[str, Any]:
    """Takes the oldest message of a queue, with its body decoded."""
    message: dict[str, Any] = json.loads(broker.rpop(queue) or b"{}")
    message["body"] = json.loads(base64.b64decode(message["body"]))
    return message


def dispatcher(state_url: str) -> QuickDispatcher:
    """Gives one that writes to the state server."""
    app = celery_app(state_url)
    return QuickDispatcher(
        queues=RedisQueues.at(state_url),
        steps=Envelope.of(app, STEP),
        advances=Envelope.of(app, ADVANCE),
        now=lambda: NOW,
    )


def step(name: str = "Repos", number: int = 1) -> Step:
    """Gives a step to send."""
    return Step(job="job-1", key=call(name).key, number=number, wave=1, invocation=call(name))


def test_every_field_is_as_celery_writes_it(state_url: str, broker: Redis) -> None:
    dispatcher(state_url).wave([step()], route=Route())
    ours = read(broker, "formulas")
    app = celery_app(state_url)
    app.send_task(STEP, args=("job-1", step().key), task_id="job-1.1", shadow="GitHub::Repos", ignore_result=True)
    theirs = read(broker, "formulas")
    for message in (ours, theirs):  # a random tag, and the address for a result that is not asked for
        message["properties"].update(delivery_tag="", reply_to="")
    assert ours == theirs


def test_a_name_that_looks_like_a_place_is_written_as_it_is(state_url: str) -> None:
    for name in ('50%::"Off"', "%(id)s::%(tag)s", "%%::%"):
        envelope = Envelope.of(celery_app(state_url), STEP)
        written = json.loads(envelope.write(id="job-1.1", arguments=["job-1"], queue="%(body)s", shadow=name))
        assert (written["headers"]["shadow"], written["headers"]["id"]) == (name, "job-1.1")
        assert written["properties"]["delivery_info"]["routing_key"] == "%(body)s"


def test_a_wave_lies_in_its_queue_in_order(state_url: str, broker: Redis) -> None:
    dispatcher(state_url).wave([step("Repos", 1), step("User", 2)], route=Route())
    assert [read(broker, "formulas")["headers"]["id"] for _ in range(2)] == ["job-1.1", "job-1.2"]
    assert broker.llen("formulas") == 0


def test_waves_of_several_jobs_lie_in_their_queues_in_order(state_url: str, broker: Redis) -> None:
    jobs = [replace(step(), job=f"job-{number}") for number in range(3)]
    later = Route(priority=Priority.BACKFILL)
    dispatcher(state_url).waves([([jobs[0]], Route()), ([jobs[1]], later), ([jobs[2], step("User", 2)], Route())])
    tasks = [read(broker, "formulas")["headers"]["id"] for _ in range(3)]
    assert tasks == ["job-0.1", "job-2.1", "job-1.2"]
    assert read(broker, "formulas.backfill")["headers"]["id"] == "job-1.1"


def test_a_wait_is_written_as_a_time(state_url: str, broker: Redis) -> None:
    dispatcher(state_url).again(step(), route=Route(), delay=1.5)
    assert read(broker, "formulas")["headers"]["eta"] == (NOW + timedelta(seconds=1.5)).isoformat()


def test_an_advance_names_its_job(state_url: str, broker: Redis) -> None:
    dispatcher(state_url).advance("job-1", route=Route())
    message = read(broker, "formulas")
    assert (message["headers"]["task"], message["body"][0]) == (ADVANCE, ["job-1"])


def test_a_broker_that_is_away_is_said_to_be(state_url: str) -> None:
    away = RedisQueues.at("redis://127.0.0.1:1/0")
    with pytest.raises(NotReady, match="broker"):
        away.push("formulas", [b"{}"], lane="one")


def test_a_connection_that_the_server_closed_is_made_anew(state_url: str, broker: Redis) -> None:
    queues = RedisQueues.at(state_url)
    queues.push("formulas", [b"1"], lane="one")
    Redis.from_url(translated(state_url)).client_kill_filter(_type="normal", skipme=True)
    queues.push("formulas", [b"2"], lane="one")
    assert connect(state_url, timeout=5).llen("formulas") == 2


def test_a_priority_is_a_queue_of_its_own(state_url: str, broker: Redis) -> None:
    dispatcher(state_url).wave([step()], route=Route(priority=Priority.BACKFILL))
    assert broker.llen("formulas") == 0
    assert read(broker, "formulas.backfill")["properties"]["delivery_info"]["routing_key"] == "formulas.backfill"


def test_messages_for_the_same_call_of_a_job_are_taken_along(state_url: str, broker: Redis) -> None:
    ours, other = dispatcher(state_url), replace(step(), job="job-10")
    ours.wave([step(), step("Repos", 2), step("User", 3), step("Repos", 4)], route=Route())
    ours.wave([other], route=Route())
    took = partial(ours.along, "job-1", "GitHub::Repos", queue="formulas", most=9)
    assert took() == [step().key, step().key]
    assert took() == []
    assert read(broker, "formulas")["headers"]["shadow"] == "GitHub::User"
    assert took() == [step().key]
    assert took() == []
    assert read(broker, "formulas")["headers"]["id"] == "job-10.1"


def test_no_more_are_taken_along_than_asked_for(state_url: str, broker: Redis) -> None:
    ours = dispatcher(state_url)
    ours.wave([step(number=number) for number in range(1, 6)], route=Route())
    assert len(ours.along("job-1", "GitHub::Repos", queue="formulas", most=3)) == 3
    assert broker.llen("formulas") == 2


def test_what_is_not_due_or_is_no_step_is_not_taken_along(state_url: str, broker: Redis) -> None:
    ours = dispatcher(state_url)
    ours.again(step(), route=Route(), delay=5)
    ours.advance("job-1", route=Route())
    assert ours.along("job-1", "GitHub::Repos", queue="formulas", most=9) == []
    broker.rpop("formulas")
    assert ours.along("job-1", "GitHub::Repos", queue="formulas", most=9) == []


def test_what_celery_wrote_is_taken_along_too(state_url: str, broker: Redis) -> None:
    app = celery_app(state_url)
    app.send_task(STEP, args=("job-1", 'a "key"'), task_id="job-1.1", shadow="GitHub::Repos", queue="formulas")
    assert dispatcher(state_url).along("job-1", "GitHub::Repos", queue="formulas", most=9) == ['a "key"']


def test_a_slot_takes_the_next_message_that_is_for_a_step(state_url: str, broker: Redis) -> None:
    ours, other = dispatcher(state_url), replace(step("User"), job="job-10")
    ours.wave([step()], route=Route())
    ours.wave([other], route=Route())
    assert ours.next("formulas") == Due("job-1", step().key, "GitHub::Repos", "formulas", alone=True)
    assert ours.next("formulas") == Due("job-10", other.key, "GitHub::User", "formulas", alone=True)
    assert ours.next("formulas") is None


def test_a_slot_leaves_to_celery_what_is_not_due_or_is_no_step(state_url: str, broker: Redis) -> None:
    ours = dispatcher(state_url)
    ours.again(step(), route=Route(), delay=5)
    ours.advance("job-1", route=Route())
    assert ours.next("formulas") is None
    broker.rpop("formulas")
    assert ours.next("formulas") is None
    assert broker.llen("formulas") == 1


@pytest.mark.parametrize(("queue", "comes_first"), [("formulas", "celery"), ("formulas.scheduled", "formulas")])
def test_a_slot_takes_nothing_while_something_waits_that_comes_first(
    state_url: str, broker: Redis, queue: str, comes_first: str
) -> None:
    ours = dispatcher(state_url)
    ours.wave([step()], route=Route(priority=next(each for each, name in QUEUES.items() if name == queue)))
    broker.lpush(comes_first, b"urgent")
    assert ours.next(queue) is None
    broker.delete(comes_first)
    assert ours.next(queue) is not None


def test_a_slot_waits_for_the_next_message(state_url: str, broker: Redis) -> None:
    ours = dispatcher(state_url)
    with ThreadPoolExecutor() as slot:
        waiting = slot.submit(ours.next, "formulas", wait=30.0)
        until(lambda: broker.info("clients")["blocked_clients"] == 1)  # type: ignore[index]
        ours.wave([step()], route=Route())
        assert waiting.result(10.0) == Due("job-1", step().key, "GitHub::Repos", "formulas", alone=True)


def test_who_waited_leaves_to_celery_what_is_no_step(state_url: str, broker: Redis) -> None:
    ours = dispatcher(state_url)
    with ThreadPoolExecutor() as slot:
        waiting = slot.submit(ours.next, "formulas", wait=30.0)
        until(lambda: broker.info("clients")["blocked_clients"] == 1)  # type: ignore[index]
        ours.advance("job-1", route=Route())
        assert waiting.result(10.0) is None
    assert read(broker, "formulas")["headers"]["task"] == ADVANCE


def test_steps_that_are_sent_together_are_a_group(state_url: str, broker: Redis) -> None:
    ours = dispatcher(state_url)
    ours.waves([([step(), step("User", 2)], Route()), ([replace(step(), job="job-2")], Route())])
    assert [read(broker, "formulas")["headers"]["group"] for _ in range(3)] == ["job-1.1", "job-1.1", None]
    ours.wave([step(), step("User", 2)], route=Route())
    assert [due.alone for due in map(ours.next, ["formulas"] * 2) if due] == [False, False]


def test_a_broker_that_is_away_has_nothing_to_take_along() -> None:
    away = dispatcher("redis://127.0.0.1:1/0")
    assert away.next("formulas", wait=1.0) is None
    assert away.along("job-1", "GitHub::Repos", queue="formulas", most=9) == []
