"""A service that gives back what it was told, in every way that HTTP has."""

from __future__ import annotations

import gzip
import json
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import quote, quote_plus


@dataclass(frozen=True)
class Said:
    """Is one answer; ``raw`` is sent in its place, byte for byte. With ``stalls`` its end never comes."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    raw: bytes = b""
    missing: int = 0
    stalls: bool = False


def _error(status: int) -> Callable[[str], Said]:
    return lambda seen: Said(status, {"Retry-After": "0"}, json.dumps({"error": {"message": seen}}).encode())


def _chunked(seen: str) -> Said:
    parts = [seen.encode()[start : start + 7] for start in range(0, len(seen.encode()), 7)]
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    return Said(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + body)


WAYS: Mapping[str, Callable[[str], Said]] = {
    "plain": lambda seen: Said(body=seen.encode()),
    "json": lambda seen: Said(body=json.dumps({"you": seen}).encode()),
    "html": lambda seen: Said(headers={"Content-Type": "text/html"}, body=escape(seen).encode()),
    "base64": lambda seen: Said(body=b64encode(seen.encode())),
    "hex": lambda seen: Said(body=seen.encode().hex().encode()),
    "percent": lambda seen: Said(body=quote(seen, safe="").encode()),
    "form": lambda seen: Said(body=quote_plus(seen).encode()),
    "headers": lambda seen: Said(headers={"X-Seen": seen, "Link": f'<http://x/{quote(seen)}>; rel="next"'}),
    "kept": lambda seen: Said(headers={"Cache-Control": "max-age=60", "ETag": f'"{quote(seen)}"'}, body=seen.encode()),
    "gzip": lambda seen: Said(headers={"Content-Encoding": "gzip"}, body=gzip.compress(seen.encode())),
    "no-gzip": lambda seen: Said(headers={"Content-Encoding": "gzip"}, body=seen.encode()),
    "unknown-encoding": lambda seen: Said(headers={"Content-Encoding": quote(seen)}, body=seen.encode()),
    "chunked": _chunked,
    "redirect": lambda seen: Said(302, {"Location": f"/way/plain?again={quote(seen, safe='')}"}),
    "redirect-away": lambda seen: Said(302, {"Location": f"https://elsewhere.example/{quote(seen, safe='')}"}),
    "redirect-nowhere": lambda seen: Said(302, {"Location": f"http://[{seen}"}),
    "redirect-user": lambda seen: Said(302, {"Location": f"https://{quote(seen, safe='')}@elsewhere.example/"}),
    "cut": lambda seen: Said(body=seen.encode(), missing=100),
    "stalls": lambda seen: Said(body=seen.encode(), missing=100, stalls=True),
    "reason": lambda seen: Said(raw=f"HTTP/1.1 200 {seen}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()),
    "no-http": lambda seen: Said(raw=f"{seen}\r\n\r\n".encode()),
    "no-status": lambda seen: Said(raw=f"HTTP/1.1 {seen}\r\n\r\n".encode()),
    "no-header": lambda seen: Said(raw=f"HTTP/1.1 200 OK\r\n{seen}\r\nConnection: close\r\n\r\n{seen}".encode()),
    "no-length": lambda seen: Said(raw=f"HTTP/1.1 200 OK\r\nContent-Length: {seen}\r\n\r\n{seen}".encode()),
    "scopes": lambda seen: Said(
        403, {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{quote(seen)}"'}, seen.encode()
    ),
    **{str(status): _error(status) for status in (400, 401, 403, 404, 409, 422, 429, 500, 503)},
}
"""What the service does at ``/way/NAME``, with all that it was told."""


class Parrot:
    """Serves while the block runs; ``heard`` is all that it was told."""

    def __init__(self) -> None:
        """Takes a port."""
        self.heard: list[str] = []
        self._over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self.heard, self._over))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Parrot:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, heard: list[str], over: threading.Event, *rest: Any) -> None:
        self._heard = heard
        self._over = over
        super().__init__(*rest)

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        told = (self.headers.get("Authorization", ""), self.headers.get("X-Key", ""), self.path, body)
        seen = " ".join(told).strip()
        self._heard.append(seen)
        way = self.path.split("?")[0].removeprefix("/way/")
        self._say(WAYS[way](seen))

    do_POST = do_GET

    def _say(self, said: Said) -> None:
        if said.raw:
            self.wfile.write(said.raw)
            self.close_connection = True
            return
        self.send_response(said.status)
        for name, value in {"Content-Type": "application/json", **said.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(said.body) + said.missing))
        self.end_headers()
        self.wfile.write(said.body)
        self.wfile.flush()
        if said.stalls:
            self._over.wait(10)
        self.close_connection = bool(said.missing)

    def log_message(self, *_: object) -> None:
        """Says nothing."""
