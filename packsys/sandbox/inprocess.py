"""Runs packs in this process: those that ship with packsys, and those that a maker is at work on.

There is no wall around the code. What strangers write belongs in the sandbox.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import methodcaller
from typing import Any, TypeVar

from packsys import ports, sdk
from packsys.catalog.manifest import describe, release
from packsys.catalog.result import adapt
from packsys.errors import BrokenPack, CallTimeout, PacksysError
from packsys.model import PackVersion
from packsys.runtime.threads import Failed, Succeeded, Threads
from packsys.sandbox import answers, protocol
from packsys.sandbox.errand import Errand
from packsys.sandbox.faults import fault
from packsys.sandbox.reach import Reach
from packsys.sdk.surroundings import BLOB_TTL
from packsys.sdk.targets import Aim, NoSuchTarget, invoke
from packsys.values import Value

_Done = TypeVar("_Done")


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
        self._threads = Threads()
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

        A call that was left behind reaches nothing more. Raises what :class:`~packsys.ports.PackRunner` says.
        """
        errand = Errand.of_call(call)
        pack = self._find(errand)
        found = self._done(errand, lambda context: invoke(pack, errand.target, context, errand.arguments))
        declared = pack.formulas[call.invocation.formula].result
        return adapt(found, declared, call=errand.name, timezone=errand.world.timezone)

    def ask(self, inquiry: ports.Inquiry) -> Any:
        """Asks a pack for anything but a formula, in a thread of its own as well.

        The answer is what it would be after a message and back, as that of a pack in a sandbox is.
        """
        loaded = self._packs.get(inquiry.pack_id)
        errand = Errand.of_inquiry(inquiry, pack=loaded.pack.name if loaded else f"pack {inquiry.pack_id}")
        pack, aim = self._find(errand), inquiry.target.aim

        def tell(error: BaseException) -> str:
            return fault(errand.name, error, now=self._now).message

        def asked(context: sdk.Context) -> Any:
            found = invoke(pack, errand.target, context, errand.arguments)
            return _told(answers.written(aim, found, tell))

        return answers.read(self._done(errand, asked), errand, said=str)

    def _add(self, pack: sdk.Pack) -> None:
        if pack.id in self._packs:
            raise BrokenPack(f"{self._packs[pack.id].pack!r} and {pack!r} have one number: give one of them another.")
        if pack.name.casefold() in self._ids:
            raise BrokenPack(f"Two packs are called {pack.name}: give one of them another name.")
        self._packs[pack.id] = _Loaded(pack, release(describe(pack)))
        self._ids[pack.name.casefold()] = pack.id

    def _find(self, errand: Errand) -> sdk.Pack:
        loaded = self._packs.get(errand.pack_id)
        if loaded is None or (errand.target.aim is Aim.FORMULA and errand.target.name not in loaded.pack.formulas):
            raise BrokenPack(f"{errand.name} is not among the packs of this worker: load the pack here too.")
        return loaded.pack

    def _done(self, errand: Errand, work: Callable[[sdk.Context], _Done]) -> _Done:
        line = _Line(errand.world)
        context = _context(self._find(errand), errand, line)
        try:
            outcome = self._threads(lambda: work(context)).within(errand.world.timeout)
        finally:
            line.cut()
        match outcome:
            case None:
                raise CallTimeout(f"{errand.name} took longer than its {errand.world.timeout:g} seconds.")
            case Failed(NoSuchTarget() as absent):
                raise BrokenPack(f"{context.invocation.pack} cannot be asked for that: {absent}") from absent
            case Failed(error):
                raise fault(errand.name, error, now=self._now) from error
            case Succeeded(value):
                return value


class _Line:
    """Is everything that one call finds around it, until it is cut: fetcher, files, cache and clock."""

    def __init__(self, world: ports.World) -> None:
        self._reach = Reach(world, seconds=lambda: world.timeout)
        self._under_way = threading.Lock()  # held until the call is over; an event takes far longer to make
        self._under_way.acquire()

    def fetch(self, request: sdk.Request) -> sdk.Response:
        with _as_packs_see_it():
            answer = self._reach.fetch(request)
        return sdk.Response(status=answer.status, headers=answer.headers, body=answer.body)

    def store(self, content: bytes, *, content_type: str, name: str = "", ttl: float = BLOB_TTL) -> str:
        with _as_packs_see_it():
            return self._reach.store(content, content_type=content_type, name=name, ttl=ttl)

    def store_url(self, url: str, *, name: str = "", ttl: float = BLOB_TTL) -> str:
        with _as_packs_see_it():
            return self._reach.store_url(url, name=name, ttl=ttl)

    def get(self, formula: str, arguments: Mapping[str, Any]) -> tuple[Any] | None:
        with _as_packs_see_it():
            return self._reach.cached(formula, arguments)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        if self._under_way.acquire(timeout=max(seconds, 0.0)):
            self._under_way.release()
            raise sdk.FetchError("The call is over: it need not wait any more.")

    def cut(self) -> None:
        self._reach.cut()
        self._under_way.release()


@contextmanager
def _as_packs_see_it() -> Iterator[None]:
    try:
        yield
    except PacksysError as error:
        raise sdk.FetchError(error.message) from error


def _context(pack: sdk.Pack, errand: Errand, line: _Line) -> sdk.Context:
    target, world = errand.target, errand.world
    return sdk.Context(
        fetcher=line,
        invocation=sdk.Invocation(pack=pack.name, version=pack.version, formula=target.name or target.aim),
        logger=logging.getLogger(f"packsys.pack.{pack.name}"),
        timezone=world.timezone,
        locale=world.locale,
        endpoint=world.endpoint,
        idempotency_key=world.idempotency_key,
        token=world.token,
        location=world.location,
        sync=world.sync,
        blobs=line,
        cache=line,
        clock=line,
    )


def _told(message: Any) -> Any:
    """Gives a message as it is when it was written and read. Rows that are plain JSON are so already."""
    rows = message.get("rows") if isinstance(message, dict) else None
    if rows.__class__ is not list:
        return _reread(message)
    return {**_reread({**message, "rows": []}), "rows": [row if _is_plain(row) else _reread(row) for row in rows]}


def _is_plain(value: Any, depth: int = 50) -> bool:
    """Tells whether a value is JSON through and through, of the very classes that reading JSON gives."""
    kind = value.__class__
    if kind is dict:
        if not _TEXTS.issuperset(map(type, value)) or (len(value) == 1 and any(map(_MARKED, value))):
            return False
        inner = value.values()
    elif kind is list:
        inner = value
    else:
        return kind in _SCALARS
    return _SCALARS.issuperset(map(type, inner)) or (depth > 0 and all(_is_plain(each, depth - 1) for each in inner))


def _reread(message: Any) -> Any:
    written = protocol.written(message)
    return protocol.decode(written, values=len(written))


_SCALARS = frozenset({str, int, float, bool, type(None)})
_TEXTS = frozenset({str})
_MARKED = methodcaller("startswith", "\0")
