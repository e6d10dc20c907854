"""Sockets that keep to a deadline and to a size, whatever the other side sends and however slowly.

A time limit for each read would let a server that sends a byte a second go on for ever; a limit on the body alone
would let one send endless headers. So every byte that is received is counted and timed here, below HTTP.
"""

from __future__ import annotations

import socket
import ssl
from typing import Any

from packsys.egress.deadline import Deadline
from packsys.egress.reader import Reader
from packsys.errors import UpstreamError


class Meter:
    """Counts what is received in one exchange, up to ``most`` bytes until ``deadline``."""

    def __init__(self, deadline: Deadline, *, most: int) -> None:
        """Begins at nothing."""
        self.deadline, self.most = deadline, most
        self.received = 0

    def take(self, size: int) -> int:
        """Counts; raises :class:`~packsys.errors.UpstreamError` for too much."""
        self.received += size
        if self.received > self.most:
            raise too_large(self.deadline.host, self.most)
        return size


def too_large(host: str, most: int) -> UpstreamError:
    """Gives what is to be raised for an answer of more than ``most`` bytes."""
    size = f"{most // 2**20} MB" if most >= 2**20 else f"{most // 2**10} KB"
    return UpstreamError(f"{host} answered with more than {size}: ask for less.", reason="size")


class MeteredSocket(socket.socket):
    """Is a plain connection; without a meter it is an ordinary one."""

    meter: Meter | None = None

    def recv_into(self, *arguments: Any, **options: Any) -> int:
        """Receives within the deadline."""
        if self.meter is None:
            return super().recv_into(*arguments, **options)
        self.settimeout(self.meter.deadline.left())
        return self.meter.take(super().recv_into(*arguments, **options))

    def sendall(self, *arguments: Any, **options: Any) -> None:
        """Sends within the deadline."""
        if self.meter is not None:
            self.settimeout(self.meter.deadline.left())
        super().sendall(*arguments, **options)

    def makefile(self, *_: Any, **__: Any) -> Any:
        """Gives what reads an answer."""
        return Reader(super().makefile("rb", buffering=0))

    def pending(self) -> int:
        """Tells how many bytes came that were not read and that the system does not know of: none here."""
        return 0


class MeteredTls(ssl.SSLSocket):
    """Is an encrypted connection; what is counted is what it decrypts."""

    meter: Meter | None = None

    def recv_into(self, *arguments: Any, **options: Any) -> int:
        """Receives within the deadline."""
        if self.meter is None:
            return super().recv_into(*arguments, **options)
        self.settimeout(self.meter.deadline.left())
        return self.meter.take(super().recv_into(*arguments, **options))

    def send(self, *arguments: Any, **options: Any) -> int:
        """Sends a part within the deadline; all of a body goes through here."""
        if self.meter is not None:
            self.settimeout(self.meter.deadline.left())
        return super().send(*arguments, **options)

    def makefile(self, *_: Any, **__: Any) -> Any:
        """Gives what reads an answer."""
        return Reader(super().makefile("rb", buffering=0))


def metered(connected: socket.socket) -> MeteredSocket:
    """Turns an open connection into one that can be metered."""
    timeout = connected.gettimeout()
    taken = MeteredSocket(connected.family, connected.type, connected.proto, fileno=connected.detach())
    taken.settimeout(timeout)
    return taken
