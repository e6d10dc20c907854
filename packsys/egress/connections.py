"""Connections to services, kept open for the next request that may use them."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
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

_KEPT = 64  # by a process: whoever has many names must not use up its open files

Key: TypeAlias = tuple[tuple[str, str, int], Networks]


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
    key: Key
    connection: Connection
    since: float


class _Shelf:
    """Keeps the connections of one process that nobody uses at the moment."""

    def __init__(self) -> None:
        self._lock, self._idle = Lock(), list[_Idle]()

    def take(self, key: Key) -> _Idle | None:
        """Takes the one that was used last."""
        with self._lock:
            found = next((each for each in reversed(self._idle) if each.key == key), None)
            if found is not None:
                self._idle.remove(found)
        return found

    def put(self, idle: _Idle) -> list[_Idle]:
        """Puts one there; gives those that have to go for it: what has been there too long, and the oldest."""
        with self._lock:
            self._idle.append(idle)
            fresh = [each for each in self._idle if idle.since - each.since < IDLE][-_KEPT:]
            gone = [each for each in self._idle if not any(each is other for other in fresh)]
            self._idle = fresh
        return gone

    def clear(self) -> list[_Idle]:
        """Gives all of them away."""
        with self._lock:
            gone, self._idle = self._idle, []
        return gone


class Connections:
    """Opens connections by the guard alone, and keeps those that can be used again.

    One is used again only by the process that opened it, for the same scheme, host and port, and with the same
    permission to reach private networks: all that was checked when it was opened. A process that was forked has a
    shelf of its own, so it waits for no lock of its parent.
    """

    def __init__(self, guard: Guard, *, monotonic: Callable[[], float]) -> None:
        """Opens nothing yet."""
        self._guard, self._monotonic = guard, monotonic
        self._tls = _context(guard.policy.certificates)
        self._shelves: dict[int, _Shelf] = {}

    def kept(self, url: Url, networks: Networks) -> Connection | None:
        """Takes an open connection, if there is one."""
        while found := self._shelf().take((url.origin, networks)):
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
        """Keeps an open connection whose last answer was read to its end, unless there is more to read."""
        if _wire(connection).pending():  # it is decrypted, and the system does not know of it
            connection.close()
            return
        for gone in self._shelf().put(_Idle((url.origin, networks), connection, self._monotonic())):
            gone.connection.close()

    def close(self) -> None:
        """Closes the connections that are kept open."""
        for gone in self._shelf().clear():
            gone.connection.close()

    def _shelf(self) -> _Shelf:
        return self._shelves.setdefault(os.getpid(), _Shelf())

    def _dialled(self, url: Url, networks: Networks, deadline: Deadline) -> socket.socket:
        connected = metered(self._guard.connect(url, networks=networks, deadline=deadline))
        connected.settimeout(deadline.left())
        return connected


def attach(connection: Connection, meter: Meter) -> None:
    """Has an exchange on a connection timed and counted."""
    _wire(connection).meter = meter


def _wire(connection: Connection) -> MeteredSocket | MeteredTls:
    match connection.sock:
        case MeteredSocket() | MeteredTls():
            return connection.sock
        case other:
            raise TypeError(f"A connection of the guard is metered, and this one is a {type(other).__name__}.")


def _context(certificates: str) -> ssl.SSLContext:
    # Not ssl.create_default_context, nor urllib3's: they obey SSL_CERT_FILE and SSLKEYLOGFILE.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    context.load_verify_locations(certificates or certifi.where())
    context.sslsocket_class = MeteredTls
    return context
