"""What an attacker would like to reach: files, listeners and a process outside of the sandbox."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

SAID = b"bait!"


_VICTIM = """
import ctypes, sys
held = ctypes.create_string_buffer(b"secret!", 8)
print(ctypes.addressof(held), flush=True)
sys.stdin.read()
"""


@contextmanager
def victim() -> Iterator[dict[str, int]]:
    """Runs a process of the host's user, with something in its memory, until the block ends."""
    python = [sys.executable, "-I", "-S", "-c", _VICTIM]
    with subprocess.Popen(python, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield {"pid": process.pid, "address": int(process.stdout.readline())}
        process.stdin.close()


@contextmanager
def laid_out(folder: Path) -> Iterator[dict[str, Any]]:
    """Puts bait into a folder and on listeners, and gives the addresses."""
    with ExitStack() as stack:
        folder = folder / "bait"
        folder.mkdir()
        yield {
            **_files(folder),
            "folder": str(folder),
            "tcp": _listener(stack, socket.AF_INET, ("127.0.0.1", 0)).getsockname()[1],
            "unix": _listener(stack, socket.AF_UNIX, str(folder / "socket")).getsockname(),
            "abstract": _abstract(stack, folder),
            "udp": _echo(stack),
            "library": _library(),
        }


def _files(folder: Path) -> dict[str, str]:
    folder.chmod(0o777)
    for name, mode in (("public", 0o644), ("secret", 0o600), ("writable", 0o666), ("removable", 0o666)):
        (folder / name).write_text("something\n")
        (folder / name).chmod(mode)
    (folder / "smuggled.py").write_text("LOADED = True\n")
    return {name: str(folder / name) for name in ("public", "secret", "writable", "removable")}


def _abstract(stack: ExitStack, folder: Path) -> str:
    name = f"\0packsys-bait-{os.getpid()}-{folder.parent.name}"
    _listener(stack, socket.AF_UNIX, name)
    return name


def _listener(stack: ExitStack, family: socket.AddressFamily, address: Any) -> socket.socket:
    line = stack.enter_context(socket.socket(family))
    line.bind(address)
    if isinstance(address, str) and not address.startswith("\0"):
        Path(address).chmod(0o777)
    line.listen(64)
    _served(stack, line, lambda: _greet(line))
    return line


def _greet(line: socket.socket) -> None:
    caller, _ = line.accept()
    with caller:
        caller.sendall(SAID)


def _echo(stack: ExitStack) -> int:
    line = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    line.bind(("127.0.0.1", 0))
    _served(stack, line, lambda: line.sendto(SAID, line.recvfrom(16)[1]))
    return int(line.getsockname()[1])


def _served(stack: ExitStack, line: socket.socket, serve: Callable[[], object]) -> None:
    def run() -> None:
        try:
            while True:
                serve()
        except OSError:
            return  # the line was closed

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    stack.callback(line.shutdown, socket.SHUT_RDWR) if line.type == socket.SOCK_STREAM else None


def _library() -> str:
    """Finds a library that no Python has loaded yet, by what every Linux with glibc has."""
    for place in ("/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib64", "/usr/lib64"):
        for name in ("libBrokenLocale.so.1", "libthread_db.so.1", "libnss_compat.so.2"):
            if Path(place, name).exists():
                return str(Path(place, name))
    return "/lib/libc.so.6"
