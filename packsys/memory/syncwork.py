"""The twins of claims on runs, of the finish, and of what finds runs that stand still."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from packsys.errors import EndlessPages, NotFound, WorkerLost
from packsys.memory.ledger import seconds
from packsys.memory.syncledger import RowFile, RunFile, SyncLedger, TableFile, mark
from packsys.memory.syncparts import divide, moved
from packsys.syncmodel import (
    Counts,
    Evidence,
    Mode,
    PageRows,
    Phase,
    RunState,
    Stored,
    SyncClaim,
    SyncPage,
    SyncRun,
    SyncStall,
    going_on,
)
from packsys.values import ErrorValue


class MemorySyncWork:
    """Lets one worker at a time read a page of a run, in a ledger."""

    def __init__(self, ledger: SyncLedger) -> None:
        """Takes the ledger."""
        self._ledger = ledger

    def claim(self, run: str, *, page: int, worker: str, lease: float) -> SyncClaim | None:
        """Takes a due page, or the finish, for ``lease`` seconds; None when it is held, kept, not due or ended."""
        now = self._ledger.now()
        with self._ledger.open():
            try:
                file, held = self._ledger.run(run)
            except NotFound:
                return None
            if held.run.page != page or held not in file.open or not _due(held, now, lost=True):
                return None
            held.run = _claimed(held, now)
            held.lease_until, held.sends = now + timedelta(seconds=lease), 0
            return SyncClaim(run=held.run, table=file.table)

    def turn(self) -> tuple[str, int] | None:
        """Names the due run, and its page, of the account that has had the least of the workers."""
        now, served = self._ledger.now(), self._ledger.served
        with self._ledger.open() as files:
            due = [(file, each) for file in files.values() for each in file.open if _due(each, now)]
            if not due:
                return None
            _, held = min(due, key=lambda each: (served.get(each[0].table.lane, 0.0), each[1].sent_at))
            return held.run.id, held.run.page

    def serve(self, table: str, *, seconds: float) -> None:
        """Counts seconds of a worker that a table's account has had."""
        with self._ledger.open() as files:
            if table in files:
                kept = files[table].table
                self._ledger.served[kept.lane] = self._ledger.served.get(kept.lane, 0.0) + seconds / kept.weight

    def renew(self, claims: Sequence[SyncClaim], *, lease: float) -> Sequence[SyncClaim]:
        """Holds claims for ``lease`` more seconds, and lists those that were not lost."""
        until = self._ledger.now() + timedelta(seconds=lease)
        return [claim for claim in claims if self._change(claim, lambda held: setattr(held, "lease_until", until))]

    def apply(self, claim: SyncClaim, page: PageRows, *, lease: float | None = None) -> Stored | None:
        """Keeps a page's rows and where to go on, at once; None, and nothing written, without the claim."""
        with self._ledger.open():
            found = self._ledger.held(claim)
            if found is None:
                return None
            file, held = found
            self._refuse_to_turn(claim, held, page)
            counts = self._keep(file, held.whole, page)
            divide(file, held.whole, page)
            self._move_on(held, page, counts, lease)
            due = moved(held, page, self._ledger.now())
            phase = held.run.phase
        return going_on(claim, page, Stored(counts=counts, due=due), phase=phase, taken=lease is not None)

    def park(self, claim: SyncClaim, *, delay: float, cause: str, tried: bool = True) -> bool:
        """Gives a claim back, to be due in ``delay`` seconds; False when it was lost."""
        now = self._ledger.now()

        def parked(held: RunFile) -> None:
            tries = held.run.tries - (not tried)
            not_before = now + timedelta(seconds=delay)
            held.run = replace(held.run, state=RunState.WAITING, not_before=not_before, cause=cause, tries=tries)
            held.lease_until, held.sent_at, held.sends = None, now, 0

        return self._change(claim, parked)

    def fail(self, claim: SyncClaim, error: ErrorValue) -> bool:
        """Ends a run as failed, to be resumed where it was; False when the claim was lost."""
        now = self._ledger.now()

        def failed(held: RunFile) -> None:
            if held.root is not None:
                held.run, held.sent_at = replace(held.run, state=RunState.QUEUED, tries=0), now
            held.whole.run = replace(held.whole.run, state=RunState.FAILED, error=error, finished_at=now)
            held.lease_until = held.whole.lease_until = None

        return self._change(claim, failed)

    def _refuse_to_turn(self, claim: SyncClaim, held: RunFile, page: PageRows) -> None:
        if page.continuation is None:
            return
        given = f"{claim.run.partition} {mark(page.continuation)}"
        if given in held.whole.marks:
            raise EndlessPages(f"Page {held.run.page + 1} of {claim.table.name or claim.table.table} leads back.")
        held.whole.marks.add(given)

    def _keep(self, file: TableFile, whole: RunFile, page: PageRows) -> Counts:
        run = replace(whole.run, page=whole.run.pages)  # rows and changes name pages by their number in the whole run
        counts = self._ledger.keep(file, run, page)
        self._ledger.set_aside(file, run, page)
        self._ledger.meet(file, whole, page)
        ledger = SyncPage(run=run.id, number=run.page, counts=counts, at=self._ledger.now(), timings=dict(page.timings))
        whole.pages.append(ledger)
        whole.run = replace(whole.run, pages=run.page + 1, counts=whole.run.counts + counts)
        return counts

    def _move_on(self, held: RunFile, page: PageRows, counts: Counts, lease: float | None) -> None:
        run, now = held.run, self._ledger.now()
        taken = lease is not None and page.continuation is not None
        held.run = replace(
            run,
            state=RunState.RUNNING if taken else RunState.QUEUED,
            phase=_phase(run, page),
            page=run.page + 1,
            fence=run.fence + taken,
            tries=int(taken),
            continuation=page.continuation,
            completion=page.completion,
            incomplete=run.incomplete or page.incomplete,
            counts=run.counts + counts if held.root else run.counts,
        )
        held.lease_until, held.sent_at = now + timedelta(seconds=lease or 0) if taken else None, now

    def _change(self, claim: SyncClaim, change: Callable[[RunFile], None]) -> bool:
        with self._ledger.open():
            found = self._ledger.held(claim)
            if found is not None:
                change(found[1])
            return found is not None


