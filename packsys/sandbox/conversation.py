"""The host's side of one call: answers what pack code asks for, within bounds, and believes nothing."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Mapping
from typing import Any

from packsys import ports, sdk
from packsys.errors import BrokenPack, PacksysError
from packsys.sandbox.limits import Limits
from packsys.sandbox.protocol import LOG_LINE, encode
from packsys.sandbox.session import Session, Stop, out_of_memory

_LONGEST_HEADER = 256  # of an answer that is quoted in an error: characters of a header, bytes of the body
_LONGEST_BODY = 2**16


class Raised(Exception):
    """Pack code raised; the cause is the exception, made again on this side."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


class Conversation:
    """Talks with one session about one order, until its outcome is there."""

    def __init__(self, session: Session, *, pack: str, limits: Limits, fetcher: ports.Fetcher | None) -> None:
        """Takes what may be asked for; without a fetcher, every request is an error."""
        self._session = session
        self._pack = pack
        self._limits = limits
        self._fetcher = fetcher
        self._fetches = limits.fetches
        self._log = limits.log
        self._failed: list[PacksysError] = []

    def hold(self, order: bytes, *, until: float) -> object:
        """Sends the order and gives the value that comes back.

        Raises :class:`~packsys.sandbox.session.Stop` at a limit, :class:`Raised` and
        :class:`~packsys.errors.BrokenPack`. ``until`` is in seconds of the monotonic clock.
        """
        self._session.send(order, until=until)
        while True:
            message = self._session.receive(until=until)
            match message:
                case {"op": "done", **rest} if "value" in rest:
                    return rest["value"]
                case {"op": "fetch"}:
                    self._session.send(self._fetch(message, until), until=until)
                case {"op": "log", "level": int(level), "text": str(text)}:
                    self._note(level, text)
                case {"op": "raised"}:
                    raise Raised(self._revived(message))
                case {"op": "broken", "text": str(text)}:
                    raise BrokenPack(f"{self._pack} cannot be loaded: {clean(text).rstrip('.')}.")
                case _:
                    raise _nonsense()

    def _fetch(self, message: Mapping[str, Any], until: float) -> bytes:
        self._fetches -= 1
        if self._fetches < 0:
            raise Stop("fetches", f"it asked for more than {self._limits.fetches} requests")
        try:
            answer = self._send(_request(message, timeout=max(until - time.monotonic(), 0.001)))
        except PacksysError as error:
            self._failed.append(error)
            return encode({"failed": len(self._failed) - 1, "message": error.message})
        return encode({"status": answer.status, "headers": answer.headers, "body": answer.body})

    def _send(self, request: ports.Request) -> ports.Response:
        if self._fetcher is None:
            raise BrokenPack("The pack asks for something while it is loaded: only formulas may send requests.")
        return self._fetcher.fetch(request)

    def _note(self, level: int, text: str) -> None:
        self._log -= LOG_LINE + len(text.encode("utf-8", "replace"))
        if self._log < 0:
            raise Stop("log", f"it logged more than {self._limits.log} bytes")
        logging.getLogger(f"packsys.pack.{self._pack}").log(min(max(level, 0), logging.CRITICAL), "%s", clean(text))

    def _revived(self, message: Mapping[str, Any]) -> BaseException:
        match message:
            case {"kind": "MemoryError"}:
                raise out_of_memory(self._limits)
            case {"kind": "UserVisibleError", "text": str(text)}:
                return sdk.UserVisibleError(clean(text))
            case {"kind": "StatusCodeError", "status": int()}:
                return _status_error(message)
            case {"kind": "FetchError", "failed": int(number)} if 0 <= number < len(self._failed):
                error = sdk.FetchError()
                error.__cause__ = self._failed[number]
                return error
            case {"kind": str(kind), "text": str(text)}:
                return _named(kind, clean(text))
            case _:
                raise _nonsense()


def clean(text: str) -> str:
    """Replaces what neither UTF-8 nor PostgreSQL can hold: halves of surrogate pairs, and U+0000."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _nonsense() -> Stop:
    return Stop("protocol", "it sent a message that no pack sends")


def _request(message: Mapping[str, Any], *, timeout: float) -> ports.Request:
    match message:
        case {
            "method": str(method),
            "url": str(url),
            "headers": dict(headers),
            "query": dict(query),
            "body": bytes() | None as body,
        } if _are_texts(method, url, *headers, *headers.values(), *query, *query.values()):
            return ports.Request(method=method, url=url, headers=headers, query=query, body=body, timeout=timeout)
        case _:
            raise _nonsense()


def _status_error(message: Mapping[str, Any]) -> sdk.StatusCodeError:
    match message:
        case {
            "status": int(status),
            "headers": dict(headers),
            "body": bytes(body),
            "method": str(method),
            "url": str(url),
        } if 100 <= status <= 999 and _are_texts(method, url, *headers, *headers.values()):
            short = {name: value[:_LONGEST_HEADER] for name, value in headers.items()}
            response = sdk.Response(status=int(status), headers=short, body=body[:_LONGEST_BODY])
            return sdk.StatusCodeError(response, method=clean(method), url=clean(url))
        case _:
            raise _nonsense()


def _are_texts(*values: object) -> bool:
    with contextlib.suppress(UnicodeEncodeError):
        return all(isinstance(value, str) and value.encode() is not None for value in values)
    return False


def _named(kind: str, text: str) -> Exception:
    """Makes an exception with the name that the pack's own had: the message for its maker begins with it."""
    name = kind if kind.isidentifier() and len(kind) <= 100 else "Exception"
    made: Exception = type(name, (Exception,), {})(text)
    return made
