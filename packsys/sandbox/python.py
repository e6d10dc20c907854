"""Runs packs that strangers wrote in Python, each call in a process of its own behind the kernel's walls."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from packsys import ports, sdk
from packsys.catalog.manifest import release, result_types
from packsys.catalog.result import adapt
from packsys.errors import BrokenPack, NoSandbox, SandboxError
from packsys.sandbox import answers
from packsys.sandbox.confinement import Granted, Layers
from packsys.sandbox.conversation import Conversation, Raised
from packsys.sandbox.errand import Errand
from packsys.sandbox.faults import fault
from packsys.sandbox.idle import Idle, Place
from packsys.sandbox.limits import LONGEST, Limits
from packsys.sandbox.protocol import framed, written
from packsys.sandbox.session import Stop
from packsys.sandbox.supervisor import Supervisor, after_fork
from packsys.sdk.targets import Aim
from packsys.values import Value

Files: TypeAlias = Mapping[str, bytes]
"""The source of a pack by path; ``pack.py`` defines it."""

_ENTRY = "pack.py"
_KEPT_SOURCES = 32
_KINDS = {Aim.FORMULA: ("formulas",), Aim.AUTOCOMPLETE: ("formulas", "sync_tables")}  # whose isolation counts
_WRONG = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)  # what reading may raise
_BLANK = ("blank",)  # the kind of a session that has loaded nothing yet


@dataclass(frozen=True)
class _Source:
    files: bytes
    name: str
    results: Mapping[str, sdk.Type]
    warm: Container[tuple[str, str]]


class PythonSandbox:
    """Is the :class:`~packsys.ports.PackRunner` for the code of strangers.

    A call gets a fresh process unless its pack is warm; a warm process is used again for calls of the same release
    and account only. Any thread may call, and a fork of this process begins anew. What the pack may reach is the
    call's world and the log, nothing else.
    """

    def __init__(
        self,
        source: Callable[[int, str], Files],
        *,
        limits: Limits | None = None,
        warm: Callable[[int, str], bool] | None = None,
        layers: Layers | None = None,
        python: str = sys.executable,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Starts nothing yet.

        ``source`` gives the files of a release, by pack number and version. ``warm`` says of a release whether its
        sessions may be used again; without it, each formula's own ``isolation`` does. ``now`` tells the seconds
        since 1970. ``layers`` is for tests, which leave walls out.
        """
        self._limits = limits or Limits()
        self._warm = warm
        self._now = now
        self._supervisor = Supervisor(limits=self._limits, layers=layers or Layers(), python=python)
        self._idle = Idle(self._limits.idle)
        self._spare = Idle(self._limits.spare)
        after_fork(self._idle.forget)
        after_fork(self._spare.forget)
        self._source = lru_cache(maxsize=_KEPT_SOURCES)(lambda pack_id, version: self._read(source(pack_id, version)))

    def start(self) -> Granted:
        """Builds the walls and says which stand; raises :class:`~packsys.errors.NoSandbox` where they do not suffice.

        A worker calls it at its start, so that the first pack call need not wait for it.
        """
        return self._supervisor.start()

    def run(self, call: ports.Call) -> Value:
        """Runs one call and gives its result, fitted to its declared type.

        Raises what :class:`~packsys.ports.PackRunner` says: at a limit, :class:`~packsys.errors.SandboxError`.
        """
        errand = Errand.of_call(call)
        source = self._loaded(errand.pack_id, errand.version, name=errand.name)
        if errand.target.name not in source.results:
            raise BrokenPack(f"{errand.name} is not in release {errand.version} of its pack.")
        value, _ = self._done(errand, source)
        return adapt(value, source.results[errand.target.name], call=errand.name, timezone=call.world.timezone)

    def ask(self, inquiry: ports.Inquiry) -> Any:
        """Asks a pack for anything but a formula, behind the same walls, and makes its answer anew.

        A table is asked in a warm process where it is declared so, whatever tells about an account in a fresh one.
        """
        source = self._loaded(inquiry.pack_id, inquiry.version, name=f"The pack {inquiry.pack_id}")
        errand = Errand.of_inquiry(inquiry, pack=source.name)
        message, talk = self._done(errand, source)

        def said(told: object) -> str:
            return fault(errand.name, talk.revived(told), now=self._now).message

        with _stopped(errand.name):
            return answers.read(message, errand, said=said)

    def describe_source(self, files: Files) -> dict[str, Any]:
        """Reads the manifest of a pack from its source, without running any of it in this process.

        Raises :class:`~packsys.errors.BrokenPack` with the place where the source is wrong, and
        :class:`~packsys.errors.SandboxError`.
        """
        with _stopped("The pack", " while it was loaded"):
            manifest = self._described(_written(files))
        _checked(manifest)
        return manifest

    def close(self) -> None:
        """Ends every process of the sandbox."""
        for place in (*self._idle.clear(), *self._spare.clear()):
            place.session.end()
        self._supervisor.close()

    def __enter__(self) -> PythonSandbox:
        """Begins the block at whose end every process is ended."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends every process."""
        self.close()

    def _loaded(self, pack_id: int, version: str, *, name: str) -> _Source:
        with _stopped(name):
            return self._source(pack_id, version)

    def _read(self, files: Files) -> _Source:
        written_files = _written(files)
        manifest = self._described(written_files)
        results = _checked(manifest)
        warm = {
            (kind, each["name"])
            for kind in ("formulas", "sync_tables")
            for each in manifest.get(kind, ())
            if each.get("isolation") == "warm"
        }
        return _Source(written_files, manifest["name"], results, warm)

    def _described(self, files: bytes) -> dict[str, Any]:
        order = _order({"op": "describe", "log": self._limits.log}, files)
        until = time.monotonic() + self._limits.seconds
        with self._fresh() as place:
            talk = Conversation(place.session, pack="The pack", limits=self._limits, world=None, until=until)
            try:
                manifest = talk.hold(order)
            except Raised as raised:
                raise BrokenPack(f"The pack cannot be described: {raised.error}.") from None
        if not isinstance(manifest, dict):
            raise Stop("protocol", "it sent a manifest that is none")
        return manifest

    def _done(self, errand: Errand, source: _Source) -> tuple[object, Conversation]:
        with _stopped(errand.name):
            try:
                return self._told(errand, source)
            except Raised as raised:
                raise fault(errand.name, raised.error, now=self._now) from None

    def _told(self, errand: Errand, source: _Source) -> tuple[object, Conversation]:
        with self._place(errand, source) as place:
            begun = time.monotonic()
            until = begun + min(errand.world.timeout, self._limits.seconds)
            pack = errand.name.partition("::")[0]  # under which it logs: not what it calls itself by now
            talk = Conversation(place.session, pack=pack, limits=self._limits, world=errand.world, until=until)
            order = _order({**errand.order, "log": self._limits.log}, None if place.loaded else source.files)
            try:
                return talk.hold(order), talk
            finally:
                place.loaded = True
                place.calls += 1
                place.busy += time.monotonic() - begun

    @contextmanager
    def _place(self, errand: Errand, source: _Source) -> Iterator[Place]:
        if not self._is_warm(errand, source):
            with self._fresh() as place:
                yield place
            return
        key = (errand.pack_id, errand.version, errand.account)
        place = self._idle.take(key) or Place(self._supervisor.session(cpu=self._cpu(self._limits.busy + LONGEST)))
        try:
            yield place
        except Raised:
            self._keep(key, place)  # an exception is an outcome like another
            raise
        except BaseException:
            place.session.end()
            raise
        else:
            self._keep(key, place)

    def _is_warm(self, errand: Errand, source: _Source) -> bool:
        if self._warm is None:
            kinds = _KINDS.get(errand.target.aim, ("sync_tables",))
            return any((kind, errand.target.name) in source.warm for kind in kinds)
        return self._warm(errand.pack_id, errand.version)

    def _keep(self, key: tuple[object, ...], place: Place) -> None:
        if place.calls < self._limits.calls and place.busy < self._limits.busy:
            self._idle.put(key, place)
        else:
            place.session.end()

    @contextmanager
    def _fresh(self) -> Iterator[Place]:
        place = self._spare.take(_BLANK) or self._blank()
        try:
            yield place
        finally:
            place.session.end()
            self._prepare()

    def _prepare(self) -> None:
        """Has the next session forked while nobody waits for it."""
        if not self._spare.full:
            with suppress(NoSandbox):  # the next call will say so, if it is still true
                self._spare.put(_BLANK, self._blank())

    def _blank(self) -> Place:
        return Place(self._supervisor.session(cpu=self._cpu(self._limits.seconds)))

    @staticmethod
    def _cpu(seconds: float) -> int:
        return math.ceil(seconds) + 1


