"""What happens to a sync run on real workers reaches who follows it, numbered without gaps."""

from __future__ import annotations

import httpx
import pytest
from redis import Redis
from standardwebhooks import Webhook

from packsys.bootstrap import wire
from packsys.cli.system import System
from packsys.client import Packsys
from packsys.kvstore.address import connect
from tests.callbacks import Receiver
from tests.metrics.reading import figures
from tests.waiting import until

pytestmark = pytest.mark.slow


def test_a_run_is_followed_from_its_start_to_its_end(service: Packsys) -> None:
    sync = service.syncs.create(pack="Probe", table="Numbers", parameters={"pages": 5, "seconds": 0.05})["id"]
    run = service.syncs.start(sync, mode="full")["id"]
    events = list(service.syncs.events(run))
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    kinds = [event["kind"] for event in events]
    assert (kinds[0], kinds[-1], kinds.count("page.kept")) == ("run.queued", "run.succeeded", 5)
    assert events[-1]["detail"]["added"] == sum(
        event["detail"]["added"] for event in events if event["kind"] == "page.kept"
    )


def test_a_state_server_that_forgets_hides_nothing(service: Packsys, system: System) -> None:
    """Events are told from PostgreSQL; the state server only rings."""
    sync = service.syncs.create(pack="Probe", table="Numbers", parameters={"pages": 8, "seconds": 0.1})["id"]
    run = service.syncs.start(sync, mode="full")["id"]
    events = service.syncs.events(run)
    told = [next(events), next(events)]
    with connect(system.settings.state_url, timeout=5) as client:
        deafen(client)
    told += events
    assert [event["number"] for event in told] == list(range(1, len(told) + 1))
    assert told[-1]["kind"] == "run.succeeded"


def deafen(client: Redis) -> None:
    """Breaks the connections on which processes hear bells."""
    client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")


def test_the_rows_of_workers_are_counted(service: Packsys, system: System) -> None:
    headers = {"Authorization": f"Bearer {system.plan.metrics_token}"}

    def told(*name: str) -> float:
        return figures(httpx.get(f"{system.url}/metrics", headers=headers).text).get(name, 0.0)

    names = [("packsys_sync_pages_total", "kept"), ("packsys_sync_rows_total", "added")]
    before = {name: told(*name) for name in [*names, ("packsys_sync_runs_total", "succeeded")]}
    sync = service.syncs.create(pack="Probe", table="Numbers", parameters={"pages": 3})["id"]
    service.syncs.wait(service.syncs.start(sync, mode="full")["id"])
    until(lambda: all(told(*name) > number for name, number in before.items()), seconds=20)


def test_a_callback_is_told_of_the_end_of_a_run(service: Packsys, system: System) -> None:
    secret = wire(system.settings).webhook_secrets.rotate("default").reveal()
    with Receiver() as receiver:
        sync = service.syncs.create(pack="Probe", table="Numbers", callback=receiver.url)["id"]
        run = service.syncs.start(sync, mode="full")["id"]
        message = receiver.next()
    told = Webhook(secret).verify(message.body, dict(message.headers))
    assert (told["type"], told["data"]["id"], told["data"]["counts"]["added"]) == ("run.succeeded", run, 10)
