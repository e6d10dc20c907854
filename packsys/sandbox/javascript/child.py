"""The program of the jailed process: a nest that holds V8 ready, and its children, one for each invocation.

It holds no secret: it is started with an empty environment and one socket. A child passes text between the host
and the isolate without looking into it. What the nest and the host say to each other is JSON; what a child and
the host say are frames: four bytes of length, one of kind, and text.
"""

from __future__ import annotations

import array
import ctypes
import gc
import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from py_mini_racer import init_mini_racer

from packsys.sandbox import confinement, walls
from packsys.sandbox.confinement import V8
from packsys.sandbox.javascript.child_codes import MISBEHAVED, OUT_OF_MEMORY, UNLOCKED
from packsys.sandbox.javascript.isolate import Isolate, ScriptError

FLAGS = ("--single-threaded", "--disallow-code-generation-from-strings", "--stack-size=800")
_PIPE = 3


@dataclass(frozen=True)
class _Engine:
    """Is what every isolate is made of: the library, its first script, and the memory that they take."""

    library: ctypes.CDLL
    thunk: str
    base: int


def main() -> NoReturn:
    """Serves the host until it closes the socket."""
    control = socket.socket(fileno=int(sys.argv[1]))
    thunk = "\n".join(Path(__file__).with_name(name).read_text("utf-8") for name in ("buffer.js", "thunk.js"))
    library = init_mini_racer(flags=FLAGS)
    engine = _Engine(library, thunk, _measured(library, thunk))
    granted = confinement.enclose(V8)
    gc.freeze()  # pages that are never written stay shared with the children
    control.send(json.dumps(vars(granted)).encode())
    children: dict[int, int] = {}
    while True:
        _serve(control, children, engine)


def _measured(library: ctypes.CDLL, thunk: str) -> int:
    """Finds what an isolate takes before a pack is in it, in a child: V8 reserves half a gigabyte it never touches."""
    result, told = os.pipe()
    child = os.fork()
    if child == 0:
        Isolate(library, heap=0).begin(thunk)
        os.write(told, f"{walls.memory_in_use(V8.counted)}".encode())
        os._exit(0)
    os.close(told)
    with os.fdopen(result, "rb") as said:
        base = int(said.read())
    os.waitpid(child, 0)
    return base


def _serve(control: socket.socket, children: dict[int, int], engine: _Engine) -> None:
    message, ancillary, _, _ = control.recvmsg(4096, socket.CMSG_SPACE(8))
    if not message:
        os._exit(0)
    order = json.loads(message)
    if order["do"] == "spawn":
        pipe, scripts = array.array("i", ancillary[0][2][:8])
        children[order["id"]] = _spawn(pipe, scripts, partial(_live, engine, pipe, scripts, order))
        return
    status = _end(children.pop(order["id"], None))
    if order["tell"]:
        control.send(json.dumps({"status": status}).encode())


def _spawn(pipe: int, scripts: int, live: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        try:
            live()
        finally:
            os._exit(MISBEHAVED)
    os.close(pipe)
    os.close(scripts)
    return child


def _end(child: int | None) -> int | None:
    if child is None:
        return None
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def _live(engine: _Engine, pipe: int, scripts: int, order: dict[str, Any]) -> NoReturn:
    confinement.set_apart()
    sources = _read_scripts(scripts)
    _keep_only(pipe)
    isolate = Isolate(engine.library, heap=order["heap"])
    isolate.begin(engine.thunk)
    try:
        confinement.lock(V8, memory=engine.base + order["data"], cpu=order["seconds"])
    except OSError:
        os._exit(UNLOCKED)
    _answer(isolate, partial(_load, isolate, sources))
    ahead = bytearray()
    while True:
        _answer(isolate, partial(isolate.exchange, _receive(ahead)))


def _read_scripts(scripts: int) -> list[str]:
    text = os.pread(scripts, os.fstat(scripts).st_size, 0)
    sources: list[str] = json.loads(text)
    return sources


def _keep_only(pipe: int) -> None:
    os.dup2(pipe, 63)
    os.dup2(63, _PIPE)
    os.closerange(4, 1024)


def _load(isolate: Isolate, sources: list[str]) -> str:
    for source in sources:
        isolate.run(source)
    return ""


def _answer(isolate: Isolate, work: Callable[[], str]) -> None:
    try:
        kind, text = b"+", work()
    except ScriptError as error:
        kind, text = b"-", f"{error}"[:4000]
    if isolate.exhausted:
        os._exit(OUT_OF_MEMORY)
    _send(kind + text.encode("utf-8", "replace"))


def _receive(ahead: bytearray) -> str:
    (length,) = struct.unpack(">I", _read(4, ahead))
    return _read(length, ahead).decode()


def _read(length: int, ahead: bytearray) -> bytes:
    while len(ahead) < length:
        part = os.read(_PIPE, min(max(length - len(ahead), 1 << 16), 1 << 20))
        if not part:
            os._exit(0)
        ahead += part
    read = bytes(ahead[:length])
    del ahead[:length]
    return read


def _send(body: bytes) -> None:
    rest = memoryview(struct.pack(">I", len(body)) + body)
    while rest:
        rest = rest[os.write(_PIPE, rest) :]
