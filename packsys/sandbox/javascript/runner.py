"""Runs packs in JavaScript: those of one JSON file, and bundles of the Coda SDK as they are."""

from __future__ import annotations

import secrets
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from packsys import ports, sdk
from packsys.catalog.manifest import release, result_types
from packsys.catalog.result import adapt
from packsys.errors import BrokenPack, PacksysError
from packsys.model import PackVersion
from packsys.sandbox import answers
from packsys.sandbox.confinement import Granted
from packsys.sandbox.errand import Errand
from packsys.sandbox.javascript import wire
from packsys.sandbox.javascript.declaration import authentication_of, check_allowed, declared, identity_of, is_table
from packsys.sandbox.javascript.dialogue import Dialogue, stopped
from packsys.sandbox.javascript.inquiry import answered, plain, question, said, written_options
from packsys.sandbox.javascript.keys import to_keys, to_names
from packsys.sandbox.javascript.manifest import write_manifest
from packsys.sandbox.javascript.nest import Ended, Late, Limits, Nest, Oversized, Session
from packsys.sandbox.javascript.outward import Outward
from packsys.sandbox.javascript.pool import Pool
from packsys.sandbox.javascript.rows import coda_rows
from packsys.sandbox.javascript.source import Loaded, prepared
from packsys.sandbox.javascript.spec import Spec, Surroundings, surroundings_of, sync_of
from packsys.sandbox.javascript.verdict import verdict
from packsys.sandbox.javascript.web import ENTROPY
from packsys.sdk.targets import Aim, Target
from packsys.values import Value

_MOST_KNOWN = 64  # packs whose scripts are held open
_MOST_DECLARED = 100_000  # members of what a pack says about itself
_LOADING = 20.0  # seconds in which a pack must say what it is


@dataclass(frozen=True)
class _Told:
    """Is what a pack says about itself, in its own words, and the types of its formulas' results."""

    coda: Mapping[str, Any]
    results: Mapping[str, sdk.Type]


_OF_ROWS = (Aim.PAGE, Aim.UPDATE, Aim.OPTIONS, Aim.TABLE_SCHEMA)
_WITHOUT_SYNC = (Aim.FORMULA, Aim.CONNECTION_NAME, Aim.CONNECTION_USER_ID, Aim.ENDPOINTS)


