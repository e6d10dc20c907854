"""Connections to services, kept open for the next request that may use them."""

from __future__ import annotations

import os
import socket
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import certifi
from urllib3.connection import HTTPConnection, HTTPSConnection

from packsys.egress.addresses import Networks
from packsys.egress.deadline import Deadline
from packsys.egress.guard import Guard
from packsys.egress.meter import Meter, MeteredSocket, MeteredTls, metered
from packsys.egress.url import Url

IDLE = 30.0
"""Seconds for which a connection is kept without use: many services hang up after a minute."""

_KEPT = 32  # for each key

Key: TypeAlias = tuple[int, tuple[str, str, int], Networks]


class _Plain(HTTPConnection):
    dial: Callable[[], socket.socket]

    def _new_conn(self) -> socket.socket:
        return self.dial()


class _Encrypted(HTTPSConnection):
    dial: Callable[[], socket.socket]

    def _new_conn(self) -> socket.socket:
        return self.dial()


Connection: TypeAlias = _Plain | _Encrypted


@dataclass(frozen=True)
class _Idle:
    connection: Connection
    since: float


class Connections:
    """Opens connections by the guard alone, and keeps those that can be used again.

    One is used again only by the process that opened it, for the same scheme, host and port, and with the same
    permission to reach private networks: all that was checked when it was opened. No lock is held, so a process
    may fork at any time.
    """

    def __init__(self, guard: Guard, *, monotonic: Callable[[], float]) -> None:
        """Opens nothing yet."""
        self._guard, self._monotonic = guard, monotonic
        self._tls = _context(guard.policy.certificates)
        self._idle: dict[Key, deque[_Idle]] = {}

    def kept(self, url: Url, networks: Networks) -> Connection | None:
        """Takes an open connection, if there is one."""
        idle = self._idle.get(_key(url, networks))
        while idle:
            try:
                found = idle.pop()
            except IndexError:
                return None
            if self._monotonic() - found.since < IDLE and found.connection.is_connected:
                return found.connection
            found.connection.close()
        return None

    def opened(self, url: Url, networks: Networks, deadline: Deadline) -> Connection:
        """Opens a connection; raises what the guard raises, and OSError."""
        connection: Connection
        if url.scheme == "https":
            connection = _Encrypted(url.host, url.port, ssl_context=self._tls)
        else:
            connection = _Plain(url.host, url.port)
        connection.timeout = deadline.seconds
        connection.dial = lambda: self._dialled(url, networks, deadline)
        connection.auto_open = 0
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        return connection

    def keep(self, url: Url, networks: Networks, connection: Connection) -> None:
        """Keeps an open connection whose last answer was read to its end."""
        idle = self._idle.setdefault(_key(url, networks), deque())
        idle.append(_Idle(connection, self._monotonic()))
        if len(idle) > _KEPT:
            idle.popleft().connection.close()

    def close(self) -> None:
        """Closes the connections that are kept open."""
        while self._idle:
            for idle in self._idle.popitem()[1]:
                idle.connection.close()

    def _dialled(self, url: Url, networks: Networks, deadline: Deadline) -> socket.socket:
        connected = metered(self._guard.connect(url, networks=networks, deadline=deadline))
        connected.settimeout(deadline.left())
        return connected


def attach(connection: Connection, meter: Meter) -> None:
    """Has an exchange on a connection timed and counted."""
    match connection.sock:
        case MeteredSocket() | MeteredTls():
            connection.sock.meter = meter
        case other:
            raise TypeError(f"A connection of the guard is metered, and this one is a {type(other).__name__}.")


def _key(url: Url, networks: Networks) -> Key:
    return os.getpid(), url.origin, networks


def _context(certificates: str) -> ssl.SSLContext:
    # Not ssl.create_default_context, nor urllib3's: they obey SSL_CERT_FILE and SSLKEYLOGFILE.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    context.load_verify_locations(certificates or certifi.where())
    context.sslsocket_class = MeteredTls
    return context
