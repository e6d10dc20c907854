"""The sockets of sync tables, as protocols of a few methods; ``packsys.ports`` has the others.

One suite in ``tests/ports`` holds the PostgreSQL adapters and their twins in memory to the same promises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from packsys.syncmodel import (
    Change,
    Checked,
    Counts,
    DeadLetter,
    Evidence,
    PageRows,
    Row,
    RunEvent,
    RunState,
    Stored,
    SyncClaim,
    SyncPage,
    SyncRun,
    SyncStall,
    SyncTable,
)
from packsys.syncquery import Answer, Question, RowQuery
from packsys.values import ErrorValue


class SyncTableStore(Protocol):
    """Keeps instances of sync tables."""

    def add(self, table: SyncTable) -> SyncTable:
        """Keeps a new instance; raises :class:`~packsys.errors.Conflict` where its id is taken."""

    def get(self, table: str, *, workspace: str | None = None) -> SyncTable:
        """Finds an instance; raises :class:`~packsys.errors.NotFound` when it is absent or another workspace's."""

    def list(self, *, workspace: str) -> Sequence[SyncTable]:
        """Lists a workspace's instances, oldest first."""

    def pause(self, table: str, *, paused: bool) -> None:
        """Lets no run be started any more, or again."""

    def shape(self, table: str, schema: Mapping[str, Any]) -> None:
        """Keeps the schema that a table has from now on."""

    def reset(self, table: str) -> None:
        """Has the next run be a full one."""

    def forget(self, table: str) -> bool:
        """Deletes an instance with all its rows and history; False when there is none."""


class SyncRunStore(Protocol):
    """Keeps runs, one live one for a table at most."""

    def start(self, run: SyncRun) -> SyncRun:
        """Keeps a new run, or gives back the live one of its table.

        A run that would be incremental is a full one where the table has no completion. Raises
        :class:`~packsys.errors.Conflict` while the table is paused.
        """

    def get(self, run: str, *, workspace: str | None = None) -> SyncRun:
        """Finds a run; raises :class:`~packsys.errors.NotFound` when it is absent or another workspace's."""

    def of(self, table: str, *, limit: int = 50) -> Sequence[SyncRun]:
        """Lists a table's runs, the newest first."""

    def completed(self, table: str) -> bool:
        """Tells whether a run of a table has ever come to its end, so that its rows are all there were."""

    def pages(self, run: str, *, after: int = -1, limit: int = 1000) -> Sequence[SyncPage]:
        """Lists the pages that a run has kept, from behind a number."""

    def move(self, run: str, *, to: RunState, approved: bool | None = None) -> bool:
        """Does what a person asks for, as :data:`packsys.syncmodel.MOVES` allows; False, and nothing done, otherwise.

        Whatever is under way for the run loses its claim. ``approved`` says whether what the run has not met is to be
        deleted without more evidence, or is not to be deleted.
        """


class SyncEventStore(Protocol):
    """Keeps what happened to runs."""

    def since(self, run: str, number: int, *, limit: int = 1000) -> Sequence[RunEvent]:
        """Lists a run's events after the given number, oldest first."""


class SyncWorkStore(Protocol):
    """Lets one worker at a time read a page of a run, and keeps the page whole or not at all."""

    def claim(self, run: str, *, page: int, worker: str, lease: float) -> SyncClaim | None:
        """Takes a due page, or the finish, for ``lease`` seconds; None when it is held, kept, not due or ended.

        The attempt is counted before anything is done, so that a page which kills its worker ends at some time.
        """

    def turn(self) -> tuple[str, int] | None:
        """Names the due run, and its page, of the account that has had the least of the workers; None when none is."""

    def serve(self, table: str, *, seconds: float) -> None:
        """Counts seconds of a worker that a table's account has had."""

    def renew(self, claims: Sequence[SyncClaim], *, lease: float) -> Sequence[SyncClaim]:
        """Holds claims for ``lease`` more seconds, and lists those that were not lost; it waits for nobody.

        Those on whose runs somebody is at work are given as they are.
        """

    def apply(self, claim: SyncClaim, page: PageRows, *, lease: float | None = None) -> Stored | None:
        """Keeps a page's rows and where to go on, in one transaction; None, and nothing written, without the claim.

        With a ``lease`` the same transaction takes the next page of the run, where there is one, for as many seconds.
        Partitions that the page names begin with it, and one that it ends ends with it; a few are due at a time.

        Raises :class:`~packsys.errors.EndlessPages` when the continuation was given before in this run.
        """

    def park(self, claim: SyncClaim, *, delay: float, cause: str, tried: bool = True) -> bool:
        """Gives a claim back, to be due in ``delay`` seconds; False when it was lost.

        With ``tried=False`` it does not count as a try.
        """

    def fail(self, claim: SyncClaim, error: ErrorValue) -> bool:
        """Ends a run as failed. It keeps where it was, and may be resumed there. False when the claim was lost."""


