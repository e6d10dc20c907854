"""Puts the use cases of sync tables on their ports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from packsys.ports import Bells, PackStore
from packsys.runtime.heartbeat import Heartbeats
from packsys.runtime.inquire import Inquire
from packsys.runtime.retries import Retries
from packsys.sync.asking import AskTable
from packsys.sync.finishing import FinishRun
from packsys.sync.paging import ReadPage
from packsys.sync.preview import PreviewRun
from packsys.sync.reconcile import ReconcileRuns
from packsys.sync.replay import ReplayRows
from packsys.sync.schema import SchemaCheck
from packsys.sync.selecting import SelectRows
from packsys.sync.serving import ServeRuns
from packsys.sync.shaping import Shape, schema_of
from packsys.sync.start import StartRun
from packsys.sync.steering import Steer
from packsys.syncports import (
    RowStore,
    SyncDispatcher,
    SyncEventStore,
    SyncFinishStore,
    SyncRunStore,
    SyncTableStore,
    SyncUpkeepStore,
    SyncWorkStore,
)


@dataclass(frozen=True, kw_only=True)
class SyncStores:
    """Is everything that keeps sync tables."""

    tables: SyncTableStore
    runs: SyncRunStore
    work: SyncWorkStore
    finish: SyncFinishStore
    rows: RowStore
    upkeep: SyncUpkeepStore
    events: SyncEventStore


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Says who works and for how long, and who is told of what went wrong.

    See :class:`ServeRuns`, :class:`ReconcileRuns` and :class:`~packsys.runtime.heartbeat.Heartbeats`.
    """

    worker: str
    lease: float
    grace: float
    attempts: int
    slice: float = 2.0
    repaired: Callable[[str], None] = lambda cause: None
    lost: Callable[[int], None] = lambda claims: None
    missed: Callable[[], None] = lambda: None


@dataclass(frozen=True, kw_only=True)
class Syncs:
    """Is what doors ring for, and the stores that they may read."""

    start: StartRun
    serve: ServeRuns
    steer: Steer
    preview: PreviewRun
    replay: ReplayRows
    reconcile: ReconcileRuns
    select: SelectRows
    tables: SyncTableStore
    runs: SyncRunStore
    rows: RowStore
    events: SyncEventStore
    bells: Bells


def wire_syncs(
    stores: SyncStores,
    terms: Terms,
    *,
    packs: PackStore,
    inquire: Inquire,
    dispatcher: SyncDispatcher,
    bells: Bells,
    retries: Retries,
    new_id: Callable[[], str],
    now: Callable[[], datetime],
) -> Syncs:
    """Wires the use cases."""
    ask = AskTable(packs=packs, inquire=inquire)
    shape = Shape(tables=stores.tables, ask=ask)
    read = ReadPage(work=stores.work, ask=ask, shape=shape, check=SchemaCheck(schema_of))
    start = StartRun(runs=stores.runs, dispatcher=dispatcher, new_id=new_id)
    serve = ServeRuns(
        work=stores.work,
        read=read,
        finish=FinishRun(stores.finish),
        start=start,
        heartbeats=Heartbeats(stores.work.renew, lease=terms.lease, lost=terms.lost, missed=terms.missed),
        dispatcher=dispatcher,
        retries=retries,
        worker=terms.worker,
        lease=terms.lease,
        slice=terms.slice,
        told=bells.ring,
    )
    unkept = replace(read, shape=replace(shape, keeps=False))
    return Syncs(
        start=start,
        serve=serve,
        steer=Steer(tables=stores.tables, runs=stores.runs, dispatcher=dispatcher, told=bells.ring),
        preview=PreviewRun(tables=stores.tables, rows=stores.rows, read=unkept, now=now),
        replay=ReplayRows(tables=stores.tables, rows=stores.rows, check=read.check, new_id=new_id),
        reconcile=_reconcile(stores, terms, dispatcher),
        select=SelectRows(stores.tables, stores.rows),
        tables=stores.tables,
        runs=stores.runs,
        rows=stores.rows,
        events=stores.events,
        bells=bells,
    )


def _reconcile(stores: SyncStores, terms: Terms, dispatcher: SyncDispatcher) -> ReconcileRuns:
    return ReconcileRuns(
        upkeep=stores.upkeep,
        dispatcher=dispatcher,
        grace=terms.grace,
        attempts=terms.attempts,
        repaired=terms.repaired,
    )
