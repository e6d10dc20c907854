"""A house of sync tables whose messages a test delivers, repeats or loses, and in which time passes when it says so."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeVar

from packsys.memory import MemoryBells, MemoryConnections, MemoryResults
from packsys.runtime.heartbeat import Heartbeats
from packsys.runtime.inquire import Inquire
from packsys.runtime.retries import Retries
from packsys.runtime.surround import Surround
from packsys.sandbox.inprocess import InProcessPacks
from packsys.sdk import Pack
from packsys.sync.asking import AskTable
from packsys.sync.finishing import FinishRun
from packsys.sync.paging import ReadPage
from packsys.sync.preview import PreviewRun
from packsys.sync.reconcile import ReconcileRuns
from packsys.sync.replay import ReplayRows
from packsys.sync.schema import SchemaCheck
from packsys.sync.serving import ServeRuns
from packsys.sync.shaping import Shape, schema_of
from packsys.sync.start import StartRun
from packsys.sync.steering import Steer
from packsys.syncmodel import Mode, SyncRun, SyncTable
from tests.ports.synchouse import SyncHouse, syncs_in_memory
from tests.sync.source import PACK, Source, pack_over

ATTEMPTS = 3

Done = TypeVar("Done")


@dataclass
class Bells:
    """Is a dispatcher whose messages lie in a queue until a test delivers them."""

    waiting: deque[tuple[str, int]] = field(default_factory=deque)
    rung: list[tuple[str, int]] = field(default_factory=list)

    def page(self, run: SyncRun) -> None:
        self.waiting.append((run.id, run.page))
        self.rung.append((run.id, run.page))

    finish = page


@dataclass(frozen=True, kw_only=True)
class World:
    """Is a wired house with its messages and its source."""

    source: Source
    house: SyncHouse
    bells: Bells
    rings: MemoryBells
    start: StartRun
    serve: ServeRuns
    steer: Steer
    preview: PreviewRun
    replay: ReplayRows
    reconcile: ReconcileRuns

    def table(self, **terms: Any) -> SyncTable:
        """Keeps a new instance of the source's table."""
        return self.house.table(**{"pack_id": PACK, "table": "Things", **terms})

    def settle(self) -> None:
        """Delivers messages until none is left."""
        while self.bells.waiting:
            self.serve(*self.bells.waiting.popleft())

    def sync(self, table: SyncTable, *, mode: Mode = Mode.FULL) -> SyncRun:
        """Starts a run, delivers everything, and gives the run as it stands then."""
        run = self.start(table.id, mode=mode)
        self.settle()
        return self.house.runs.get(run.id)

    def values(self, table: SyncTable) -> dict[str, Any]:
        """Gives what a table holds, as the source does."""
        return {key: values.get("Value") for key, values in self.house.values(table).items()}


def at_once(work: Callable[[], Done]) -> Callable[[], Done]:
    """Does some work now, and gives its result, or raises what it raised, when that is asked for."""
    future: Future[Done] = Future()
    try:
        future.set_result(work())
    except Exception as error:
        future.set_exception(error)
    return future.result


def world(
    source: Source | None = None,
    *,
    house: SyncHouse | None = None,
    pack: Pack | None = None,
    slice: float = 0.0,
    tick: Callable[[], float] = lambda: 0.0,
) -> World:
    """Wires a house over a source; without a time slice each page takes a message of its own."""
    kept, bells, numbers, served = house or syncs_in_memory(), Bells(), count(1), source or Source()
    packs = InProcessPacks([pack or pack_over(served)])
    surround = Surround(
        connections=MemoryConnections(lambda: datetime.now(UTC)),
        egress=served,
        cache=MemoryResults(lambda: datetime.now(UTC)),
    )
    ask = AskTable(packs=packs, inquire=Inquire(packs=packs, runner=packs, surround=surround))
    shape = Shape(tables=kept.tables, ask=ask)
    read = ReadPage(work=kept.work, ask=ask, shape=shape, check=SchemaCheck(schema_of), ahead=at_once)
    rings = MemoryBells()
    start = StartRun(runs=kept.runs, dispatcher=bells, new_id=lambda: f"run-{next(numbers):06}")
    return World(
        source=served,
        house=kept,
        bells=bells,
        rings=rings,
        start=start,
        serve=ServeRuns(
            work=kept.work,
            read=read,
            finish=FinishRun(kept.finish, chunk=3),
            start=start,
            heartbeats=Heartbeats(kept.work.renew, lease=30.0),
            dispatcher=bells,
            retries=Retries(random=lambda: 0.5),
            worker="test",
            lease=30.0,
            slice=slice,
            clock=tick,
            told=rings.ring,
        ),
        steer=Steer(tables=kept.tables, runs=kept.runs, dispatcher=bells, told=rings.ring),
        preview=PreviewRun(
            tables=kept.tables,
            rows=kept.rows,
            read=ReadPage(
                work=kept.work,
                ask=ask,
                shape=Shape(tables=kept.tables, ask=ask, keeps=False),
                check=SchemaCheck(schema_of),
            ),
            now=lambda: datetime.now(UTC),
        ),
        replay=ReplayRows(tables=kept.tables, rows=kept.rows, check=SchemaCheck(schema_of), new_id=start.new_id),
        reconcile=ReconcileRuns(upkeep=kept.upkeep, dispatcher=bells, grace=10.0, attempts=ATTEMPTS),
    )
