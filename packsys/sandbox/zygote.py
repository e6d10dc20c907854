"""The process that sessions are forked from: a Python with its modules loaded, walled in, with nothing to hide.

The host starts it as ``python -I -S -B`` with an empty environment and one descriptor, so it never holds a secret.
It runs no pack code itself: it forks a session for every order, ends sessions when told to, and says how they ended.
When the host is gone it ends, and its sessions with it.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import _common as zone_files

from packsys.sandbox import confinement, guest, walls
from packsys.sandbox.confinement import PYTHON, Layers
from packsys.sandbox.importing import PackFinder, only_from_memory

MODULES = """
__future__ abc array ast base64 binascii bisect bz2 calendar cmath codecs collections.abc colorsys configparser
contextlib contextvars copy csv ctypes dataclasses datetime decimal difflib email.message email.parser email.policy
email.utils enum fnmatch fractions functools graphlib gzip hashlib heapq hmac html html.entities html.parser http
http.cookies inspect io ipaddress itertools json keyword linecache locale logging lzma math mimetypes numbers operator
pathlib pprint queue quopri random re secrets shlex statistics string stringprep struct textwrap threading time
timeit tokenize tomllib traceback types typing unicodedata urllib.parse uuid warnings weakref xml.etree.ElementTree
xml.sax.saxutils zipfile zlib zoneinfo _strptime
encodings.ascii encodings.cp1250 encodings.cp1251 encodings.cp1252 encodings.idna encodings.iso8859_1
encodings.iso8859_15 encodings.latin_1 encodings.punycode encodings.raw_unicode_escape encodings.unicode_escape
encodings.utf_16 encodings.utf_16_be encodings.utf_16_le encodings.utf_32 encodings.utf_8_sig
"""
"""What packs may import, besides ``packsys.sdk``: loaded now, because afterwards there are no files.

The list is for convenience, not for safety: pack code that finds its way to any other module, or to ``ctypes``, gains
nothing, since the walls are the kernel's.
"""


@dataclass(frozen=True)
class _Session:
    number: int
    pid: int
    status: int


class _Zygote:
    """Forks sessions and reaps them."""

    def __init__(self, control: socket.socket, layers: Layers, finder: PackFinder, base: int) -> None:
        self._control = control
        self._layers = layers
        self._finder = finder
        self._base = base
        self._sessions: dict[int, _Session] = {}

    def run(self) -> NoReturn:
        """Does what the host orders, until it hangs up."""
        bell = _child_bell()
        waiting = select.poll()
        waiting.register(self._control, select.POLLIN)
        waiting.register(bell, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in waiting.poll()}
            if bell in ready:
                os.read(bell, 4096)
                self._reap()
            if self._control.fileno() in ready:
                self._obey()

    def _obey(self) -> None:
        order, descriptors, _, _ = socket.recv_fds(self._control, 4096, 2)
        if not order:
            os._exit(0)
        match json.loads(order):
            case {"fork": number, "memory": memory, "cpu": cpu}:
                self._fork(number, *descriptors, memory=memory, cpu=cpu)
            case {"kill": number}:
                self._kill(number)

    def _fork(self, number: int, channel: int, status: int, *, memory: int, cpu: int) -> None:
        try:
            pid = os.fork()
        except OSError as error:
            os.write(status, json.dumps({"failed": str(error)}).encode())
            os.close(status)
        else:
            if pid == 0:
                self._become_session(channel, memory, cpu)
            self._sessions[pid] = _Session(number, pid, status)
        os.close(channel)

    def _kill(self, number: int) -> None:
        for session in self._sessions.values():
            if session.number == number:
                os.kill(session.pid, signal.SIGKILL)  # not reaped yet, so the number is still this process's

    def _reap(self) -> None:
        while self._sessions:
            pid, status, used = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            session = self._sessions.pop(pid)
            _tell(session.status, {"status": status, "cpu": used.ru_utime + used.ru_stime})

    def _become_session(self, channel: int, memory: int, cpu: int) -> NoReturn:
        code = 1
        try:
            _hold_only(channel)
            confinement.set_apart(self._layers)
            confinement.lock(PYTHON, memory=self._base + memory, cpu=cpu, layers=self._layers)
            guest.serve(self._finder)
        except MemoryError:
            code = guest.OUT_OF_MEMORY
        finally:
            os._exit(code)


def _tell(descriptor: int, told: Mapping[str, Any]) -> None:
    try:
        os.write(descriptor, json.dumps(told).encode())
    except BrokenPipeError:
        return  # the host has stopped to care, which is its right
    finally:
        os.close(descriptor)


def _child_bell() -> int:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    return reading


def _hold_only(channel: int) -> None:
    """Leaves a session the null device and its channel."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if channel != guest.CHANNEL:
        os.dup2(channel, guest.CHANNEL)
    os.closerange(guest.CHANNEL + 1, 65536)


def _load_modules() -> None:
    for name in MODULES.split():
        try:
            import_module(name)
        except ImportError:
            continue  # a Python may be built without bz2, lzma or ctypes callbacks; packs that need them say so


def _load_zones() -> None:
    """Keeps the time zone database in memory, for ``ZoneInfo(context.timezone)``."""
    kept = {name: data for name in sorted(zoneinfo.available_timezones()) if (data := _zone(name))}
    zoneinfo.reset_tzpath(to=())

    def load(name: str) -> BytesIO:
        if name not in kept:
            raise zoneinfo.ZoneInfoNotFoundError(f"No time zone found with key {name}")
        return BytesIO(kept[name])

    zone_files.load_tzdata = load  # type: ignore[assignment]  # where ZoneInfo looks when no folder has a file


def _zone(name: str) -> bytes:
    for folder in zoneinfo.TZPATH:
        place = Path(folder, name)
        if place.is_file():
            return place.read_bytes()
    return b""


def main(descriptor: int, layers: str) -> NoReturn:
    """Loads what packs may use, builds the walls, reports them, and serves."""
    control = socket.socket(fileno=descriptor)
    wanted = Layers(**json.loads(layers))
    _load_modules()
    _load_zones()
    finder = PackFinder()
    only_from_memory(finder)
    base = walls.memory_in_use(PYTHON.counted)
    granted = confinement.enclose(PYTHON, wanted)
    control.send(json.dumps(vars(granted)).encode())
    gc.collect()
    gc.freeze()  # so that no collection touches, and copies, the pages that sessions share
    _Zygote(control, wanted, finder, base).run()
