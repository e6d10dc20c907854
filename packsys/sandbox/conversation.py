"""The host's side of one call: answers what pack code asks for, within bounds, and believes nothing."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Mapping
from typing import Any, TypeAlias

from packsys import sdk
from packsys.errors import BrokenPack, PacksysError
from packsys.ports import World
from packsys.sandbox.faults import clean, one_line
from packsys.sandbox.limits import Limits
from packsys.sandbox.protocol import LOG_LINE, encode
from packsys.sandbox.reach import Reach
from packsys.sandbox.session import Session, Stop, out_of_memory

Message: TypeAlias = Mapping[str, Any]

_LONGEST_BODY = 2**16  # bytes of an answer that is quoted in an error
_LONGEST_TIME = 1e10  # seconds that a pack may name, which is centuries
_LONGEST_TEXT = 2_000  # characters of what a pack says about its source


class Raised(Exception):
    """Pack code raised; the cause is the exception, made again on this side."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


class Conversation:
    """Talks with one session about one order, until its outcome is there."""

    def __init__(self, session: Session, *, pack: str, limits: Limits, world: World | None, until: float) -> None:
        """Takes the world that may be asked; without one, every request is an error.

        ``until`` is in seconds of the monotonic clock.
        """
        self._session = session
        self._pack = pack
        self._limits = limits
        self._until = until
        self._reach = None if world is None else Reach(world, seconds=lambda: max(until - time.monotonic(), 0.001))
        self._asked = 0
        self._log = limits.log
        self._failed: list[PacksysError] = []
        self._refused: dict[int, sdk.Response] = {}

    def hold(self, order: bytes) -> object:
        """Sends the order and gives the value that comes back.

        Raises :class:`~packsys.sandbox.session.Stop` at a limit, :class:`Raised` and
        :class:`~packsys.errors.BrokenPack`.
        """
        self._session.send(order, until=self._until)
        while True:
            message = self._session.receive(until=self._until)
            match message:
                case {"op": "done", **rest} if "value" in rest:
                    return rest["value"]
                case {"op": "fetch" | "store" | "store_url" | "cached"}:
                    self._session.send(self._served(message), until=self._until)
                case {"op": "log", "level": int(level), "text": str(text)}:
                    self._note(level, text)
                case {"op": "raised"}:
                    raise Raised(self.revived(message))
                case {"op": "absent", "text": str(text)}:
                    raise BrokenPack(f"{self._pack} cannot be asked for that: {clean(text[:_LONGEST_TEXT])}")
                case {"op": "broken", "text": str(text)}:
                    raise BrokenPack(f"{self._pack} cannot be loaded: {clean(text[:_LONGEST_TEXT]).rstrip('.')}.")
                case _:
                    raise _nonsense()

    def _served(self, message: Message) -> bytes:
        self._asked += 1
        if self._asked > self._limits.fetches:
            raise Stop("fetches", f"it asked for more than {self._limits.fetches} requests")
        try:
            return encode(self._seen(_answer(self._reach, message)))
        except PacksysError as error:
            self._failed.append(error)
            return encode({"failed": len(self._failed) - 1, "message": error.message})
        except sdk.StatusCodeError as error:
            answer = error.response
            said = {"status": answer.status, "headers": answer.headers, "body": answer.body[:_LONGEST_BODY]}
            return encode(self._seen(said))

    def _seen(self, answer: Message) -> Message:
        """Remembers what a service refused, so that a pack can quote it and cannot make it up."""
        if answer.get("status", 0) >= 400:
            body = answer["body"][:_LONGEST_BODY]
            self._refused[answer["status"]] = sdk.Response(**{**answer, "body": body})
        return answer

    def _note(self, level: int, text: str) -> None:
        self._log -= LOG_LINE + len(text.encode("utf-8", "replace"))
        if self._log < 0:
            raise Stop("log", f"it logged more than {self._limits.log} bytes")
        logging.getLogger(f"packsys.pack.{self._pack}").log(min(max(level, 0), logging.CRITICAL), "%s", one_line(text))

    def revived(self, message: Any) -> BaseException:
        """Makes an exception again that pack code described; raises :class:`~packsys.sandbox.session.Stop`."""
        match message:
            case {"kind": "MemoryError"}:
                raise out_of_memory(self._limits)
            case {"kind": "UserVisibleError", "text": str(text)}:
                return sdk.UserVisibleError(clean(text))
            case {"kind": "StatusCodeError", "status": int(status), "method": str(method), "url": str(url)} if (
                status in self._refused
            ):
                return sdk.StatusCodeError(self._refused[status], method=clean(method), url=clean(url))
            case {"kind": "FetchError", "failed": int(number)} if 0 <= number < len(self._failed):
                error = sdk.FetchError()
                error.__cause__ = self._failed[number]
                return error
            case {"kind": str(kind), "text": str(text)}:
                return _named(kind, clean(text))
            case _:
                raise _nonsense()


def _nonsense() -> Stop:
    return Stop("protocol", "it sent a message that no pack sends")


def _answer(reach: Reach | None, message: Message) -> Message:
    """Does what pack code asks for; raises :class:`~packsys.sandbox.session.Stop` for what no pack asks."""
    if reach is None:
        raise BrokenPack("The pack asks for something while it is loaded: only formulas may send requests.")
    match message:
        case {"op": "fetch"}:
            answer = reach.fetch(_request(message))
            return {"status": answer.status, "headers": answer.headers, "body": answer.body}
        case {"op": "store", "content": bytes(file), "content_type": kind, "name": name, "ttl": ttl} if _keeps(
            ttl, kind, name
        ):
            return {"kept": reach.store(file, content_type=kind, name=name, ttl=ttl)}
        case {"op": "store_url", "url": url, "name": name, "ttl": ttl} if _keeps(ttl, url, name):
            return {"kept": reach.store_url(url, name=name, ttl=ttl)}
        case {"op": "cached", "formula": str(formula), "arguments": dict(arguments)}:
            return {"found": reach.cached(formula, arguments)}
        case _:
            raise _nonsense()


def _request(message: Message) -> sdk.Request:
    match message:
        case {
            "method": str(method),
            "url": str(url),
            "headers": dict(headers),
            "query": dict(query),
            "body": bytes() | None as body,
        } if _are_texts(method, url, *headers, *headers.values(), *query, *query.values()):
            flags = _flags(message)
            return sdk.Request(method=method, url=url, headers=headers, query=query, body=body, **flags)
        case _:
            raise _nonsense()


def _flags(message: Message) -> dict[str, Any]:
    flags = {name: message[name] for name in ("authenticate", "follow", "cache_ttl") if name in message}
    ttl = flags.get("cache_ttl")
    if (ttl is not None and not _is_seconds(ttl)) or not all(
        isinstance(flags.get(name, True), bool) for name in ("authenticate", "follow")
    ):
        raise _nonsense()
    return flags


def _keeps(ttl: object, *texts: object) -> bool:
    return _is_seconds(ttl) and _are_texts(*texts)


def _is_seconds(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= _LONGEST_TIME


def _are_texts(*values: object) -> bool:
    with contextlib.suppress(UnicodeEncodeError):
        return all(isinstance(value, str) and value.encode() is not None for value in values)
    return False


def _named(kind: str, text: str) -> Exception:
    """Makes an exception with the name that the pack's own had: the message for its maker begins with it."""
    name = kind if kind.isidentifier() and len(kind) <= 100 else "Exception"
    made: Exception = type(name, (Exception,), {})(text)
    return made
