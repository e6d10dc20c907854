"""The twin of partitions: how they begin and end with the pages that a run keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from packsys.memory.syncledger import PartFile, RunFile, TableFile
from packsys.syncmodel import SIDE_BY_SIDE, Counts, Mode, PageRows, Phase, RunState, SyncRun


def divide(file: TableFile, whole: RunFile, page: PageRows) -> None:
    """Adds the partitions that a page names to its run."""
    before = file.parts if whole.run.mode is Mode.INCREMENTAL else {}
    for name, continuation in page.partitions.items():
        known = before.get(name)
        whole.parts.setdefault(name, PartFile(continuation=continuation, previous=known.completion if known else None))
    whole.run = replace(whole.run, partitions=len(whole.parts))


def moved(held: RunFile, page: PageRows, now: datetime) -> Sequence[SyncRun]:
    """Ends the partition whose last page was kept, begins others, and gives what is due because of it."""
    ended = held.root is not None and page.continuation is None
    finished = _closed(held, held.whole, now) if ended else ()
    return (*_opened(held.whole, now), *finished)


def _closed(held: RunFile, whole: RunFile, now: datetime) -> Sequence[SyncRun]:
    whole.reading = [each for each in whole.reading if each is not held]
    whole.parts[held.run.partition].completion = held.run.completion
    run, read = whole.run, whole.run.partitions_read + 1
    finish = run.phase is Phase.PARTITIONS and read == run.partitions
    whole.run = replace(
        run,
        partitions_read=read,
        incomplete=run.incomplete or held.run.incomplete,
        phase=Phase.FINISH if finish else run.phase,
        waits=dict(Counter(run.waits) + Counter(held.run.waits)),
    )
    whole.sent_at = now if finish else whole.sent_at
    return (whole.run,) if finish else ()


def _opened(whole: RunFile, now: datetime) -> Sequence[SyncRun]:
    resting = [name for name, part in whole.parts.items() if not part.begun]
    begun = [_begin(whole, name, now) for name in resting[: SIDE_BY_SIDE - len(whole.reading)]]
    whole.reading += begun
    return [each.run for each in begun]


def _begin(whole: RunFile, name: str, now: datetime) -> RunFile:
    part, place = whole.parts[name], list(whole.parts).index(name)
    part.begun = True
    run = replace(
        whole.run,
        id=f"{whole.run.id}:{place}",
        state=RunState.QUEUED,
        phase=Phase.PAGES,
        partition=name,
        continuation=part.continuation,
        previous=part.previous,
        completion=None,
        incomplete=False,
        counts=Counts(),
        waits={},
        cause="",
        queued_at=now,
        started_at=whole.run.started_at or now,
        not_before=None,
        page=0,
        pages=0,
        partitions=0,
        partitions_read=0,
        fence=0,
        tries=0,
    )
    return RunFile(run=run, root=whole, sent_at=now)
