"""Runs packs in this process: those that ship with packsys, and those that a maker is at work on.

There is no wall around the code. What strangers write belongs in the sandbox.
"""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from packsys import ports, sdk
from packsys.catalog.manifest import describe, release
from packsys.catalog.result import adapt
from packsys.errors import BrokenPack, CallTimeout, PacksysError
from packsys.model import PackVersion
from packsys.sandbox.faults import fault
from packsys.sdk.calling import call as call_function
from packsys.values import Value


@dataclass(frozen=True)
class _Loaded:
    pack: sdk.Pack
    release: PackVersion


class InProcessPacks:
    """Is the store of some packs, and runs them: both :class:`~packsys.ports.PackStore` and ``PackRunner``."""

    def __init__(self, packs: Iterable[sdk.Pack], *, now: Callable[[], float] = time.time) -> None:
        """Takes the packs; refuses two with one number or one name with :class:`~packsys.errors.BrokenPack`.

        ``now`` tells the seconds since 1970.
        """
        self._now = now
        self._packs: dict[int, _Loaded] = {}
        self._ids: dict[str, int] = {}
        for pack in packs:
            self._add(pack)

    def by_id(self, pack_id: int) -> PackVersion | None:
        """Finds a pack by its number."""
        return self._packs[pack_id].release if pack_id in self._packs else None

    def by_name(self, name: str) -> PackVersion | None:
        """Finds a pack by its name, whatever its case."""
        found = self._ids.get(name.casefold())
        return None if found is None else self.by_id(found)

    def release(self, pack_id: int, version: str) -> PackVersion | None:
        """Finds a pack by its number; there is one release of each, and a call bound with another runs on it too."""
        return self.by_id(pack_id)

    def names(self) -> Sequence[str]:
        """Lists the names of all packs."""
        return [loaded.release.name for loaded in self._packs.values()]

    def run(self, call: ports.Call) -> Value:
        """Runs one call in a thread of its own, and leaves that thread behind when the time is up.

        A call that was left behind sends no more requests. Raises what :class:`~packsys.ports.PackRunner` says.
        """
        pack, formula = self._find(call)
        line = _Line(call)
        context = _context(pack, formula, call, line)
        try:
            outcome = _within(call.world.timeout, lambda: call_function(formula, context, call.invocation.arguments))
        finally:
            line.cut()
        if outcome is None:
            raise CallTimeout(f"{call.invocation.name} took longer than its {call.world.timeout:g} seconds.")
        if outcome.error is not None:
            raise fault(call.invocation.name, outcome.error, now=self._now) from outcome.error
        return adapt(outcome.value, formula.result, call=call.invocation.name, timezone=call.world.timezone)

    def _add(self, pack: sdk.Pack) -> None:
        if pack.id in self._packs:
            raise BrokenPack(f"{self._packs[pack.id].pack!r} and {pack!r} have one number: give one of them another.")
        if pack.name.casefold() in self._ids:
            raise BrokenPack(f"Two packs are called {pack.name}: give one of them another name.")
        self._packs[pack.id] = _Loaded(pack, release(describe(pack)))
        self._ids[pack.name.casefold()] = pack.id

    def _find(self, call: ports.Call) -> tuple[sdk.Pack, sdk.Formula]:
        loaded = self._packs.get(call.invocation.pack_id)
        formula = loaded.pack.formulas.get(call.invocation.formula) if loaded else None
        if loaded is None or formula is None:
            raise BrokenPack(f"{call.invocation.name} is not among the packs of this worker: load the pack here too.")
        return loaded.pack, formula


@dataclass(frozen=True)
class _Outcome:
    value: object = None
    error: BaseException | None = None


class _Line:
    """Carries the requests of one call, until it is cut."""

    def __init__(self, call: ports.Call) -> None:
        self._fetcher: ports.Fetcher | None = call.world.fetcher
        self._timeout = call.world.timeout

    def fetch(self, request: sdk.Request) -> sdk.Response:
        fetcher = self._fetcher
        if fetcher is None:
            raise sdk.FetchError("The call is over: it cannot send requests any more.")
        try:
            answer = fetcher.fetch(_outgoing(request, self._timeout))
        except PacksysError as error:
            raise sdk.FetchError(error.message) from error
        return sdk.Response(status=answer.status, headers=answer.headers, body=answer.body)

    def cut(self) -> None:
        self._fetcher = None


def _outgoing(request: sdk.Request, timeout: float) -> ports.Request:
    return ports.Request(
        method=request.method,
        url=request.url,
        headers=request.headers,
        query=request.query,
        body=request.body,
        timeout=timeout,
    )


def _context(pack: sdk.Pack, formula: sdk.Formula, call: ports.Call, line: _Line) -> sdk.Context:
    return sdk.Context(
        fetcher=line,
        invocation=sdk.Invocation(pack=pack.name, version=pack.version, formula=formula.name),
        logger=logging.getLogger(f"packsys.pack.{pack.name}"),
        timezone=call.world.timezone,
        endpoint=call.world.endpoint,
        idempotency_key=call.world.idempotency_key,
    )


def _within(seconds: float, work: Callable[[], object]) -> _Outcome | None:
    """Gives the outcome of some work, or None when it is not there in time."""
    outcomes: SimpleQueue[_Outcome] = SimpleQueue()

    def run() -> None:
        try:
            outcomes.put(_Outcome(value=work()))
        except BaseException as error:
            outcomes.put(_Outcome(error=error))

    # A copy of the context lets the pack's log lines carry the ids that are bound to the job.
    threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True, name="pack").start()
    try:
        return outcomes.get(timeout=max(seconds, 0.0))
    except Empty:
        return None