class SyncFinishStore(Protocol):
    """Finishes runs that have read their last page."""

    def evidence(self, claim: SyncClaim) -> Evidence:
        """Counts what the run has not met."""

    def sweep(self, claim: SyncClaim, *, limit: int) -> Counts | None:
        """Deletes, or gives a strike to, up to ``limit`` rows that the run has not met.

        Gives nothing but zeros when none is left, and None when the claim was lost.
        """

    def ask(self, claim: SyncClaim, cause: str) -> bool:
        """Has the run wait for a person's approval, and says why; False when the claim was lost."""

    def accept(self, claim: SyncClaim) -> bool:
        """Writes down that the evidence suffices: a finish that goes on after a kill need not weigh it again."""

    def conclude(self, claim: SyncClaim, *, swept: bool) -> bool:
        """Ends a run as succeeded: its completion is the table's now; False when the claim was lost.

        ``swept`` says that every row it has not met has been deleted or has a strike.
        """


class RowStore(Protocol):
    """Reads the rows of tables, and what happened to them."""

    def rows(self, table: str, *, after: str = "", limit: int = 100, deleted: bool = False) -> Sequence[Row]:
        """Lists a table's rows by key, from behind one; with ``deleted`` those too that are gone."""

    def find(self, table: str, query: RowQuery) -> Sequence[Row]:
        """Lists the rows that a query asks for, in its order."""

    def ask(self, table: str, question: Question, *, most: int, size: int) -> Answer:
        """Answers a formula from the rows that are there, all at one moment: at most so many, and so many bytes.

        Raises :class:`~packsys.errors.TooMuch` where it takes too long.
        """

    def changes(self, table: str, *, after: int = 0, limit: int = 1000) -> Sequence[Change]:
        """Lists what happened to rows after a number. Nothing ever appears behind a number that was read."""

    def dead_letters(self, table: str, *, after: int = 0, limit: int = 100) -> Sequence[DeadLetter]:
        """Lists the rows that were set aside."""

    def discard(self, table: str, letters: Sequence[int]) -> int:
        """Forgets rows that were set aside, and counts them."""

    def rehearse(self, table: str, page: PageRows) -> Counts:
        """Counts what a page would change by keeping it and taking all of it back."""

    def replay(self, table: str, page: PageRows, *, letters: Sequence[int], run: str) -> Counts:
        """Keeps rows that had been set aside, in a run of their own, and forgets their letters, or neither.

        Raises :class:`~packsys.errors.Conflict` while a run is under way: what it has met would not hold the rows.
        """


class SyncUpkeepStore(Protocol):
    """Finds runs that stand still. Every method may run in several processes at once."""

    def release(self, *, attempts: int) -> Sequence[SyncStall]:
        """Queues the runs whose worker was lost; the ones tried ``attempts`` times fail, and are not listed."""

    def unsent(self, *, grace: float) -> Sequence[SyncStall]:
        """Lists due runs that nobody took for ``grace`` seconds, or less for parked ones, in the order of turns.

        Marks them as sent now, and waits twice as long each time before it lists the same one again.
        """


class SyncDispatcher(Protocol):
    """Sends runs to the workers; messages carry ids only. Sending twice is harmless."""

    def page(self, run: SyncRun) -> None:
        """Rings for a run's next page."""

    def finish(self, run: SyncRun) -> None:
        """Rings for a run's finish."""


class RowCheck(Protocol):
    """Checks the rows of a page against their schema, one by one."""

    def __call__(self, claim: SyncClaim, rows: Sequence[Mapping[str, Any]]) -> Checked:
        """Gives rows that are good and rows to be set aside."""
