"""Runs packs in JavaScript: those of one JSON file, and bundles of the Coda SDK as they are."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from packsys import ports, sdk
from packsys.catalog.manifest import release, result_types
from packsys.catalog.result import adapt
from packsys.errors import BrokenPack, PacksysError
from packsys.language.invocation import Invocation
from packsys.language.signature import Parameter, Signature
from packsys.model import PackVersion
from packsys.sandbox.javascript import wire
from packsys.sandbox.javascript.definition import as_coda, read_definition, scripts_of
from packsys.sandbox.javascript.dialogue import Dialogue, stopped
from packsys.sandbox.javascript.manifest import write_manifest
from packsys.sandbox.javascript.nest import Ended, Late, Limits, Nest, Oversized, Session
from packsys.sandbox.javascript.outward import Blobs, Outward
from packsys.sandbox.javascript.pool import Pool
from packsys.sandbox.javascript.spec import RunFormula, Spec, Surroundings
from packsys.sandbox.javascript.verdict import verdict
from packsys.values import Value

_MOST_KNOWN = 64  # packs whose scripts are held open
_LOADING = 20.0  # seconds in which a pack must say what it is


@dataclass(frozen=True)
class _Loaded:
    """Is a pack version whose scripts wait in a file without a name."""

    key: tuple[int, str]
    scripts: int
    coda: Mapping[str, Any] | None


class JavaScriptSandbox:
    """Runs each invocation in a fresh isolate, in a process that has nothing: :class:`~packsys.ports.PackRunner`.

    ``source`` gives the files of a pack version by path: ``bundle.js`` as the Coda SDK builds it, or ``pack.json``.
    Packs whose number is in ``warm`` keep their isolate from one call to the next, and with it their state.
    """

    def __init__(
        self,
        source: Callable[[int, str], Mapping[str, bytes]],
        *,
        limits: Limits | None = None,
        blobs: Blobs | None = None,
        warm: Collection[int] = (),
        spare: int = 4,
        python: str = sys.executable,
    ) -> None:
        """Starts nothing yet; ``spare`` bounds how many isolates wait, over all packs."""
        self._source = source
        self._limits = limits or Limits()
        self._blobs = blobs
        self._warm = frozenset(warm)
        self._nest = Nest(python=python)
        self._pool = Pool(self._nest, self._limits, most=spare)
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[int, str], _Loaded] = OrderedDict()
        self._types: dict[tuple[int, str], Mapping[str, sdk.Type]] = {}

    def layers(self) -> Mapping[str, str]:
        """Tells what became of each layer of the jail; raises :class:`~packsys.errors.NoSandbox`."""
        return self._nest.report()

    def describe(self, pack_id: int, version: str, *, name: str) -> dict[str, Any]:
        """Writes a pack's manifest; raises :class:`~packsys.errors.PackError` for a pack that cannot be read."""
        return write_manifest(self.declared(pack_id, version), pack_id=pack_id, name=name, version=version)

    def declared(self, pack_id: int, version: str) -> Mapping[str, Any]:
        """Gives what a pack declares in its own words, with ``True`` for each function.

        Raises :class:`~packsys.errors.PackError` for a pack that cannot be read.
        """
        loaded = self._load(pack_id, version)
        if loaded.coda is not None:
            # The isolate still reads it once, so that a body that is no JavaScript is found now.
            self._converse(loaded, {"do": "manifest"}, f"pack {pack_id}", _NoFetcher(), _LOADING)
            return loaded.coda
        found = self._converse(loaded, {"do": "manifest"}, f"pack {pack_id}", _NoFetcher(), _LOADING)
        if not isinstance(found, dict):
            raise BrokenPack("The bundle exports a pack that is no object.")
        return found

    def release(self, pack_id: int, version: str, *, name: str) -> PackVersion:
        """Gives the release that the house works with."""
        return release(self.describe(pack_id, version, name=name))

    def run(self, call: ports.Call) -> Value:
        """Runs a formula and fits its result to the declared type, as :class:`~packsys.ports.PackRunner` says."""
        invocation, signature = call.invocation, call.formula.signature
        raw = self.invoke(
            invocation.pack_id,
            invocation.version,
            RunFormula(invocation.formula),
            arguments_of(signature, invocation),
            fetcher=call.world.fetcher,
            timeout=call.world.timeout,
            call=invocation.name,
            around=Surroundings(
                timezone=call.world.timezone, endpoint=call.world.endpoint, token=call.world.idempotency_key
            ),
        )
        declared = self._result_types(invocation.pack_id, invocation.version).get(invocation.formula, sdk.Type())
        return adapt(_plain(raw), declared, call=invocation.name, timezone=call.world.timezone)

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
    ) -> Any:
        """Runs anything of a pack and gives what it returned, as it returned it.

        Dates come as ``datetime``, Buffers as ``bytes``, errors inside the result as :class:`wire.Raised`.
        ``updates`` are the edits of :class:`UpdateRows`, or the request of :class:`RowPermissions`. ``timeout`` is
        seconds, ``call`` the name in messages. Raises what :class:`~packsys.ports.PackRunner` says.
        """
        surroundings = around or Surroundings()
        zone = _zone(surroundings.timezone)
        message = {
            "do": "run",
            "spec": wire.encode(asdict(spec)),
            "params": [wire.encode(wire.UNDEFINED if each is None else each, zone=zone) for each in arguments],
            "context": wire.encode(surroundings.written(spec)),
            "updates": wire.encode(updates, zone=zone),
        }
        named = call or f"pack {pack_id}::{getattr(spec, 'name', spec.kind)}"
        return self._converse(self._load(pack_id, version), message, named, fetcher, timeout)

    def close(self) -> None:
        """Ends every process and closes what is open."""
        self._pool.close()
        self._nest.close()
        with self._lock:
            known, self._known = [*self._known.values()], OrderedDict()
        for each in known:
            os.close(each.scripts)

    def _converse(
        self, pack: _Loaded, message: Mapping[str, Any], call: str, fetcher: ports.Fetcher, timeout: float
    ) -> Any:
        until = time.monotonic() + timeout
        outward = Outward(fetcher, self._blobs, lambda: max(0.001, min(timeout, until - time.monotonic())))
        session = self._pool.take(pack.key, pack.scripts)
        fine = False
        try:
            outcome = self._outcome(session, message, call, outward, until=until, seconds=timeout)
            raised = wire.read_raised(outcome["error"]) if "error" in outcome else None
            value = wire.decode(outcome.get("ok"))
            fine = True
        except wire.Malformed as error:
            raise stopped(call, error, status=None, seconds=timeout, limits=self._limits) from None
        finally:
            self._give_back(pack, session, fine=fine)
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

    def _give_back(self, pack: _Loaded, session: Session, *, fine: bool) -> None:
        if fine and pack.key[0] in self._warm:
            self._pool.keep(pack.key, session)
            return
        self._pool.end(session)
        if fine:  # a pack that was stopped does not get to run ahead of its next call
            self._pool.refill(pack.key, pack.scripts)

    def _load(self, pack_id: int, version: str) -> _Loaded:
        key = (pack_id, version)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        loaded = _prepared(key, self._source(pack_id, version))
        with self._lock:
            self._known[key] = loaded
            old = self._known.popitem(last=False)[1] if len(self._known) > _MOST_KNOWN else None
        if old is not None:
            os.close(old.scripts)
            self._types.pop(old.key, None)
        return loaded

    def _result_types(self, pack_id: int, version: str) -> Mapping[str, sdk.Type]:
        key = (pack_id, version)
        if key not in self._types:
            self._types[key] = result_types(self.describe(pack_id, version, name="Pack"))
        return self._types[key]