class MemorySyncFinish:
    """Finishes runs in a ledger."""

    def __init__(self, ledger: SyncLedger) -> None:
        """Takes the ledger."""
        self._ledger = ledger

    def evidence(self, claim: SyncClaim) -> Evidence:
        """Counts what the run has not met; nothing where the claim was lost."""
        with self._ledger.open():
            found = self._ledger.held(claim)
            if found is None:
                return Evidence()
            file, held = found
            missing = [row for row in file.rows.values() if row.live and row.row.key not in held.met]
            doomed = sum(_struck(file, row) >= file.table.guard.strikes for row in missing)
            live = sum(row.live for row in file.rows.values())
            return Evidence(live=live, missing=len(missing), doomed=doomed, nameless=held.nameless)

    def sweep(self, claim: SyncClaim, *, limit: int) -> Counts | None:
        """Deletes, or gives a strike to, up to ``limit`` rows that the run has not met."""
        with self._ledger.open():
            found = self._ledger.held(claim)
            if found is None:
                return None
            file, held = found
            chosen = [key for key in sorted(file.rows) if _unmet(file.rows[key], held)][:limit]
            doomed = sum(self._judge(file, held, key) for key in chosen)
            counts = Counts(deleted=doomed, missed=len(chosen) - doomed)
            tries = 0 if chosen else held.run.tries
            held.run = replace(held.run, counts=held.run.counts + counts, tries=tries)
            return counts

    def ask(self, claim: SyncClaim, cause: str) -> bool:
        """Has the run wait for a person's approval; False when the claim was lost."""
        return self._change(claim, lambda run: replace(run, state=RunState.NEEDS_APPROVAL, cause=cause))

    def accept(self, claim: SyncClaim) -> bool:
        """Writes down that the run may delete; False when the claim was lost."""
        return self._change(claim, lambda run: replace(run, approved=True))

    def conclude(self, claim: SyncClaim, *, swept: bool) -> bool:
        """Ends a run as succeeded: its completion is the table's now; False when the claim was lost."""
        with self._ledger.open():
            found = self._ledger.held(claim)
            if found is None:
                return False
            file, held = found
            held.run = replace(held.run, state=RunState.SUCCEEDED, finished_at=self._ledger.now())
            file.table = replace(file.table, completion=None if held.run.incomplete else held.run.completion)
            file.swept = held.run.id if swept else file.swept
            carried = file.parts if held.run.mode is Mode.INCREMENTAL else {}
            file.parts = {**carried, **held.parts}
            held.met.clear()
            return True

    def _judge(self, file: TableFile, held: RunFile, key: str) -> bool:
        kept = file.rows[key]
        kept.strikes, kept.missed_in = _struck(file, kept), held.run.id
        doomed = kept.strikes >= file.table.guard.strikes
        if doomed:
            self._ledger.delete(file, held.run, key)
        return doomed

    def _change(self, claim: SyncClaim, change: Callable[[SyncRun], SyncRun]) -> bool:
        with self._ledger.open():
            found = self._ledger.held(claim)
            if found is not None:
                found[1].run = change(found[1].run)
            return found is not None


