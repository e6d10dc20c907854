"""Waits on this machine for a browser to come back from signing in (RFC 8252, 7.3)."""

from __future__ import annotations

import time
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from packsys.errors import RequestError

PATH = "/callback"
_DONE = b"You have signed in. You can close this window.\n"
_ELSE = b"There is nothing here.\n"


class Loopback:
    """Listens on a free port of the loopback interface while the block runs; ``url`` is where to come back to."""

    def __init__(self) -> None:
        """Takes the port."""
        self._answers: list[str] = []
        self._expected: list[str] = []
        self._server = HTTPServer(("127.0.0.1", 0), partial(_Handler, self._expected, self._answers))
        self._server.timeout = 1.0
        self.url = f"http://127.0.0.1:{self._server.server_port}{PATH}"

    def __enter__(self) -> Loopback:
        """Listens already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Gives the port back."""
        self._server.server_close()

    def wait(self, authorization_url: str, *, seconds: float) -> str:
        """Gives the query that the browser brought back for this sign-in; what brings another state is ignored."""
        self._expected.extend(parse_qs(urlsplit(authorization_url).query).get("state", ()))
        until = time.monotonic() + seconds
        while not self._answers:
            if time.monotonic() > until:
                raise RequestError(f"Nobody came back from signing in within {seconds:g} seconds: begin again.")
            self._server.handle_request()
        return self._answers[0]


class _Handler(BaseHTTPRequestHandler):
    timeout = 5.0  # a browser that connects ahead of time and says nothing must not hold the others up

    def __init__(self, expected: list[str], answers: list[str], *rest: Any) -> None:
        self._expected = expected
        self._answers = answers
        super().__init__(*rest)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        ours = parts.path == PATH and parse_qs(parts.query).get("state") == self._expected
        if ours:
            self._answers.append(parts.query)
        self.send_response(200 if ours else 404)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        self.wfile.write(_DONE if ours else _ELSE)

    def log_message(self, *_: object) -> None:
        """Says nothing: the address holds the code."""
