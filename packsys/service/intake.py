"""Receives requests: bounded, uncompressed, strict JSON."""

from __future__ import annotations

from email.message import Message as Header
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from packsys.service.problems import Refusal, TooLarge, UnsupportedMediaType, answer
from packsys.service.strict import loads

LARGEST = 1_000_000
"""Bytes that a body may have."""


class Intake:
    """Refuses compressed bodies at once, and bodies that are too large as soon as that shows.

    What a client sends after that is read and thrown away by the server: to hang up instead would often cost the
    client the answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Takes the application that it stands before."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts what arrives: a Content-Length may be absent or wrong."""
        refused = refusal(Headers(scope=scope)) if scope["type"] == "http" else None
        if refused:
            await answer(Request(scope), refused)(scope, receive, send)
        else:
            await self.app(scope, bounded(receive), send)


def refusal(headers: Headers) -> Refusal | None:
    """Tells from its headers why a request cannot be taken, if so."""
    if headers.get("content-encoding", "identity").lower() != "identity":
        return UnsupportedMediaType()
    length = headers.get("content-length", "")
    return TooLarge() if length.isdecimal() and int(length) > LARGEST else None


def bounded(receive: Receive) -> Receive:
    """Wraps a channel so that it raises TooLarge after :data:`LARGEST` bytes."""
    left = LARGEST

    async def receive_bounded() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise TooLarge
        return message

    return receive_bounded


class StrictRequest(Request):
    """Is a request whose JSON is read strictly, once; FastAPI asks it for the body and the JSON."""

    async def json(self) -> Any:
        """Reads the body; raises RequestError, TooLarge and UnsupportedMediaType."""
        if not hasattr(self, "_json"):
            self._json = loads(await self.body())
        return self._json

    async def check_body(self) -> None:
        """Raises what is wrong with the body before anything else looks at it."""
        if not await self.body():
            return
        if not is_json(self.headers):
            raise UnsupportedMediaType
        await self.json()


def is_json(headers: Headers) -> bool:
    """Tells whether a body is announced as ``application/json``, or as a type built on it."""
    header = Header()
    header["Content-Type"] = headers.get("content-type", "")
    kind = header.get_content_type()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
