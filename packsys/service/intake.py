"""Receives requests: bounded in size and time, uncompressed, strict JSON but for archives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message as Header
from typing import Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from packsys.catalog.bundle import LARGEST_BUNDLE
from packsys.service.problems import Refusal, TooLarge, TooSlow, UnsupportedMediaType, answer
from packsys.service.strict import loads

SLOWEST = 60.0
"""Seconds in which a body must arrive: 10 MB over 1.4 Mbit/s."""


@dataclass(frozen=True)
class Form:
    """Says of which type a body must be, and how many bytes it may have."""

    media_type: str
    largest: int


JSON = Form("application/json", 1_000_000)
ARCHIVE = Form("application/zip", LARGEST_BUNDLE)
FORMS = {("POST", "/v1/packs"): ARCHIVE}
"""Where a body is no JSON."""


class Intake:
    """Refuses compressed bodies at once, and bodies that are too large or too slow as soon as that shows.

    What a client sends after that is read and thrown away by the server: to hang up instead would often cost the
    client the answer.
    """

    def __init__(self, app: ASGIApp, slowest: float = SLOWEST) -> None:
        """Takes the application that it stands before, and the seconds in which a body must arrive."""
        self.app = app
        self.slowest = slowest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts what arrives: a Content-Length may be absent or wrong."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        form = FORMS.get((scope["method"], scope["path"]), JSON)
        refused = refusal(Headers(scope=scope), form)
        if refused:
            return await answer(Request(scope), refused)(scope, receive, send)
        return await self.app(scope, Bounded(receive, form.largest, self.slowest), send)


def refusal(headers: Headers, form: Form) -> Refusal | None:
    """Tells from its headers why a request cannot be taken, if so."""
    if headers.get("content-encoding", "identity").lower() != "identity":
        return UnsupportedMediaType(form.media_type)
    length = headers.get("content-length", "")
    return TooLarge(form.largest) if length.isdecimal() and int(length) > form.largest else None


class Bounded:
    """Is a channel whose body ends within bounds of bytes and seconds; the time counts from the first look at it."""

    def __init__(
        self, receive: Receive, largest: int, slowest: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Takes the channel and its bounds."""
        self.receive = receive
        self.largest, self.left = largest, largest
        self.slowest, self.clock = slowest, clock
        self.until: float | None = None
        self.complete = False

    async def __call__(self) -> Message:
        """Gives the next message; raises TooLarge and TooSlow."""
        if self.complete:
            return await self.receive()
        message = await self._in_time()
        self.left -= len(message.get("body", b""))
        if self.left < 0:
            raise TooLarge(self.largest)
        self.complete = not message.get("more_body", False)
        return message

    async def _in_time(self) -> Message:
        self.until = self.until or self.clock() + self.slowest
        try:
            async with asyncio.timeout(max(0.0, self.until - self.clock())):
                return await self.receive()
        except TimeoutError:
            raise TooSlow from None


Model = TypeVar("Model", bound=BaseModel)


class StrictRequest(Request):
    """Is a request whose JSON is read strictly, once; FastAPI asks it for the body and the JSON."""

    async def body(self) -> bytes:
        """Takes in the whole body, once; raises ClientDisconnect, TooLarge and TooSlow."""
        if not hasattr(self, "_body"):
            part, more = await self._part()
            parts = [part]
            while more:
                part, more = await self._part()
                parts.append(part)
            self._body = b"".join(parts)
        return self._body

    async def _part(self) -> tuple[bytes, bool]:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        return message.get("body", b""), message.get("more_body", False)

    async def json(self) -> Any:
        """Reads the body; raises RequestError, TooLarge and UnsupportedMediaType."""
        if not hasattr(self, "_json"):
            self._json = loads(await self.body())
        return self._json

    async def read(self, model: type[Model]) -> Model:
        """Reads the body as a model; raises RequestValidationError besides what :meth:`json` does."""
        if not await self.body():
            raise RequestValidationError([{"loc": ("body",), "msg": "Field required"}])
        with naming("body"):
            return model.model_validate(await self.json())

    async def check_body(self) -> None:
        """Raises what is wrong with the body before anything else looks at it."""
        if not await self.body():
            return
        if not is_json(self.headers):
            raise UnsupportedMediaType(JSON.media_type)
        await self.json()


def header(request: Request, name: str, kind: TypeAdapter[str]) -> str | None:
    """Reads a header that may be absent; raises RequestValidationError."""
    given = request.headers.get(name)
    if given is None:
        return None
    with naming("header", name):
        return kind.validate_python(given)


@contextmanager
def naming(*where: str) -> Iterator[None]:
    """Says of what does not fit where it stands."""
    try:
        yield
    except ValidationError as error:
        mistakes = error.errors(include_url=False)
        raise RequestValidationError([{**each, "loc": (*where, *each["loc"])} for each in mistakes]) from error


def is_json(headers: Headers) -> bool:
    """Tells whether a body is announced as ``application/json``, or as a type built on it."""
    if headers.get("content-type") == JSON.media_type:
        return True
    kind = media_type(headers)
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def media_type(headers: Headers) -> str:
    """Reads the media type of a body without its parameters."""
    header = Header()
    header["Content-Type"] = headers.get("content-type", "")
    return header.get_content_type()