class JavaScriptSandbox:
    """Runs each invocation in a fresh isolate, in a process that has nothing: :class:`~packsys.ports.PackRunner`.

    ``source`` gives the files of a pack version by path: ``bundle.js`` as the Coda SDK builds it, or ``pack.json``.
    Packs whose number is in ``warm`` keep their isolate, and with it their state, from one call to the next of the
    same account.
    """

    def __init__(
        self,
        source: Callable[[int, str], Mapping[str, bytes]],
        *,
        limits: Limits | None = None,
        warm: Collection[int] = (),
        spare: int = 4,
        python: str = sys.executable,
    ) -> None:
        """Starts nothing yet; ``spare`` bounds how many isolates wait, over all packs."""
        self._source = source
        self._limits = limits or Limits()
        self._warm = frozenset(warm)
        self._nest = Nest(python=python)
        self._pool = Pool(self._nest, self._limits, most=spare)
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[int, str], Loaded] = OrderedDict()
        self._facts: dict[tuple[int, str], _Told] = {}

    def start(self) -> Granted:
        """Builds the walls and says which stand; raises :class:`~packsys.errors.NoSandbox` where they are too few."""
        return self._nest.report()

    def describe(self, pack_id: int, version: str, *, name: str) -> dict[str, Any]:
        """Writes a pack's manifest; raises :class:`~packsys.errors.PackError` for a pack that cannot be read."""
        coda, web = self.declared(pack_id, version), self._load(pack_id, version).web
        return write_manifest(coda, pack_id=pack_id, name=name, version=version, web=web)

    def declared(self, pack_id: int, version: str) -> Mapping[str, Any]:
        """Gives what a pack declares in its own words, with ``True`` for each function.

        Raises :class:`~packsys.errors.PackError` for a pack that cannot be read.
        """
        loaded, call = self._load(pack_id, version), f"pack {pack_id}"
        until = time.monotonic() + _LOADING
        outward = Outward(_NoFetcher(), _left(until, most=_LOADING))
        found = self._converse(loaded, {"do": "manifest"}, call, outward, until=until, seconds=_LOADING)
        if loaded.coda is not None:
            return loaded.coda  # the isolate has read it once, so that a body that is no JavaScript is found now
        if not isinstance(found, dict):
            raise BrokenPack("The bundle exports a pack that is no object.")
        if answers.members(found) > _MOST_DECLARED:
            raise BrokenPack(f"The bundle declares more than {_MOST_DECLARED} things: leave out what it does not need.")
        return found

    def release(self, pack_id: int, version: str, *, name: str) -> PackVersion:
        """Gives the release that the house works with."""
        return release(self.describe(pack_id, version, name=name))

    def run(self, call: ports.Call) -> Value:
        """Runs a formula and fits its result to the declared type, as :class:`~packsys.ports.PackRunner` says."""
        errand = Errand.of_call(call)
        told = self._told(errand.pack_id, errand.version)
        result = told.results.get(errand.target.name)
        if result is None:
            raise BrokenPack(f"{errand.name} is not in release {errand.version} of its pack.")
        schema = declared(told.coda, "formulas", errand.target.name).get("schema")
        raw = plain(self._sent(errand, told, None, until=time.monotonic() + errand.world.timeout))
        return adapt(to_keys(to_names(raw, schema), schema), result, call=errand.name, timezone=errand.world.timezone)

    def ask(self, inquiry: ports.Inquiry) -> Any:
        """Asks a pack for anything but a formula, and makes its answer anew, as PackRunner says.

        A dynamic table whose schema the world does not know is asked for that first, in an isolate of its own.
        """
        errand = Errand.of_inquiry(inquiry, pack=f"pack {inquiry.pack_id}")
        told = self._told(errand.pack_id, errand.version)
        until = time.monotonic() + errand.world.timeout
        rows, aim = self._rows(errand, told, until=until), errand.target.aim
        known = written_options(rows, errand.target.part) if aim is Aim.OPTIONS else None
        if known is not None:
            return answers.read(known, errand, said=str)
        found = rows if aim is Aim.TABLE_SCHEMA else self._sent(errand, told, rows, until=until)
        message = answered(errand, found, rows, identity=identity_of(told.coda, errand.target.name))
        return answers.read(message, errand, said=partial(said, errand.name))

    def invoke(
        self,
        pack_id: int,
        version: str,
        spec: Spec,
        arguments: Sequence[object] = (),
        *,
        fetcher: ports.Fetcher,
        timeout: float = 60.0,
        call: str = "",
        around: Surroundings | None = None,
        updates: object = None,
        blobs: ports.Blobs | None = None,
        versions: Mapping[str, str] | None = None,
        account: str | None = None,
    ) -> Any:
        """Runs anything of a pack and gives what it returned, as it returned it.

        Dates come as ``datetime``, Buffers as ``bytes``, errors inside the result as :class:`wire.Raised`.
        ``updates`` are the edits of :class:`UpdateRows`, or the request of :class:`RowPermissions`, ``versions`` those
        of rows by their ids. ``timeout`` is seconds, ``call`` the name in messages; a warm pack keeps apart what is of
        one ``account``. Raises what :class:`~packsys.ports.PackRunner` says.
        """
        surroundings = around or Surroundings()
        zone = _zone(surroundings.timezone)
        message: dict[str, Any] = {
            "do": "run",
            "spec": wire.encode(asdict(spec)),
            "params": [wire.encode(wire.UNDEFINED if each is None else each, zone=zone) for each in arguments],
            "context": wire.encode(surroundings.written(spec)),
            "updates": wire.encode(updates, zone=zone),
        }
        named = call or f"pack {pack_id}::{getattr(spec, 'name', spec.kind)}"
        until = time.monotonic() + timeout
        outward = Outward(fetcher, _left(until, most=timeout), blobs, versions or {})
        pack = self._load(pack_id, version)
        if pack.web:
            message["entropy"] = [*secrets.token_bytes(ENTROPY)]
        return self._converse(pack, message, named, outward, until=until, seconds=timeout, account=account)

    def close(self) -> None:
        """Ends every process and closes what is open."""
        self._pool.close()
        self._nest.close()
        with self._lock:
            self._known.clear()

    def _sent(self, errand: Errand, told: _Told, rows: Any, *, until: float) -> Any:
        """Gives what the isolate returned for an errand."""
        asked, world = question(errand, told.coda, rows), errand.world
        name = authentication_of(told.coda, errand)
        check_allowed(errand, told.coda, name)
        table = errand.target.aim not in _WITHOUT_SYNC and is_table(told.coda, errand.target.name)
        dynamic = table and bool(declared(told.coda, "syncTables", errand.target.name).get("getSchema"))
        given = {key: each for key, each in errand.arguments.items() if key != "updates"}
        sync = sync_of(world.sync, schema=rows if dynamic else None, parameters=given) if table else None
        return self.invoke(
            errand.pack_id,
            errand.version,
            asked.spec,
            asked.arguments,
            fetcher=world.fetcher,
            timeout=max(0.001, until - time.monotonic()),
            call=errand.name,
            around=surroundings_of(world, authentication=name, sync=sync),
            updates=asked.updates,
            blobs=world.blobs,
            versions=world.sync.row_versions,
            account=errand.account,
        )

    def _rows(self, errand: Errand, told: _Told, *, until: float) -> Any:
        """Gives the schema of a table's rows as the bundle has it; None where it does not matter."""
        if errand.target.aim not in _OF_ROWS:
            return None
        table, world = declared(told.coda, "syncTables", errand.target.name), errand.world
        if not table.get("getSchema"):
            return {"type": "array", "items": table.get("schema")}
        if world.sync.schema and errand.target.aim is not Aim.TABLE_SCHEMA:
            return coda_rows(world.sync.schema)
        target = Target(aim=Aim.TABLE_SCHEMA, name=errand.target.name)
        return plain(self._sent(replace(errand, target=target), told, None, until=until))

    def _converse(
        self,
        pack: Loaded,
        message: Mapping[str, Any],
        call: str,
        outward: Outward,
        *,
        until: float,
        seconds: float,
        account: str | None = None,
    ) -> Any:
        warm = (*pack.key, account) if pack.key[0] in self._warm else None
        session = self._pool.take(warm or pack.key, pack.scripts, until=until)
        fine = False
        try:
            outcome = self._outcome(session, message, call, outward, until=until, seconds=seconds)
            raised = wire.read_raised(outcome["error"]) if "error" in outcome else None
            value = wire.decode(outcome.get("ok"))
            fine = True
        except wire.Malformed as error:
            raise stopped(call, error, status=None, seconds=seconds, limits=self._limits) from None
        finally:
            outward.over.set()
            self._give_back(pack, session, warm, fine=fine)
        if raised is not None:
            raise verdict(call, raised, outward.causes)
        return None if value is wire.UNDEFINED else value

    def _outcome(
        self,
        session: Session,
        message: Mapping[str, Any],
        call: str,
        outward: Outward,
        *,
        until: float,
        seconds: float,
    ) -> Mapping[str, Any]:
        dialogue = Dialogue(call, session, self._limits, outward, until=until)
        try:
            if not session.loaded:
                dialogue.load()
            return dialogue.ask(message)
        except (Late, Oversized, wire.Malformed) as error:
            raise stopped(call, error, status=None, seconds=seconds, limits=self._limits) from None
        except Ended as error:
            raise stopped(call, error, status=self._pool.end(session), seconds=seconds, limits=self._limits) from None

    def _give_back(self, pack: Loaded, session: Session, warm: Hashable, *, fine: bool) -> None:
        if fine and warm is not None:
            self._pool.keep(warm, session)
            return
        if fine:  # a pack that was stopped does not get to run ahead of its next call
            self._pool.refill(pack.key, pack.scripts)
        self._pool.drop(session)

    def _load(self, pack_id: int, version: str) -> Loaded:
        key = (pack_id, version)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        loaded = prepared(key, self._source(pack_id, version))
        with self._lock:
            self._known[key] = loaded
            old = self._known.popitem(last=False)[1] if len(self._known) > _MOST_KNOWN else None
        if old is not None:
            self._facts.pop(old.key, None)
        return loaded

    def _told(self, pack_id: int, version: str) -> _Told:
        key = (pack_id, version)
        if key not in self._facts:
            coda = self.declared(pack_id, version)
            manifest = write_manifest(coda, pack_id=pack_id, name="Pack", version=version)
            self._facts[key] = _Told(coda, result_types(manifest))
        return self._facts[key]


class _NoFetcher:
    def fetch(self, request: ports.Request) -> ports.Response:
        raise PacksysError(f"Nothing may be requested while a pack is read: {request.method} {request.url[:100]}.")


def _left(until: float, *, most: float) -> Callable[[], float]:
    return lambda: max(0.001, min(most, until - time.monotonic()))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
