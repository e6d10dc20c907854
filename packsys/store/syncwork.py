"""Claims on runs, and what is kept under them: pages, and the finish."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from packsys.errors import EndlessPages
from packsys.store.database import Database
from packsys.store.staging import counted, reject, written
from packsys.store.syncparts import moved
from packsys.store.syncqueries import LIGHT, SYNC, claim
from packsys.syncmodel import Counts, Evidence, PageRows, Phase, Stored, SyncClaim, SyncRun, going_on
from packsys.values import ErrorValue


class PostgresSyncWork:
    """Lets one worker at a time read a page of a run, in PostgreSQL. The claim's number is the fence of the run."""

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def claim(self, run: str, *, page: int, worker: str, lease: float) -> SyncClaim | None:
        """Takes a due page, or the finish, for ``lease`` seconds; None when it is held, kept, not due or ended."""
        row = self._one("claim", {"run_id": run, "page": page, "worker": worker, "lease": lease})
        return None if row is None else claim(row)

    def turn(self) -> tuple[str, int] | None:
        """Names the due run, and its page, of the account that has had the least of the workers."""
        row = self._one("turn", {})
        return None if row is None else (row.run_id, row.page)

    def serve(self, table: str, *, seconds: float) -> None:
        """Counts seconds of a worker that a table's account has had."""
        self._one("serve", {"table_id": table, "seconds": seconds})

    def renew(self, claims: Sequence[SyncClaim], *, lease: float) -> Sequence[SyncClaim]:
        """Holds claims for ``lease`` more seconds, and lists those that were not lost; it waits for nobody."""
        runs, pages, fences = map(list, zip(*(claim.name for claim in claims), strict=True))
        terms = {"run_ids": runs, "run_pages": pages, "fences": fences, "lease": lease}
        held = {(row.run_id, row.page, row.fence) for row in LIGHT["renew"].alone(self._database.direct, terms)}
        return [claim for claim in claims if claim.name in held]

    def apply(self, claim: SyncClaim, page: PageRows, *, lease: float | None = None) -> Stored | None:
        """Keeps a page's rows and where to go on, in one transaction; None, and nothing written, without the claim.

        It does not wait for the disk: see migration 0013.
        """
        terms = {**_held(claim), **written(page, mark=_mark(claim, page), lease=lease), **_parts(page)}
        kept, due = self._kept(claim, page, terms)
        if kept is None:
            return None
        if kept.looped:
            raise EndlessPages(f"Page {claim.run.page + 1} of {claim.table.name or claim.table.table} leads back.")
        stored = Stored(counts=counted(terms, kept), due=due)
        return going_on(claim, page, stored, phase=Phase(kept.phase), taken=lease is not None)

    def park(self, claim: SyncClaim, *, delay: float, cause: str, tried: bool = True) -> bool:
        """Gives a claim back, to be due in ``delay`` seconds; False when it was lost."""
        terms = {"delay": delay, "cause": cause, "untried": 0 if tried else 1}
        return self._one("park", {**_held(claim), **terms}) is not None

    def fail(self, claim: SyncClaim, error: ErrorValue) -> bool:
        """Ends a run as failed, to be resumed where it was; False when the claim was lost."""
        return self._one("fail", {**_held(claim), "outcome": error}) is not None

    def _kept(self, claim: SyncClaim, page: PageRows, terms: Mapping[str, Any]) -> tuple[Any, Sequence[SyncRun]]:
        """Keeps a page in one round trip, or, where there is more to it than its rows, in one transaction."""
        ended = bool(claim.run.partition) and page.continuation is None
        if not (ended or page.partitions or page.rejects):
            return self._one("keep_page", terms), ()
        with self._database.direct.begin() as connection:
            kept = LIGHT["keep_page"].row(connection, terms)
            if kept is None or kept.looped:
                return kept, ()
            reject(connection, kept, page)
            return kept, moved(connection, claim, kept, page)

    def _one(self, query: str, terms: Mapping[str, Any]) -> Any:
        return next(iter(LIGHT[query].alone(self._database.direct, terms)), None)


class PostgresSyncFinish:
    """Finishes runs in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def evidence(self, claim: SyncClaim) -> Evidence:
        """Counts what the run has not met; nothing where the claim was lost."""
        with self._database.begin() as connection:
            place = _hold(connection, claim)
            if place is None:
                return Evidence()
            terms = {"scope": place.scope, "serial": place.serial, "swept": place.swept, "strikes": _strikes(claim)}
            found = connection.execute(SYNC["evidence"], terms).one()
        return Evidence(live=found.live, missing=found.missing, doomed=found.doomed, nameless=found.nameless)

    def sweep(self, claim: SyncClaim, *, limit: int) -> Counts | None:
        """Deletes, or gives a strike to, up to ``limit`` rows that the run has not met."""
        with self._database.begin() as connection:
            place = _hold(connection, claim)
            if place is None:
                return None
            terms = {"scope": place.scope, "serial": place.serial, "swept": place.swept, "page": place.page}
            found = connection.execute(SYNC["sweep"], {**terms, "strikes": _strikes(claim), "limit": limit}).one()
        return Counts(deleted=found.deleted, missed=found.missed)

    def ask(self, claim: SyncClaim, cause: str) -> bool:
        """Has the run wait for a person's approval; False when the claim was lost."""
        return self._one("ask", {**_held(claim), "cause": cause})

    def accept(self, claim: SyncClaim) -> bool:
        """Writes down that the run may delete; False when the claim was lost."""
        return self._one("accept", _held(claim))

    def conclude(self, claim: SyncClaim, *, swept: bool) -> bool:
        """Ends a run as succeeded: its completion is the table's now; False when the claim was lost."""
        with self._database.begin() as connection:
            place = _hold(connection, claim)
            if place is None:
                return False
            connection.execute(SYNC["conclude"], {"serial": place.serial, "complete": swept})
        return True

    def _one(self, query: str, terms: dict[str, Any]) -> bool:
        with self._database.connect() as connection:
            return connection.execute(SYNC[query], terms).one_or_none() is not None


def _held(claim: SyncClaim) -> dict[str, Any]:
    return dict(zip(("run_id", "page", "fence"), claim.name, strict=True))


def _parts(page: PageRows) -> dict[str, Any]:
    return {"parts": list(page.partitions), "beginnings": [dict(each) for each in page.partitions.values()]}


def _hold(connection: Connection, claim: SyncClaim) -> Row[Any] | None:
    return connection.execute(SYNC["hold"], _held(claim)).one_or_none()


def _mark(claim: SyncClaim, page: PageRows) -> bytes | None:
    if page.continuation is None:
        return None
    written = (
        claim.run.partition.encode("utf-8", "backslashreplace") + json.dumps(page.continuation, sort_keys=True).encode()
    )
    return hashlib.blake2b(written, digest_size=16).digest()


def _strikes(claim: SyncClaim) -> int:
    return claim.table.guard.strikes
