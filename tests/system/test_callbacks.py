"""Messages about ended jobs reach callbacks of strangers, whatever is lost on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from celery import Celery
from click.testing import CliRunner
from redis import Redis
from standardwebhooks import Webhook

from packsys.cli.main import cli
from packsys.cli.system import System
from packsys.client import Packsys, Refused
from packsys.kvstore.address import connect
from tests.callbacks import Receiver
from tests.system.canary import dump
from tests.waiting import until

pytestmark = pytest.mark.slow


def packsys(*words: str, system: System) -> str:
    """Runs a command beside the system."""
    environ = {**system.environ, "PACKSYS_URL": system.url, "PACKSYS_KEY": system.key}
    done = CliRunner(env=environ).invoke(cli, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


@pytest.fixture(scope="module")
def secret(system: System) -> str:
    """Gives the newest secret of the workspace."""
    return packsys("webhook", "secret", "--rotate", system=system)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as started:
        yield started


@pytest.fixture
def state(system: System) -> Iterator[Redis]:
    with connect(system.settings.state_url, timeout=5) as client:
        yield client


def test_without_a_secret_a_callback_is_refused(system: System) -> None:
    key = packsys("key", "new", "unsigned", "--workspace", "unsigned", system=system)
    with Packsys(system.url, key) as client, pytest.raises(Refused, match="packsys webhook secret") as refused:
        client.submit("1 + 1", callback="https://caller.example/hook")
    assert refused.value.problem["code"] == "Conflict"


@pytest.mark.parametrize(
    ("formula", "kind"),
    [("Probe::Add(1, 41)", "job.done"), ("42", "job.done"), ("1 / 0", "job.failed")],
)
def test_the_end_of_a_job_is_told_and_signed(
    service: Packsys, secret: str, receiver: Receiver, formula: str, kind: str
) -> None:
    job = service.submit(formula, callback=receiver.url)
    received = receiver.next()
    told = Webhook(secret).verify(received.body, dict(received.headers))
    assert told["type"] == kind
    assert told["data"]["id"] == job.id
    assert told["data"].get("value") == (42 if kind == "job.done" else None)
    assert received.headers["webhook-id"] == f"msg_{job.id}"
    assert received.headers["content-type"] == "application/json"
    until(lambda: job.id in [each["id"] for each in service.deliveries.list(state="delivered")])


def test_it_is_told_of_a_job_that_plain_celery_submitted_and_of_one_that_is_cancelled(
    system: System, service: Packsys, secret: str, receiver: Receiver
) -> None:
    app = Celery(broker=system.settings.state_url, backend=system.settings.state_url)
    terms = {"callback": receiver.url}
    job = app.send_task("packsys.jobs.submit", args=["Probe::Sleep(20, 1)"], kwargs=terms).get(timeout=30)
    service.cancel(job["id"])
    told = Webhook(secret).verify((received := receiver.next()).body, dict(received.headers))
    assert (told["type"], told["data"]["id"]) == ("job.cancelled", job["id"])


def test_the_secret_is_in_nothing_that_is_written_down(
    system: System, service: Packsys, secret: str, receiver: Receiver
) -> None:
    service.submit("1 + 1", callback=receiver.url)
    receiver.next()
    written = {
        "database": list(dump.tables(system.settings.database_url)),
        "state": list(dump.keys(system.settings.state_url)),
        "logs": list(dump.logs(system.directory)),
    }
    assert dump.leaks(written, secret.removeprefix("whsec_")) == []


def test_a_failed_attempt_is_made_again_under_the_same_id_and_a_redirect_is_not_followed(
    service: Packsys, secret: str, receiver: Receiver
) -> None:
    receiver.answers = [302]
    service.submit("1 + 1", callback=receiver.url)
    first, second = receiver.next(), receiver.next()
    assert [first.path, second.path] == ["/hook", "/hook"]
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    Webhook(secret).verify(second.body, dict(second.headers))


def test_a_state_server_that_forgets_everything_loses_no_message(
    service: Packsys, secret: str, receiver: Receiver, state: Redis
) -> None:
    job = service.submit("Probe::Sleep(0.3, 1)", callback=receiver.url)
    state.flushall()
    assert json.loads(receiver.next().body)["data"]["id"] == job.id


def test_what_is_dead_is_listed_and_sent_again(
    system: System, service: Packsys, secret: str, receiver: Receiver
) -> None:
    receiver.answers = [410]
    job = service.submit("1 + 1", callback=receiver.url)
    receiver.next()
    until(lambda: [each["id"] for each in service.deliveries.list(state="dead")] == [job.id])
    listed = packsys("webhook", "dead", system=system)
    assert job.id in listed
    assert packsys("webhook", "retry", job.id, system=system) == f"{job.id} pending"
    assert receiver.next().headers["webhook-id"] == f"msg_{job.id}"


def test_a_private_network_that_nobody_allowed_is_not_reached(service: Packsys, secret: str) -> None:
    job = service.submit("1 + 1", callback="http://10.0.0.1/hook")
    until(lambda: any(each["id"] == job.id for each in service.deliveries.list(state="dead")))
    (dead,) = [each for each in service.deliveries.list(state="dead") if each["id"] == job.id]
    assert "10.0.0.1" in dead["reason"]


def test_a_callback_can_be_tried_and_a_secret_changed_while_both_hold(system: System, receiver: Receiver) -> None:
    old = packsys("webhook", "secret", "--rotate", system=system)
    new = packsys("webhook", "secret", "--rotate", "--overlap", "1", system=system)
    assert packsys("webhook", "test", receiver.url, system=system) == f"{receiver.url} answered 204"
    received = receiver.next()
    for secret in (old, new):
        assert Webhook(secret).verify(received.body, dict(received.headers))["type"] == "webhook.test"


def test_the_command_line_names_a_callback(system: System, receiver: Receiver) -> None:
    packsys("webhook", "secret", "--rotate", system=system)
    assert packsys("formula", "1 + 1", "--callback", receiver.url, system=system) == "2"
    assert json.loads(receiver.next().body)["data"]["value"] == 2
