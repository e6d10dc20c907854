"""Is a service that notes when each request arrives, and a client that hammers it through the limiter."""

from __future__ import annotations

import multiprocessing
import socket
import struct
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier

from packsys.errors import LimitReached
from packsys.kvstore.limiter import RedisLimiter
from packsys.limits.policy import Policy, Rules
from packsys.memory import MemoryLimiter
from packsys.model import PackVersion
from packsys.ports import Response
from packsys.runtime.permits import Permits

OK = Response(status=200, headers={}, body=b"")
_SPAWN = multiprocessing.get_context("spawn")


_SO_TIMESTAMPNS = 35  # Linux, asm-generic/socket.h; Python has no name for it
_TIMESPEC = struct.Struct("@ll")


class Upstream:
    """Answers a byte for a byte, and keeps the time at which each one arrived in :attr:`arrivals`.

    It is the kernel's time: on a busy machine a thread of ours reads a byte long after it came.
    """

    def __init__(self) -> None:
        """Takes a free port of this machine."""
        self.arrivals: list[float] = []
        self._server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._server.getsockname()[1]

    def __enter__(self) -> Upstream:
        """Answers from now on."""
        threading.Thread(target=self._accept, daemon=True, name="upstream").start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stops."""
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._server.accept()
                threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line: socket.socket) -> None:
        with line:
            line.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            while (received := line.recvmsg(1, socket.CMSG_SPACE(_TIMESPEC.size)))[0]:
                self.arrivals.append(_arrival(received[1]))
                line.sendall(b".")


def _arrival(told: Sequence[tuple[int, int, bytes]]) -> float:
    for _, kind, data in told:
        if kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            return float(seconds + nanoseconds / 1e9)
    return time.time()


@dataclass(frozen=True, kw_only=True)
class Hammer:
    """Is what each process does: call the service as often as it may, for some seconds."""

    state_url: str
    port: int
    pack: int
    policies: Sequence[Policy]
    seconds: float

    def __call__(self, ready: Barrier) -> None:
        """Begins together with the others; each call is a new one, as in a worker."""
        permits = Permits(
            limiter=RedisLimiter.at(self.state_url, alone=MemoryLimiter()), rules=Rules(default=tuple(self.policies))
        )
        pack = PackVersion(id=self.pack, name="Hammer", version="1.0.0", description="", domains=(), formulas={})
        with socket.create_connection(("127.0.0.1", self.port)) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ready.wait()
            self._call(permits, pack, line)

    def _call(self, permits: Permits, pack: PackVersion, line: socket.socket) -> None:
        def send(seconds: float) -> Response:
            line.sendall(b".")
            line.recv(1)
            return OK

        until = time.monotonic() + self.seconds
        while (left := until - time.monotonic()) > 0:
            try:
                permits.gate(pack, None).carry(send, method="GET", path="/", timeout=left)
            except LimitReached as reached:
                time.sleep(min(reached.retry_after or 0.0, max(0.0, until - time.monotonic())))


def hammer(each: Hammer, *, processes: int) -> None:
    """Lets some processes hammer at once, until all are done."""
    ready = _SPAWN.Barrier(processes)
    workers = [_SPAWN.Process(target=each, args=(ready,), daemon=True) for _ in range(processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(each.seconds + 60)


def most_within(times: Sequence[float], window: float) -> int:
    """Counts the most arrivals in any window of this length."""
    ordered, first, most = sorted(times), 0, 0
    for last, at in enumerate(ordered):
        while ordered[first] <= at - window:
            first += 1
        most = max(most, last - first + 1)
    return most


def beyond(times: Sequence[float], *, limit: int, window: float) -> int:
    """Counts the arrivals that came while a window was full."""
    ordered = sorted(times)
    return sum(at - before < window for before, at in zip(ordered, ordered[limit:], strict=False))
