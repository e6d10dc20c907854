"""A service over sync tables whose messages a test delivers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx

from packsys.bootstrap import Services
from packsys.catalog.manifest import describe
from packsys.memory import Calendar, MemorySchedules
from packsys.model import Scope
from packsys.runtime.schedule import KeepSchedule
from packsys.sandbox.inprocess import InProcessPacks
from packsys.sync.house import Syncs
from packsys.sync.instances import Instances
from packsys.sync.selecting import SelectRows
from tests.service.conftest import serving
from tests.service.house import SmallHouse, new_id
from tests.sync.source import Source, pack_over
from tests.sync.world import World, world


@dataclass(frozen=True)
class Synced:
    """Is a running service, its source, and what delivers its messages."""

    world: World
    url: str
    key: str
    http: httpx.Client
    stranger: httpx.Client

    def create(self, **terms: Any) -> str:
        """Makes an instance of the source's table and gives its id."""
        made = self.http.post("/v1/syncs", json={"pack": "Source", "table": "Things", "name": "things", **terms})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def run(self, sync: str, *, mode: str = "full") -> dict[str, Any]:
        """Runs a table to where it stops, and gives the run."""
        begun = self.http.post(f"/v1/syncs/{sync}/runs", json={"mode": mode})
        assert begun.status_code == 202, begun.text
        self.world.settle()
        run: dict[str, Any] = self.http.get(f"/v1/sync-runs/{begun.json()['id']}").json()
        return run


def wired(own: SmallHouse, made: World) -> Services:
    """Gives a house of the service over a world."""
    pack = pack_over(made.source)
    packs, kept = InProcessPacks([pack]), made.house
    schedules = MemorySchedules(Calendar(lambda: datetime.now(UTC)))
    syncs = Syncs(
        start=replace(made.start, new_id=new_id),
        serve=made.serve,
        steer=made.steer,
        preview=made.preview,
        replay=replace(made.replay, new_id=new_id),
        reconcile=made.reconcile,
        select=SelectRows(kept.tables, kept.rows),
        tables=kept.tables,
        runs=kept.runs,
        rows=kept.rows,
        events=kept.events,
        bells=made.rings,
    )
    instances = Instances(
        tables=kept.tables,
        schedules=schedules,
        keep_schedule=KeepSchedule(schedules),
        steer=made.steer,
        packs=packs,
        connections=own.kept,
        declared=lambda number, version: describe(pack),
    )
    return replace(own.services, packs=packs, syncs=syncs, instances=instances, schedules=schedules)


@contextmanager
def synced(source: Source | None = None) -> Iterator[Synced]:
    """Serves a world over a source."""
    own, made = SmallHouse(), world(source)
    key = own.token(scopes=[Scope.SYNCS])
    with serving(wired(own, made)) as url:
        clients = [
            httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"})
            for token in (key, own.token("elsewhere"))
        ]
        with clients[0] as http, clients[1] as stranger:
            yield Synced(made, url, key, http, stranger)
