"""How a callback is told of the end of a job: when, how often, and with what."""

from __future__ import annotations

import json
import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from packsys.connections.vault import Vault
from packsys.errors import Conflict, ForbiddenRequest, PacksysError, RequestError, UpstreamError
from packsys.memory import MemoryFeed
from packsys.model import Delivery, DeliveryState, Event, EventKind, Subject, Submission
from packsys.ports import Request, Response
from packsys.runtime.deliver import LEASE, MOST_TRIES, SCHEDULE, TIMEOUT, Deliver
from packsys.runtime.message import LARGEST, message
from packsys.runtime.posting import PostingFeed
from packsys.runtime.submit import checked, fingerprint
from packsys.runtime.webhook_secrets import WebhookSecrets
from packsys.values import Value
from tests.ports.house import House, in_memory
from tests.ports.samples import ERROR, job

URL = "https://caller.example/hook"
DOWN = UpstreamError("caller.example did not answer: the connection was lost.")


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Caller:
    """Is the way out to a service that answers, or fails, as a test says; else with 204."""

    answers: deque[int | Response | PacksysError] = field(default_factory=deque)
    seen: list[Request] = field(default_factory=list)

    def fetch(self, request: Request) -> Response:
        self.seen.append(request)
        answer = self.answers.popleft() if self.answers else 204
        if isinstance(answer, PacksysError):
            raise answer
        if isinstance(answer, Response):
            return answer
        return Response(status=answer, headers={}, body=b"thrown away")


@dataclass
class Place:
    """Is a house in memory whose messages go to one caller."""

    house: House = field(default_factory=in_memory)
    caller: Caller = field(default_factory=Caller)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.signing = WebhookSecrets(
            store=self.house.webhook_secrets,
            vault=Vault({"test": bytes(32)}, "test"),
            randomness=secrets.token_bytes,
            new_id=lambda: secrets.token_hex(8),
            now=now,
        )
        self.secret = self.signing.make("default")
        self.deliver = Deliver(
            deliveries=self.house.deliveries,
            messages={Subject.JOB: lambda job: message(self.house.jobs.get(job))},
            secrets=self.signing.of,
            couriers=lambda workspace: self.caller,
            now=now,
            random=lambda: 0.5,
            post=lambda: self.asked.append("deliver"),
        )

    def owed(self, outcome: Value = 42) -> str:
        """Ends a job that has a callback."""
        kept = self.house.jobs.accept(job(callback=URL))
        self.house.jobs.finish(kept.id, outcome)
        return kept.id

    @property
    def delivery(self) -> Delivery:
        """Gives the only delivery."""
        (delivery,) = self.house.deliveries.list(workspace="default")
        return delivery


@pytest.fixture
def place() -> Place:
    return Place()


def test_what_is_due_is_sent_once_signed_and_ends(place: Place) -> None:
    owed = place.owed()
    assert place.deliver() == 1
    assert place.deliver() == 0
    (request,) = place.caller.seen
    assert (request.method, request.url, request.timeout) == ("POST", URL, TIMEOUT)
    assert request.headers["Content-Type"] == "application/json"
    assert request.body
    told = Webhook(place.secret.reveal()).verify(request.body, dict(request.headers))
    assert told["type"] == "job.done"
    assert told["timestamp"] == told["data"]["finished_at"]
    assert (told["data"]["id"], told["data"]["value"], told["data"]["complete"]) == (owed, 42, True)
    assert (place.delivery.state, place.delivery.status) == (DeliveryState.DELIVERED, 204)


@pytest.mark.parametrize("status", [200, 201, 299])
def test_any_2xx_is_success(place: Place, status: int) -> None:
    place.owed()
    place.caller.answers.append(status)
    place.deliver()
    assert place.delivery.state is DeliveryState.DELIVERED


def test_a_failure_tells_the_error(place: Place) -> None:
    place.owed(ERROR)
    place.deliver()
    told = json.loads(place.caller.seen[0].body or b"")
    assert told["type"] == "job.failed"
    assert told["data"]["error"]["code"] == "Api"
    assert "value" not in told["data"]