class MemorySyncUpkeep:
    """Looks for runs that stand still in a ledger."""

    def __init__(self, ledger: SyncLedger) -> None:
        """Takes the ledger."""
        self._ledger = ledger

    def release(self, *, attempts: int) -> Sequence[SyncStall]:
        """Queues the runs whose worker was lost; the ones tried ``attempts`` times fail, and are not listed."""
        now = self._ledger.now()
        with self._ledger.open() as files:
            lost = [each for file in files.values() for each in file.open if _lost(each, now)]
            for held in lost:
                held.run = _released(held.run, attempts, now, ends=held.root is None)
                held.lease_until, held.sent_at = None, now
        return tuple(SyncStall(held.run, "worker.lost") for held in lost if not held.run.state.final)

    def unsent(self, *, grace: float) -> Sequence[SyncStall]:
        """Lists due runs that nobody took, in the order of turns, and marks them as sent now."""
        now, served = self._ledger.now(), self._ledger.served
        with self._ledger.open() as files:
            late = [(file, each) for file in files.values() for each in file.open if _late(each, now, grace)]
            for _, held in late:
                held.sends += 1
                held.sent_at = held.sent_at if held.run.state is RunState.WAITING else now
            late.sort(key=lambda each: served.get(each[0].table.lane, 0.0))
        return tuple(SyncStall(held.run, _why(held.run)) for _, held in late)


def _claimed(held: RunFile, now: datetime) -> SyncRun:
    run, waits = held.run, dict(held.run.waits)
    if run.state is RunState.WAITING:
        waits[run.cause] = round(waits.get(run.cause, 0.0) + seconds(now - held.sent_at), 3)
    return replace(
        run,
        state=RunState.RUNNING,
        fence=run.fence + 1,
        tries=run.tries + 1,
        not_before=None,
        cause="",
        waits=waits,
        started_at=run.started_at or now,
    )


def _phase(run: SyncRun, page: PageRows) -> Phase:
    if page.continuation is not None:
        return Phase.PAGES
    return Phase.PARTITIONS if run.partitions > run.partitions_read else Phase.FINISH


def _due(held: RunFile, now: datetime, *, lost: bool = False) -> bool:
    match held.run.state:
        case RunState.QUEUED:
            return True
        case RunState.WAITING:
            return held.run.not_before is not None and held.run.not_before <= now
        case RunState.RUNNING:
            return lost and _lost(held, now)
    return False


def _lost(held: RunFile, now: datetime) -> bool:
    return held.run.state is RunState.RUNNING and held.lease_until is not None and held.lease_until <= now


def _late(held: RunFile, now: datetime, grace: float) -> bool:
    if held.run.state not in (RunState.QUEUED, RunState.WAITING):
        return False
    if held.run.not_before is not None and held.sends == 0:
        return held.run.not_before <= now
    begins = max(held.sent_at, held.run.not_before or held.sent_at)
    return begins + timedelta(seconds=grace * 2 ** min(held.sends, 10)) <= now


def _released(run: SyncRun, attempts: int, now: datetime, *, ends: bool) -> SyncRun:
    if run.tries < attempts or not ends:
        return replace(run, state=RunState.QUEUED, error=None)
    return replace(run, state=RunState.FAILED, error=ErrorValue.of(WorkerLost.after(attempts)), finished_at=now)


def _why(run: SyncRun) -> str:
    return f"parked.{run.cause}" if run.cause else "page.untaken"


def _struck(file: TableFile, row: RowFile) -> int:
    return 1 + (row.strikes if row.missed_in and row.missed_in == file.swept else 0)


def _unmet(row: RowFile, held: RunFile) -> bool:
    return row.live and row.missed_in != held.run.id and row.row.key not in held.met
