"""Makes, schedules, rests and ends instances of sync tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from packsys.catalog.types import read_type
from packsys.errors import Conflict, NotFound, RequestError
from packsys.model import PackVersion
from packsys.ports import ConnectionStore, PackStore
from packsys.scheduling.ports import ScheduleStore
from packsys.scheduling.rhythm import Rhythm, check_rhythm
from packsys.scheduling.schedule import Schedule
from packsys.sdk.fitting import Misfit, fit
from packsys.sdk.names import nearest
from packsys.sync.steering import Steer
from packsys.syncmodel import RunState, SyncRun, SyncTable
from packsys.syncports import SyncTableStore
from packsys.values import Value

Declared: TypeAlias = Callable[[int, str], Mapping[str, Any]]
"""Gives the manifest of a pack in a version."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Says when a table is synced by itself: by a rhythm, spread over ``jitter`` seconds, or only when it is asked."""

    rhythm: Rhythm | None = None
    jitter: float = 0.0
    paused: bool = False


@dataclass(frozen=True, kw_only=True)
class Instances:
    """Keeps instances of sync tables, each with the schedule that starts it."""

    tables: SyncTableStore
    schedules: ScheduleStore
    keep_schedule: Callable[[Schedule], Schedule]
    steer: Steer
    packs: PackStore
    connections: ConnectionStore
    declared: Declared
    may_call_back: Callable[[str], None] = lambda workspace: None

    def create(self, table: SyncTable, timing: Timing) -> SyncTable:
        """Keeps a new instance, which is not synced yet; to ask for the same one again is harmless.

        Raises :class:`~packsys.errors.NotFound` for a pack, a table or an account that is not there,
        :class:`~packsys.errors.RequestError` for parameters, times and accounts that do not fit, and
        :class:`~packsys.errors.Conflict` where the id is taken by another one, or nothing could sign a message to its
        callback.
        """
        if table.callback is not None:
            self.may_call_back(table.workspace)
        if timing.rhythm is not None:
            check_rhythm(timing.rhythm, jitter=timing.jitter)
        _check_zone(table.timezone)
        pack = self._pack(table)
        written = self._written(pack, table.table)
        self._check_account(table, written)
        asked = replace(
            table, table=written["name"], parameters=_fitted(written, table.parameters), schedule=f"sync:{table.id}"
        )
        kept = self._added(asked)
        if self.schedule_of(kept) is None:
            self._keep(kept, timing)
        return kept

    def schedule(self, table: str, timing: Timing, *, workspace: str) -> Schedule:
        """Says when an instance is synced from now on; raises RequestError for a rhythm that makes no sense."""
        return self._keep(self.tables.get(table, workspace=workspace), timing)

    def schedule_of(self, table: SyncTable) -> Schedule | None:
        """Finds when an instance is synced; None where nobody has said it."""
        try:
            return self.schedules.get(_schedule_id(table), workspace=table.workspace)
        except NotFound:
            return None

    def pause(self, table: str, *, workspace: str) -> SyncTable:
        """Lets no run start, and the one under way rest."""
        self._rest(table, workspace, paused=True)
        for run in self._last(table):
            if run.state in (RunState.QUEUED, RunState.RUNNING, RunState.WAITING):
                self.steer.runs.move(run.id, to=RunState.PAUSED)
        return self.tables.get(table)

    def resume(self, table: str, *, workspace: str) -> SyncTable:
        """Lets runs start again, and the one that rests go on."""
        self._rest(table, workspace, paused=False)
        for run in self._last(table):
            if run.state is RunState.PAUSED:
                self.steer.resume(run.id, workspace=workspace)
        return self.tables.get(table)

    def forget(self, table: str, *, workspace: str) -> SyncTable:
        """Deletes an instance with its rows, its history and its schedule, and gives it as it was."""
        found = self.tables.get(table, workspace=workspace)
        self.schedules.forget(_schedule_id(found))
        self.tables.forget(table)
        return found

    def _rest(self, table: str, workspace: str, *, paused: bool) -> None:
        self.tables.get(table, workspace=workspace)
        self.tables.pause(table, paused=paused)

    def _last(self, table: str) -> tuple[SyncRun, ...]:
        return tuple(self.steer.runs.of(table, limit=1))

    def _added(self, asked: SyncTable) -> SyncTable:
        try:
            return self.tables.add(asked)
        except Conflict:
            known = self.tables.get(asked.id)
            if _as_asked(known) != _as_asked(asked):
                raise
            return known

    def _keep(self, table: SyncTable, timing: Timing) -> Schedule:
        return self.keep_schedule(
            Schedule(
                id=_schedule_id(table),
                kind="sync",
                target=table.id,
                workspace=table.workspace,
                rhythm=timing.rhythm,
                jitter=timing.jitter,
                paused=timing.paused,
            )
        )

    def _pack(self, table: SyncTable) -> PackVersion:
        number, version = table.pack_id, table.version
        found = self.packs.release(number, version) if version else self.packs.by_id(number)
        if found is None or (version and found.version != version):
            raise NotFound(f"There is no pack {number}{f' {version}' * bool(version)}: GET /v1/packs lists them.")
        return found

    def _written(self, pack: PackVersion, name: str) -> Mapping[str, Any]:
        tables = {each["name"]: each for each in self.declared(pack.id, pack.version).get("sync_tables", ())}
        for known, written in tables.items():
            if known.casefold() == name.casefold():
                found: Mapping[str, Any] = written
                return found
        raise NotFound(f"{pack.name} has no sync table {name!r}: {nearest(name, tables)}")

    def _check_account(self, table: SyncTable, written: Mapping[str, Any]) -> None:
        if table.account is None:
            if written["connection"] == "required":
                raise RequestError(f"{written['name']} is read with an account: name one, as 'account'.")
            return
        found = self.connections.get(table.account, workspace=table.workspace)
        if found is None:
            raise NotFound(f"There is no connection {table.account} in this workspace.")
        if found.pack_id != table.pack_id:
            raise RequestError(f"The connection {found.name!r} is one of pack {found.pack_id}, not {table.pack_id}.")


def _as_asked(table: SyncTable) -> SyncTable:
    """Gives an instance without what became of it since it was asked for."""
    return replace(table, paused=False, completion=None, schema=None, created_at=None)


def _schedule_id(table: SyncTable) -> str:
    return table.schedule or f"sync:{table.id}"


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise RequestError(f"There is no time zone {name!r}: write a name such as 'Europe/Oslo'.") from None


def _fitted(written: Mapping[str, Any], given: Mapping[str, Value]) -> dict[str, Value]:
    """Reads parameters as they are declared; raises RequestError for those that are wrong, unknown or missing."""
    table, known = written["name"], {each["name"]: each for each in written["parameters"]}
    for name in given.keys() - known.keys():
        raise RequestError(f"{table} has no parameter {name!r}: {nearest(name, known)}")
    for name, each in known.items():
        if each["required"] and given.get(name) is None:
            raise RequestError(f"{table} needs the parameter {name!r}: {each['description']}")
    return {name: _fit(table, known[name], value) for name, value in given.items()}


def _fit(table: str, parameter: Mapping[str, Any], value: Value) -> Value:
    try:
        fitted = fit(value, read_type(parameter["type"]))
    except Misfit as misfit:
        raise RequestError(
            f"The parameter {parameter['name']!r} of {table} must be {misfit.expected}, but is {misfit.found}."
        ) from None
    return cast("Value", fitted)
