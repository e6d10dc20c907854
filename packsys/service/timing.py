"""Takes the time of requests."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

UNROUTED = "unrouted"
"""Stands for every path that leads nowhere: what strangers ask for must not become a label."""

Answered: TypeAlias = Callable[[str, str, str, float], None]


class Timed:
    """Notes how long it took until an answer began: the rest of a stream is not our time."""

    def __init__(self, app: ASGIApp, answered: Answered, clock: Callable[[], float] = time.perf_counter) -> None:
        """Takes the application that it stands before, who is told, and a clock in seconds."""
        self.app, self.answered, self.clock = app, answered, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = self.clock()

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                method = scope["method"] if scope["method"] in METHODS else "other"
                self.answered(method, route_of(scope), str(message["status"]), self.clock() - began)
            await send(message)

        await self.app(scope, receive, note)


def route_of(scope: Scope) -> str:
    """Gives the pattern of a request's path."""
    return str(getattr(scope.get("route"), "path", UNROUTED))
