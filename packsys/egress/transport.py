"""Sends requests over guarded connections and reads answers up to a limit."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from io import DEFAULT_BUFFER_SIZE

from urllib3.exceptions import HTTPError

from packsys.egress.addresses import Networks
from packsys.egress.connections import Connection, Connections, attach
from packsys.egress.deadline import Deadline
from packsys.egress.decoding import decoded
from packsys.egress.guard import Guard
from packsys.egress.headers import LONGEST
from packsys.egress.meter import Meter
from packsys.egress.turns import Turns
from packsys.egress.url import Url
from packsys.errors import UpstreamError
from packsys.ports import Response

_CHUNK = 64 * 2**10
_PACKS = 4  # that may send all they can to one host at once, before others wait
_REPEATABLE = ("GET", "HEAD", "PUT", "DELETE")
_UNHEARD = frozenset({"set-cookie", "set-cookie2"})  # no cookie is kept, so none is shown


@dataclass(frozen=True, kw_only=True)
class Letter:
    """Is one request as it goes out: one hop, checked and signed."""

    method: str
    url: Url
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


class Transport:
    """Sends one request at a time per caller over connections that all callers share.

    Nothing of the environment is used: no proxy, no certificates, no netrc. No cookie is kept, no redirect followed.
    ``monotonic`` is a clock in seconds.
    """

    def __init__(self, guard: Guard, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Opens nothing yet."""
        self._policy = guard.policy
        self._connections = Connections(guard, monotonic=monotonic)
        self._turns = Turns(_PACKS * guard.policy.at_once)

    def send(self, letter: Letter, *, networks: Networks, deadline: Deadline) -> Response:
        """Gives the answer to one request.

        Raises :class:`~packsys.errors.UpstreamError` with a sentence that holds nothing of the request but its
        host, and what the guard raises.
        """
        try:
            with self._turns.of(letter.url.origin, deadline):
                return self._sent(letter, networks, deadline)
        except (HTTPException, HTTPError, OSError, ValueError) as error:
            raise _failure(letter.url.host, error, deadline) from None

    def close(self) -> None:
        """Closes the connections that are kept open."""
        self._connections.close()

    def _sent(self, letter: Letter, networks: Networks, deadline: Deadline) -> Response:
        meter = Meter(deadline, most=LONGEST + DEFAULT_BUFFER_SIZE)
        kept = self._connections.kept(letter.url, networks)
        if kept is not None:
            try:
                return self._exchanged(kept, letter, networks, meter)
            except (ConnectionError, HTTPException):
                # The other side hung up while the request was on its way, which says nothing about the request.
                if meter.received or letter.method not in _REPEATABLE:
                    raise
        return self._exchanged(self._connections.opened(letter.url, networks, deadline), letter, networks, meter)

    def _exchanged(self, connection: Connection, letter: Letter, networks: Networks, meter: Meter) -> Response:
        complete = False
        try:
            attach(connection, meter)
            connection.request(letter.method, letter.url.target, letter.body, letter.headers)
            # Not urllib3's own: it writes the address, and what is in it, to the log when headers are malformed.
            with HTTPConnection.getresponse(connection) as answer:
                response = self._read(answer, meter)
                complete = connection.sock is not None
            return response
        finally:
            if complete:
                self._connections.keep(letter.url, networks, connection)
            else:
                connection.close()

    def _read(self, answer: HTTPResponse, meter: Meter) -> Response:
        _check_framing(answer)
        host, headers = meter.deadline.host, _headers(answer, meter.deadline.host)
        meter.most = meter.received + self._policy.longest_answer + _CHUNK
        body = decoded(
            _parts(answer), headers.get("content-encoding", ""), host=host, longest=self._policy.longest_answer
        )
        return Response(status=answer.status, headers=headers, body=body)


def _check_framing(answer: HTTPResponse) -> None:
    # What follows an answer before the answer, or one with two lengths, would be taken for that to the next request.
    if answer.status < 200 or len(set(answer.headers.get_all("content-length", ()))) > 1:
        raise HTTPException


def _headers(answer: HTTPResponse, host: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in answer.getheaders():
        lower = name.lower()
        if lower not in _UNHEARD:
            found[lower] = f"{found[lower]}, {value}" if lower in found else value
    if sum(len(name) + len(value) for name, value in answer.getheaders()) > LONGEST:
        raise UpstreamError(f"{host} answered with headers of more than {LONGEST // 2**10} KB.", reason="size")
    return found


def _parts(answer: HTTPResponse) -> Iterator[bytes]:
    while part := answer.read1(_CHUNK):
        yield part
    if answer.length:
        raise IncompleteRead(b"", answer.length)


def _failure(host: str, error: Exception, deadline: Deadline) -> UpstreamError:
    # The text of these exceptions may hold the whole address, query included, so only their kind is told.
    match error:
        case TimeoutError():
            return deadline.missed()
        case ssl.SSLCertVerificationError():
            return UpstreamError(f"{host} did not answer: its certificate cannot be trusted.", reason="tls")
        case ssl.SSLError():
            return UpstreamError(f"{host} did not answer: the connection cannot be encrypted.", reason="tls")
        case _:
            return UpstreamError(f"{host} did not answer: the connection was lost.", reason="connection")
