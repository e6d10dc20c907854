"""Serves an authority over HTTP, on a port of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl

from tests.provider.authority import Authority


class Provider:
    """Serves the token and the revocation endpoint of an authority while the block runs."""

    def __init__(self, authority: Authority | None = None, *, before_answer: Callable[[], None] = lambda: None) -> None:
        """Takes the authority; ``before_answer`` runs when tokens are made and not yet sent."""
        self.authority = authority or Authority()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self.authority, before_answer))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Provider:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def declared(self, **more: Any) -> dict[str, Any]:
        """Says what a pack of this provider declares."""
        return {
            "kind": "OAuth2",
            "authorization_url": "https://provider.example/authorize",
            "token_url": f"{self.url}/token",
            "revocation_url": f"{self.url}/revoke",
            "issuer": self.authority.issuer,
            "scopes": ["read", "write"],
            **more,
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, authority: Authority, before_answer: Callable[[], None], *rest: Any) -> None:
        self._authority = authority
        self._before_answer = before_answer
        super().__init__(*rest)

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        answer = {"/token": self._authority.token, "/revoke": self._authority.revoke}[self.path]
        status, body = answer(form, dict(self.headers))
        self._before_answer()
        self._send(status, json.dumps(body).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "7")
        if 300 <= status < 400:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""