def describe_source(files: Files) -> dict[str, Any]:
    """Reads the manifest of a pack from its source, in a sandbox that is started for it alone.

    Raises what :meth:`PythonSandbox.describe_source` does.
    """
    with PythonSandbox(lambda pack_id, version: files) as sandbox:
        return sandbox.describe_source(files)


def probe(*, python: str = sys.executable) -> Granted:
    """Tries which walls this machine has; raises :class:`~packsys.errors.NoSandbox` where they do not suffice."""
    with PythonSandbox(lambda pack_id, version: {}, python=python) as sandbox:
        return sandbox.start()


def _written(files: Files) -> bytes:
    if _ENTRY not in files:
        raise BrokenPack(f"The source has no {_ENTRY}: define the pack there.")
    return written(files)


def _order(order: Mapping[str, object], files: bytes | None) -> bytes:
    """Writes an order; the files, written once and for all, are put in as they are."""
    data = written(order)
    return framed(data if files is None else b'%s,"files":%s}' % (data[:-1], files))


@contextmanager
def _stopped(name: str, when: str = "") -> Iterator[None]:
    """Makes the error of the house of a stop."""
    try:
        yield
    except Stop as stop:
        raise SandboxError(f"{name} was stopped{when}: {stop.reason}.", limit=stop.limit) from None


def _checked(manifest: Mapping[str, Any]) -> Mapping[str, sdk.Type]:
    """Reads a manifest in full: it came from the sandbox, where anything may have been written."""
    try:
        release(manifest)
        return result_types(manifest)
    except (sdk.PackDeclarationError, *_WRONG) as error:
        raise BrokenPack(f"The pack describes itself wrongly ({type(error).__name__}: {error}).") from None
