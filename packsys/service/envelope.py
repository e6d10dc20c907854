"""Puts every answer in the same envelope: a request id, security headers, and a problem where code failed."""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from packsys.service.problems import REQUEST_ID, failed

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What the OWASP REST security cheat sheet asks of an API; there is no CORS header, so no other origin may read."""

_RAW = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

_FIT_FOR_LOGS = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Envelope:
    """Gives a request its id, keeps the one that a proxy gave it, and seals the answer."""

    def __init__(self, app: ASGIApp, new_id: Callable[[], str]) -> None:
        """Takes the application that it stands before, and a maker of ids."""
        self.app = app
        self.new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on; what nobody caught becomes a problem if the answer has not begun."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        scope[REQUEST_ID] = self._id(Headers(scope=scope))
        sealed = Sealed(send, scope[REQUEST_ID])
        try:
            await self.app(scope, receive, sealed)
        except Exception as error:
            if sealed.begun:
                raise
            response = await failed(Request(scope), error)
            await response(scope, receive, sealed)

    def _id(self, headers: Headers) -> str:
        given = headers.get("x-request-id", "")
        return given if _FIT_FOR_LOGS.fullmatch(given) else self.new_id()


class Sealed:
    """Sends an answer with the headers that every answer has; a route's own header stays."""

    def __init__(self, send: Send, request_id: str) -> None:
        """Takes the channel to the client."""
        self.send = send
        self.request_id = request_id
        self.begun = False

    async def __call__(self, message: Message) -> None:
        """Sends one message."""
        if message["type"] == "http.response.start":
            self.begun = True
            given = message["headers"]
            named = {name.lower() for name, _ in given}
            ours = (*_RAW, (b"x-request-id", self.request_id.encode()))
            message["headers"] = [*given, *(each for each in ours if each[0] not in named)]
        await self.send(message)
