"""Beat's slots when the database goes away in the middle of them."""

from __future__ import annotations

from contextlib import closing

import psycopg
import pytest

from packsys.errors import NotReady
from packsys.scheduling.schedule import Cause, Fate, Schedule, Slot
from packsys.store.database import open_database
from packsys.store.schedules import PostgresSchedules, PostgresSlots

CUT = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'slots'"


def test_a_beat_that_loses_the_database_while_it_sends_is_told_so_and_sends_the_slot_again(database_url: str) -> None:
    sent: list[str] = []

    def send(slot: Slot) -> Fate:
        sent.append(slot.task_id)
        if len(sent) == 1:
            with psycopg.connect(database_url.replace("+psycopg", "")) as other:
                other.execute(CUT)
        return Fate.SENT if len(sent) > 1 else Fate.SKIPPED

    with closing(open_database(database_url, application="slots")) as database:
        PostgresSchedules(database).keep(Schedule(id="s", kind="sync", target="t"))
        slots = PostgresSlots(database)
        slots.trigger("s", Cause.HAND)
        with pytest.raises(NotReady):
            slots.settle(send)
        assert slots.settle(send) == 1
    assert len(sent) == 2
    assert len(set(sent)) == 1
