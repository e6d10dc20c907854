"""What runs inside: loads the source of a pack, and calls its functions as the host asks.

This is the stranger's side. Pack code shares the process with it and may change all of it, so nothing here protects
anything: the walls are the kernel's, and the host believes none of what is sent.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any, NoReturn

from packsys import sdk
from packsys.catalog.manifest import describe
from packsys.sandbox import answers
from packsys.sandbox.importing import PACKAGE, PackFinder
from packsys.sandbox.protocol import LENGTH, LOG_LINE, decode, encode
from packsys.sdk.surroundings import BLOB_TTL
from packsys.sdk.targets import Aim, NoSuchTarget, Target, invoke

CHANNEL = 3
"""The one descriptor of a session."""

OUT_OF_MEMORY = 77
"""The exit status of a session that has not even the memory to say so."""

_LONGEST_TEXT = 2_000


class _Wire:
    """Sends to the host and receives from it."""

    def send(self, message: object) -> None:
        frame = memoryview(encode(message))
        while frame:
            frame = frame[os.write(CHANNEL, frame) :]

    def receive(self) -> Any:
        length = LENGTH.unpack(self._read(LENGTH.size))[0]
        return decode(self._read(length), values=length + 1)

    def _read(self, count: int) -> bytearray:
        read = bytearray()
        while len(read) < count:
            part = os.read(CHANNEL, min(count - len(read), 2**20))
            if not part:
                os._exit(0)  # the host has hung up
            read += part
        return read


class _Outside:
    """Asks the host for everything that is outside: it is a context's fetcher, files and cache."""

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire

    def fetch(self, request: sdk.Request) -> sdk.Response:
        return _response(self._answer({"op": "fetch", **vars(request)}))

    def store(self, content: bytes, *, content_type: str, name: str = "", ttl: float = BLOB_TTL) -> str:
        asked = {"op": "store", "content": bytes(content), "content_type": content_type, "name": name, "ttl": ttl}
        return str(self._answer(asked)["kept"])

    def store_url(self, url: str, *, name: str = "", ttl: float = BLOB_TTL) -> str:
        answer = self._answer({"op": "store_url", "url": url, "name": name, "ttl": ttl})
        if "status" in answer:
            raise sdk.StatusCodeError(_response(answer), url=url)
        return str(answer["kept"])

    def get(self, formula: str, arguments: Mapping[str, Any]) -> tuple[Any] | None:
        found = self._answer({"op": "cached", "formula": formula, "arguments": arguments})["found"]
        return None if found is None else (found[0],)

    def _answer(self, message: object) -> Any:
        self._wire.send(message)
        answer = self._wire.receive()
        if "failed" in answer:
            error = sdk.FetchError(answer["message"])
            error.__dict__["failed"] = answer["failed"]  # by this number the host knows its own error again
            raise error
        return answer


def _response(answer: Mapping[str, Any]) -> sdk.Response:
    return sdk.Response(status=answer["status"], headers=answer["headers"], body=answer["body"])


class _LogLines(logging.Handler):
    """Sends log lines to the host, as long as it takes any."""

    def __init__(self, wire: _Wire) -> None:
        super().__init__()
        self._wire = wire
        self.left = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.say(record.getMessage(), record.levelno)

    def say(self, text: str, level: int = logging.INFO) -> None:
        shown = text[:_LONGEST_TEXT]
        self.left -= LOG_LINE + len(shown.encode("utf-8", "replace"))
        if self.left >= 0:
            self._wire.send({"op": "log", "level": level, "text": shown})


class _Print:
    """Takes what ``print`` writes, and makes log lines of it."""

    encoding = "utf-8"

    def __init__(self, lines: _LogLines) -> None:
        self._lines = lines
        self._begun = ""

    def write(self, text: str) -> int:
        *whole, self._begun = (self._begun + text).split("\n")
        for line in whole:
            self._lines.say(line)
        return len(text)

    def flush(self) -> None:
        """Sends a line that has no end yet."""
        if self._begun:
            self.write("\n")

    def isatty(self) -> bool:
        return False