@pytest.mark.parametrize(("size", "complete"), [(LARGEST - 20, True), (LARGEST, False)])
def test_a_value_that_is_too_large_is_left_out(place: Place, size: int, complete: bool) -> None:
    place.owed("x" * size)
    place.deliver()
    data = json.loads(place.caller.seen[0].body or b"")["data"]
    assert (data["complete"], "value" in data) == (complete, complete)


@pytest.mark.parametrize("answer", [500, 404, 302, 199, 429, DOWN])
def test_what_fails_is_tried_again_on_the_schedule_and_then_dead(place: Place, answer: int | PacksysError) -> None:
    place.owed()
    place.caller.answers.extend([answer] * 20)
    for seconds in SCHEDULE:
        assert place.deliver() == 1
        assert place.delivery.state is DeliveryState.PENDING
        place.house.wait(seconds * 1.04)
        assert place.deliver() == 0
        place.house.wait(seconds * 0.02)
    assert place.deliver() == 1
    assert place.delivery.state is DeliveryState.DEAD
    assert place.delivery.reason
    place.house.wait(10**7)
    assert place.deliver() == 0
    assert len({request.headers["webhook-id"] for request in place.caller.seen}) == 1
    assert len({request.body for request in place.caller.seen}) == 1
    assert len(place.caller.seen) == 1 + len(SCHEDULE)


@pytest.mark.parametrize(
    ("status", "said", "seconds"),
    [
        (429, "60", 60),
        (503, "60", 60),
        (503, "Fri, 01 Jan 2100 00:00:00 GMT", max(SCHEDULE)),
        (429, "99999999", max(SCHEDULE)),
        (429, "1", SCHEDULE[0]),
        (429, "soon", SCHEDULE[0]),
        (500, "60", SCHEDULE[0]),
    ],
)
def test_who_is_busy_says_how_long_it_wants_to_be_left_alone(
    place: Place, status: int, said: str, seconds: float
) -> None:
    """Longer than the schedule has it, and no longer than its longest wait."""
    place.owed()
    place.caller.answers.append(Response(status=status, headers={"retry-after": said}, body=b""))
    place.deliver()
    place.house.wait(seconds * 1.04)
    assert place.deliver() == 0
    place.house.wait(seconds * 0.02)
    assert place.deliver() == 1
    assert place.delivery.state is DeliveryState.DELIVERED


@pytest.mark.parametrize("answer", [410, ForbiddenRequest("caller.example leads into a private network.")])
def test_what_will_never_do_is_dead_at_once(place: Place, answer: int | PacksysError) -> None:
    place.owed()
    place.caller.answers.append(answer)
    place.deliver()
    assert place.delivery.state is DeliveryState.DEAD
    assert place.delivery.reason


def test_what_is_dead_begins_anew_when_somebody_asks(place: Place) -> None:
    owed = place.owed()
    place.caller.answers.extend([410, 500])
    place.deliver()
    place.house.deliveries.retry(owed, workspace="default")
    place.deliver()
    assert (place.delivery.state, place.delivery.tries) == (DeliveryState.PENDING, 1)
    place.house.wait(SCHEDULE[0] * 1.1)
    place.deliver()
    assert place.delivery.state is DeliveryState.DELIVERED


def test_a_worker_that_dies_on_the_way_leaves_it_to_another_under_the_same_id(place: Place) -> None:
    place.owed()
    (lost,) = place.house.deliveries.take(limit=1, lease=LEASE)
    assert place.deliver() == 0
    place.house.wait(LEASE + 1)
    assert place.deliver() == 1
    assert not place.house.deliveries.postpone(lost, delay=1, status=500, reason="late")
    assert place.delivery.state is DeliveryState.DELIVERED


def test_one_that_kills_its_workers_is_dead_in_the_end(place: Place) -> None:
    place.owed()
    for _ in range(MOST_TRIES):
        assert place.house.deliveries.take(limit=1, lease=LEASE)
        place.house.wait(LEASE + 1)
    place.deliver()
    assert (place.delivery.state, place.caller.seen) == (DeliveryState.DEAD, [])
    assert "worker" in place.delivery.reason


