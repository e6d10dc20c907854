"""The host's end of one session: sends frames, receives frames, and ends it in time."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

from packsys.sandbox.guest import OUT_OF_MEMORY
from packsys.sandbox.limits import Limits
from packsys.sandbox.protocol import LENGTH, Malformed, TooLarge, decode

_PATIENCE = 5.0  # seconds until the zygote has reaped a session that was killed


class Stop(Exception):
    """A session was ended at a limit: its name, and what happened, as the end of a sentence."""

    def __init__(self, limit: str, reason: str) -> None:
        super().__init__(reason)
        self.limit = limit
        self.reason = reason


class Session:
    """Is one process that runs pack code, forked from the zygote; one thread uses it at a time."""

    def __init__(
        self, channel: socket.socket, status: int, *, kill: Callable[[], None], cpu: int, limits: Limits
    ) -> None:
        """Takes the channel and the descriptor where the zygote will say how the process ended."""
        self._channel = channel
        self._status = status
        self._kill = kill
        self._cpu = cpu
        self._limits = limits
        self._read_ahead = bytearray()
        self._ended = False

    def send(self, frame: bytes, *, until: float) -> None:
        """Sends a frame; raises :class:`Stop` when the pack does not take it before ``until`` (monotonic seconds)."""
        try:
            self._channel.settimeout(_left(until))
            self._channel.sendall(frame)
        except TimeoutError:
            raise _too_long() from None
        except OSError:
            raise self._fate() from None

    def receive(self, *, until: float) -> Any:
        """Reads the next frame; raises :class:`Stop` for one that is late, too large or malformed."""
        length = LENGTH.unpack(self._read(LENGTH.size, until))[0]
        if length > self._limits.output:
            raise Stop("output", f"it sent {length} bytes, and {self._limits.output} at once are the most")
        try:
            return decode(self._read(length, until), values=self._limits.values)
        except TooLarge as error:
            raise Stop("output", f"it sent too much at once: {error}") from None
        except Malformed as error:
            raise Stop("protocol", f"it sent a message that is none: {error}") from None

    @property
    def quiet(self) -> bool:
        """Tells whether nothing is waiting to be read, not even the end: only such a session may be used again."""
        waiting = select.poll()
        waiting.register(self._channel, select.POLLIN)
        return not (self._ended or self._read_ahead or waiting.poll(0))

    def end(self) -> None:
        """Kills the process and lets go of it; a second time does nothing."""
        if not self._ended:
            self._ended = True
            self._kill()
            self.forget()

    def forget(self) -> None:
        """Closes the descriptors, and leaves the process to whoever else holds them."""
        self._ended = True
        self._channel.close()
        if self._status >= 0:
            os.close(self._status)
            self._status = -1

    def _read(self, count: int, until: float) -> bytes:
        while len(self._read_ahead) < count:
            self._read_ahead += self._part(count - len(self._read_ahead), until)
        part = bytes(self._read_ahead[:count])
        del self._read_ahead[:count]
        return part

    def _part(self, wanted: int, until: float) -> bytes:
        try:
            self._channel.settimeout(_left(until))
            part = self._channel.recv(min(max(wanted, 2**16), 2**20))
        except TimeoutError:
            raise _too_long() from None
        except OSError:
            part = b""
        if not part:
            raise self._fate()
        return part

    def _fate(self) -> Stop:
        """Asks the zygote how the process ended, after making sure that it does.

        A process that is ending already keeps its own reason: the kernel notes it before it closes descriptors.
        """
        self._kill()
        waiting = select.poll()
        waiting.register(self._status, select.POLLIN)
        told = os.read(self._status, 4096) if waiting.poll(_PATIENCE * 1000) else b""
        match json.loads(told or b"null"):
            case {"status": int(status), "cpu": float(used)}:
                return self._reason(os.waitstatus_to_exitcode(status), used)
            case {"failed": str(why)}:
                return Stop("crashed", f"its process could not be made ({why})")
            case _:
                return Stop("crashed", "the sandbox around it was lost")

    def _reason(self, code: int, used: float) -> Stop:
        if code == OUT_OF_MEMORY:
            return out_of_memory(self._limits)
        if code == -signal.SIGSYS:
            return Stop("system call", "it made a system call that no pack makes")
        if code < 0 and used >= self._cpu - 0.5:
            return _too_long()
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
        return Stop("crashed", f"its process ended by itself ({how})")


def out_of_memory(limits: Limits) -> Stop:
    """Says that the memory was used up."""
    return Stop("memory", f"it used up its {limits.memory // 2**20} MB of memory")


def _too_long() -> Stop:
    return Stop("time", "it took longer than it may")


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise _too_long()
    return left
