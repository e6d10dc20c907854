"""Sends requests over guarded connections and reads answers up to a limit."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead, RemoteDisconnected
from io import DEFAULT_BUFFER_SIZE

from urllib3.exceptions import HTTPError

from packsys.egress.addresses import Networks
from packsys.egress.connections import Connection, Connections, attach
from packsys.egress.deadline import Deadline
from packsys.egress.decoding import decoded
from packsys.egress.guard import Guard
from packsys.egress.headers import LONGEST
from packsys.egress.meter import Meter, too_large
from packsys.egress.reader import Reader
from packsys.egress.turns import Turns
from packsys.egress.url import Url
from packsys.errors import UpstreamError
from packsys.ports import Response

_CHUNK = 64 * 2**10
_PACKS = 4  # that may send all they can to one host at once, before others wait
_REPEATABLE = ("GET", "HEAD", "PUT", "DELETE")
_HUNG_UP = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
_LENGTH = re.compile(r"[0-9]{1,15}", re.ASCII)
_FOLD = re.compile(r"[ \t]*\r?\n[ \t]+", re.ASCII)
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
            except (ConnectionError, HTTPException, *_HUNG_UP):
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
                reader = answer.fp
                response = self._read(answer, meter)
            complete = connection.sock is not None and not (isinstance(reader, Reader) and reader.surplus)
            return response
        finally:
            if complete:
                self._connections.keep(letter.url, networks, connection)
            else:
                connection.close()

    def _read(self, answer: HTTPResponse, meter: Meter) -> Response:
        _check_framing(answer)
        host, headers = meter.deadline.host, _headers(answer, meter.deadline.host)
        if answer.length is not None and answer.length > self._policy.longest_answer:
            raise too_large(host, self._policy.longest_answer)
        meter.most = meter.received + self._policy.longest_answer + _CHUNK
        body = decoded(
            _parts(answer), headers.get("content-encoding", ""), host=host, longest=self._policy.longest_answer
        )
        return Response(status=answer.status, headers=headers, body=body)


def _check_framing(answer: HTTPResponse) -> None:
    # What follows an answer before the answer, or one that says twice or in a strange way how long it is, would be
    # taken for that to the next request (RFC 9112, 6.3 and 11.2).
    lengths = set(answer.headers.get_all("content-length", ()))
    encodings = answer.headers.get_all("transfer-encoding", ())
    if answer.status < 200 or len(lengths) + len(encodings) > 1 or not all(map(_LENGTH.fullmatch, lengths)):
        raise HTTPException
    if encodings and (answer.version < 11 or encodings[0].strip().lower() != "chunked"):
        raise HTTPException
    if encodings and isinstance(answer.fp, Reader):
        answer.fp.expect_chunks()


def _headers(answer: HTTPResponse, host: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in answer.getheaders():
        lower = name.lower()
        if lower not in _UNHEARD:
            whole = _FOLD.sub(" ", value)  # RFC 9112, 5.2
            found[lower] = f"{found[lower]}, {whole}" if lower in found else whole
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
        case ssl.SSLError() if not isinstance(error, _HUNG_UP):
            return UpstreamError(f"{host} did not answer: the connection cannot be encrypted.", reason="tls")
        case HTTPException() if not isinstance(error, (RemoteDisconnected, IncompleteRead)):
            return UpstreamError(f"{host} did not answer: what it sent is not plain HTTP.", reason="malformed")
        case _:
            return UpstreamError(f"{host} did not answer: the connection was lost.", reason="connection")