def test_a_mistake_of_ours_is_a_failed_attempt(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.owed()

    def broken(workspace: str) -> Caller:
        raise RuntimeError("a mistake")

    replace(place.deliver, couriers=broken)()
    assert (place.delivery.state, place.delivery.tries) == (DeliveryState.PENDING, 1)
    assert "operator" in place.delivery.reason
    assert "delivery.failed" in [record.getMessage() for record in caplog.records]


def test_what_one_task_does_not_take_is_asked_for_at_once(place: Place) -> None:
    for _ in range(3):
        place.owed()
    deliver = replace(place.deliver, at_once=2)
    assert (deliver(), place.asked) == (2, ["deliver"])
    assert (deliver(), place.asked) == (1, ["deliver"])


def test_without_a_secret_that_opens_an_attempt_fails_and_nothing_is_sent(place: Place) -> None:
    place.owed()
    unsigned = replace(place.deliver, secrets=lambda workspace: place.signing.of("elsewhere"))
    unsigned()
    assert place.caller.seen == []
    assert place.delivery.state is DeliveryState.PENDING
    assert "packsys webhook secret" in place.delivery.reason


# Secrets.


def test_a_secret_is_shown_once_and_then_only_replaced(place: Place) -> None:
    with pytest.raises(Conflict, match="--rotate"):
        place.signing.make("default")
    new = place.signing.rotate("default", overlap=100)
    assert [each.reveal() for each in place.signing.of("default")] == [new.reveal(), place.secret.reveal()]
    place.house.wait(101)
    assert [each.reveal() for each in place.signing.of("default")] == [new.reveal()]


def test_a_workspace_without_a_secret_may_have_no_callbacks(place: Place) -> None:
    place.signing.require("default")
    with pytest.raises(Conflict, match="packsys webhook secret"):
        place.signing.require("elsewhere")


def test_a_callback_is_tried_with_a_message_about_nothing(place: Place) -> None:
    place.caller.answers.append(418)
    assert place.deliver.test(URL, workspace="default") == 418
    (request,) = place.caller.seen
    assert Webhook(place.secret.reveal()).verify(request.body or b"", dict(request.headers))["type"] == "webhook.test"


# Asking for it.


@pytest.mark.parametrize(
    ("kind", "detail", "asked"),
    [
        (EventKind.JOB_DONE, {"callback": True}, 1),
        (EventKind.JOB_CANCELLED, {"callback": True}, 1),
        (EventKind.JOB_DONE, {}, 0),
        (EventKind.STEP_DONE, {"callback": True}, 0),
    ],
)
def test_the_end_of_a_job_with_a_callback_asks_for_the_delivery(
    kind: EventKind, detail: dict[str, Value], asked: int
) -> None:
    posts: list[int] = []
    feed = PostingFeed(feed=MemoryFeed(), post=lambda: posts.append(1))
    event = Event(job="a job", number=2, at=now(), kind=kind, detail=detail)
    feed.publish([event])
    assert len(posts) == asked
    assert feed.since("a job", 1) == (event,)


# Accepting it.


@pytest.mark.parametrize(
    "callback",
    [
        "",
        "hook",
        "ftp://caller.example/",
        "https://me:secret@caller.example/",
        "https:///x",
        "https://a b/",
        "//a/x",
        "https://a[2",
        "https://[::1",
        "https://[1:2]",
        "https://[1::2::3]",
    ],
)
def test_what_is_no_address_is_refused(callback: str) -> None:
    with pytest.raises(RequestError, match="callback"):
        checked(Submission(formula="1", callback=callback))


@pytest.mark.parametrize("callback", [URL, "http://10.0.0.1:8080", "https://caller.example?a=1", "https://[::1]/x"])
def test_an_address_is_taken(callback: str) -> None:
    checked(Submission(formula="1", callback=callback))


def test_the_same_request_with_another_callback_is_another_one() -> None:
    prints: Sequence[str] = [fingerprint(Submission(formula="1", callback=each)) for each in (None, URL, URL + "2")]
    assert len(set(prints)) == 3
