"""The program of the jailed process: a nest that holds V8 ready, and its children, one for each invocation.

It holds no secret: it is started with an empty environment and one socket. A child passes text between the host
and the isolate without looking into it. What the nest and the host say to each other is JSON; what a child and
the host say are frames: four bytes of length, one of kind, and text.
"""

from __future__ import annotations

import array
import asyncio
import gc
import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from py_mini_racer import MiniRacer, init_mini_racer

from packsys.sandbox.javascript import jail
from packsys.sandbox.javascript.child_codes import MISBEHAVED, OUT_OF_MEMORY, UNLOCKED

FLAGS = ("--single-threaded", "--disallow-code-generation-from-strings", "--stack-size=800")
_PIPE = 3


def main() -> NoReturn:
    """Serves the host until it closes the socket."""
    control = socket.socket(fileno=int(sys.argv[1]))
    thunk = "\n".join(Path(__file__).with_name(name).read_text("utf-8") for name in ("buffer.js", "thunk.js"))
    init_mini_racer(flags=FLAGS)
    base = _measured(thunk)
    report = jail.enter()
    gc.freeze()  # pages that are never written stay shared with the children
    control.send(json.dumps(report).encode())
    children: dict[int, int] = {}
    while True:
        _serve(control, children, thunk, base)


def _measured(thunk: str) -> int:
    """Finds what an isolate takes before a pack is in it, in a child: V8 reserves half a gigabyte it never touches."""
    result, told = os.pipe()
    child = os.fork()
    if child == 0:
        asyncio.run(_measure(told, thunk))
    os.close(told)
    with os.fdopen(result, "rb") as said:
        base = int(said.read())
    os.waitpid(child, 0)
    return base


async def _measure(told: int, thunk: str) -> NoReturn:
    isolate = MiniRacer()
    isolate.eval(thunk)
    os.write(told, f"{jail.data_in_use()}".encode())
    os._exit(0)


def _serve(control: socket.socket, children: dict[int, int], thunk: str, base: int) -> None:
    message, ancillary, _, _ = control.recvmsg(4096, socket.CMSG_SPACE(8))
    if not message:
        os._exit(0)
    order = json.loads(message)
    if order["do"] == "spawn":
        pipe, scripts = array.array("i", ancillary[0][2][:8])
        order["data"] += base
        children[order["id"]] = _spawn(pipe, scripts, order, thunk)
    else:
        control.send(json.dumps({"status": _end(children.pop(order["id"], None))}).encode())


def _spawn(pipe: int, scripts: int, order: dict[str, Any], thunk: str) -> int:
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(_live(pipe, scripts, order, thunk))
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


async def _live(pipe: int, scripts: int, order: dict[str, Any], thunk: str) -> NoReturn:
    # Waits for nothing: in a running loop V8 is called straight, and not through the thread of another loop.
    jail.die_with_parent()
    sources = _read_scripts(scripts)
    _keep_only(pipe)
    isolate = MiniRacer()
    isolate.set_hard_memory_limit(order["heap"])
    step: Any = isolate.eval(thunk)
    try:
        jail.lock(data=order["data"], seconds=order["seconds"])
    except (OSError, jail.Missing):
        os._exit(UNLOCKED)
    _answer(isolate, partial(_load, isolate, sources))
    while True:
        text = _receive()
        _answer(isolate, partial(_exchange, step, text))


def _read_scripts(scripts: int) -> list[str]:
    text = os.pread(scripts, os.fstat(scripts).st_size, 0)
    sources: list[str] = json.loads(text)
    return sources


def _keep_only(pipe: int) -> None:
    os.dup2(pipe, 63)
    os.dup2(63, _PIPE)
    os.closerange(4, 1024)


def _load(isolate: MiniRacer, sources: list[str]) -> str:
    for source in sources:
        isolate.eval(source)
    return ""


def _exchange(step: Callable[[str], object], text: str) -> object:
    step(text)  # what it promised runs before the call returns
    return step("")


def _answer(isolate: MiniRacer, work: Callable[[], object]) -> None:
    try:
        kind, text = b"+", work()
    except Exception as error:
        kind, text = b"-", f"{error}"[:4000]
    if isolate.was_hard_memory_limit_reached():  # V8 does not go on afterwards, whatever it answers
        os._exit(OUT_OF_MEMORY)
    if not isinstance(text, str):
        os._exit(MISBEHAVED)
    _send(kind + text.encode("utf-8", "replace"))


def _receive() -> str:
    (length,) = struct.unpack(">I", _read(4))
    return _read(length).decode()


def _read(length: int) -> bytes:
    held = bytearray()
    while len(held) < length:
        piece = os.read(_PIPE, min(length - len(held), 1 << 20))
        if not piece:
            os._exit(0)
        held += piece
    return bytes(held)


def _send(body: bytes) -> None:
    rest = memoryview(struct.pack(">I", len(body)) + body)
    while rest:
        rest = rest[os.write(_PIPE, rest) :]