class _NoFetcher:
    def fetch(self, request: ports.Request) -> ports.Response:
        raise PacksysError(f"Nothing may be requested while a pack is read: {request.method} {request.url[:100]}.")


def arguments_of(signature: Signature, invocation: Invocation) -> list[Value]:
    """Puts the arguments of a call in order; the sets of variadic parameters follow one after the other."""
    single = [invocation.arguments.get(each.name) for each in signature.parameters if not each.variadic]
    repeated = [_listed(each, invocation) for each in signature.parameters if each.variadic]
    return single + [value for one_set in zip(*repeated, strict=False) for value in one_set]


def _listed(parameter: Parameter, invocation: Invocation) -> Sequence[Value]:
    given = invocation.arguments.get(parameter.name)
    return given if isinstance(given, (list, tuple)) else ()


def _prepared(key: tuple[int, str], files: Mapping[str, bytes]) -> _Loaded:
    if "bundle.js" in files:
        return _Loaded(key, _written([files["bundle.js"].decode("utf-8", "replace")]), None)
    if "pack.json" in files:
        definition = read_definition(files["pack.json"])
        return _Loaded(key, _written(scripts_of(definition)), as_coda(definition))
    raise BrokenPack("The pack has neither a bundle.js nor a pack.json.")


def _written(scripts: Sequence[str]) -> int:
    """Keeps scripts in a file that has no name, which a jailed process can be handed."""
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps(scripts).encode())
        file.flush()
        return os.dup(file.fileno())


def _plain(value: Any) -> Any:
    """Makes a result of a formula into what a type can be fitted to."""
    match value:
        case wire.Raised():
            return {"name": value.name, "message": value.message}
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case list():
            return [None if each is wire.UNDEFINED else _plain(each) for each in value]
        case _:
            return value


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