def serve(finder: PackFinder) -> NoReturn:
    """Answers the host's orders until it hangs up."""
    wire = _Wire()
    lines = _LogLines(wire)
    sys.stdout = sys.stderr = _Print(lines)
    work = _Work(wire, lines, finder)
    while True:
        order = wire.receive()
        lines.left = order["log"]
        _answer(wire, lambda: work.do(order))  # noqa: B023  # it is called at once


def _answer(wire: _Wire, work: Callable[[], object]) -> None:
    try:
        done = work()
        sys.stdout.flush()
        wire.send(done)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except BaseException as error:
        wire.send(raised(error))


class _Work:
    """Does what the host orders, with the pack that it was given."""

    def __init__(self, wire: _Wire, lines: _LogLines, finder: PackFinder) -> None:
        self._wire = wire
        self._finder = finder
        self._pack: sdk.Pack | None = None
        self._logger = logging.getLogger("packsys.pack")
        self._logger.addHandler(lines)
        self._logger.setLevel(logging.DEBUG)
        self._logger.propagate = False

    def do(self, order: Mapping[str, Any]) -> object:
        if "files" in order:
            self._finder.files = order["files"]
            try:
                self._pack = _load()
            except MemoryError:
                raise
            except BaseException as error:
                return {"op": "broken", "text": _blame(error, order["files"])}
        assert self._pack is not None
        if order["op"] == "describe":
            return {"op": "done", "value": describe(self._pack)}
        return self._call(self._pack, order)

    def _call(self, pack: sdk.Pack, order: Mapping[str, Any]) -> object:
        target = _target(**order["target"])
        outside = _Outside(self._wire)
        context = sdk.Context(
            fetcher=outside,
            blobs=outside,
            cache=outside,
            invocation=sdk.Invocation(pack=pack.name, version=pack.version, formula=target.name or target.aim),
            logger=self._logger.getChild(pack.name),
            location=sdk.Location(**order["location"]),
            sync=sdk.Sync(**order["sync"]) if order["sync"] else _STILL,
            **order["context"],
        )
        try:
            found = invoke(pack, target, context, order["arguments"])
        except NoSuchTarget as absent:
            return {"op": "absent", "text": str(absent)}
        return {"op": "done", "value": answers.written(target.aim, found, raised)}


_STILL = sdk.Sync()


@lru_cache
def _target(aim: str, name: str = "", part: str = "", typed: str = "") -> Target:
    return Target(aim=Aim(aim), name=name, part=part, typed=typed)


class _Broken(Exception):
    """The source is no pack."""


def _load() -> sdk.Pack:
    found = getattr(import_module(f"{PACKAGE}.pack"), "pack", None)
    if not isinstance(found, sdk.Pack):
        raise _Broken("pack.py defines no pack: write pack = Pack(id=…, name=…, …)")
    if not (found.formulas or found.sync_tables):
        raise _Broken(f"the pack {found.name} has no formulas: declare one with @pack.formula()")
    return found


def _blame(error: BaseException, files: Mapping[str, bytes]) -> str:
    if isinstance(error, _Broken):
        return str(error)
    said = _shown(error) if isinstance(error, sdk.PackDeclarationError) else f"{type(error).__name__}: {_shown(error)}"
    if isinstance(error, SyntaxError):
        return f"{said} ({error.filename}, line {error.lineno})"
    frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename in files]
    return f"{said} ({frames[-1].filename}, line {frames[-1].lineno})" if frames else said


def raised(error: BaseException) -> dict[str, Any]:
    """Describes an exception for the host, which knows exceptions of the SDK by their names."""
    told: dict[str, Any] = {"op": "raised", "kind": type(error).__name__, "text": _shown(error)}
    if isinstance(error, sdk.StatusCodeError):
        told |= {"kind": "StatusCodeError", "status": error.status, "method": error.method, "url": error.url}
    elif isinstance(error, sdk.UserVisibleError):
        told["kind"] = "UserVisibleError"
    elif isinstance(error, sdk.FetchError):
        told |= {"kind": "FetchError", "failed": error.__dict__.get("failed")}
    return told


def _shown(error: BaseException) -> str:
    try:
        return str(error)[:_LONGEST_TEXT]
    except Exception:
        return "(an error that cannot be shown)"
