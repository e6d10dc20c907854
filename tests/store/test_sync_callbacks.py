"""The message about the end of a sync run is owed by the statement that ends it."""

from __future__ import annotations

import json

import pytest

from packsys.errors import NotFound
from packsys.model import Delivery, DeliveryState, Subject
from packsys.runtime.message import run_message
from packsys.store.database import Database
from packsys.store.deliveries import PostgresDeliveries
from packsys.syncmodel import RunState
from packsys.values import ErrorValue
from tests.ports.synchouse import SyncHouse, page, syncs_in_postgres

URL = "https://caller.example/hook"


@pytest.fixture
def house(database: Database) -> SyncHouse:
    return syncs_in_postgres(database)


@pytest.fixture
def deliveries(database: Database) -> PostgresDeliveries:
    return PostgresDeliveries(database)


def owed(deliveries: PostgresDeliveries) -> list[Delivery]:
    return list(deliveries.list(workspace="default"))


def test_a_run_that_ends_owes_a_message(house: SyncHouse, deliveries: PostgresDeliveries) -> None:
    table = house.table(callback=URL)
    run = house.start(table)
    house.read(run, page({"a": 1}))
    assert owed(deliveries) == []
    house.conclude(run)
    (delivery,) = owed(deliveries)
    assert (delivery.job, delivery.about, delivery.url) == (run.id, Subject.RUN, URL)
    assert delivery.state is DeliveryState.PENDING


def test_without_a_callback_nothing_is_owed(house: SyncHouse, deliveries: PostgresDeliveries) -> None:
    house.sync(house.table(), page({"a": 1}))
    assert owed(deliveries) == []


def test_a_run_that_is_resumed_is_told_of_again(house: SyncHouse, deliveries: PostgresDeliveries) -> None:
    """The message about its first end, where it is being sent, writes nothing more, and has another name."""
    run = house.start(house.table(callback=URL))
    assert house.work.fail(house.claim(run), ErrorValue("Api", "The service said no."))
    (first,) = deliveries.take(limit=5, lease=30)
    before = run_message(house.runs.get(run.id))
    assert house.runs.move(run.id, to=RunState.QUEUED)
    assert [each.state for each in owed(deliveries)] == [DeliveryState.DEAD]
    with pytest.raises(NotFound):
        run_message(house.runs.get(run.id))
    house.wait(1)
    house.read(run, page({"a": 1}))
    house.conclude(run)
    assert not deliveries.delivered(first, status=204)
    (again,) = deliveries.take(limit=5, lease=30)
    assert (again.job, again.tries) == (run.id, 1)
    assert run_message(house.runs.get(run.id)).name != before.name


def test_a_message_says_how_a_run_ended(house: SyncHouse) -> None:
    run = house.start(house.table(callback=URL))
    assert house.work.fail(house.claim(run), ErrorValue("Api", "The service said no."))
    told = json.loads(run_message(house.runs.get(run.id)).body)
    assert (told["type"], told["data"]["id"], told["data"]["error"]["code"]) == ("run.failed", run.id, "Api")
    assert told["timestamp"] == told["data"]["finished_at"]
    ended = house.sync(house.table(), page({"a": 1}))
    assert json.loads(run_message(ended).body)["data"]["counts"]["added"] == 1


def test_a_callback_is_kept_with_its_table(house: SyncHouse) -> None:
    table = house.table(callback=URL)
    assert house.tables.get(table.id).callback == URL
