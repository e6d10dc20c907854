"""Partitions of runs: how they are opened and end with the pages that a run keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from packsys.store.syncqueries import LIGHT, run
from packsys.syncmodel import SIDE_BY_SIDE, PageRows, Phase, SyncClaim, SyncRun


def moved(connection: psycopg.Connection[Any], claim: SyncClaim, place: Any, page: PageRows) -> Sequence[SyncRun]:
    """Ends the partition whose last page was kept, begins others, and gives what is due because of it."""
    ended = bool(claim.run.partition) and page.continuation is None
    finished = _closed(connection, place) if ended else ()
    return (*(_opened(connection, place) if ended or page.partitions else ()), *finished)


def _closed(connection: psycopg.Connection[Any], place: Any) -> Sequence[SyncRun]:
    whole = LIGHT["close"].row(connection, {"own": place.own})
    if whole.phase != Phase.FINISH:
        return ()
    return tuple(map(run, LIGHT["run"].rows(connection, {"run_id": whole.run_id})))


def _opened(connection: psycopg.Connection[Any], place: Any) -> Sequence[SyncRun]:
    terms = {"serial": place.serial, "width": SIDE_BY_SIDE}
    return tuple(map(run, LIGHT["open"].rows(connection, terms)))
