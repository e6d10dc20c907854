"""Serves the stand-in over HTTP, counts and limits requests as GitHub does, and misbehaves when told to."""

from __future__ import annotations

import math
import socket
import threading
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.fakeapi.github import DOCUMENTATION, Answer, Asked, answer, failure
from tests.fakeapi.world import World, hereisfun

TOKEN = "stand-in-token-of-hereisfun"
_HOUR = 3600


@dataclass(frozen=True, kw_only=True)
class Received:
    """Is a request that came in; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Misbehaviour:
    """Says what to do instead of answering: wait, drop the connection, or answer with another status."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    delay: float = 0.0
    drop: bool = False


class FakeGitHub:
    """Is a small GitHub on a port of this machine.

    >>> with FakeGitHub() as api:
    ...     api.misbehave("/user", status=503, times=2)
    ...     [requests.get(f"{api.url}/user").status_code for _ in range(3)]
    [503, 503, 401]

    Every answer comes ``delay`` seconds late. ``limit`` requests are allowed for each hour and token.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        delay: float = 0.0,
        token: str = TOKEN,
        limit: int = 5000,
        world: World | None = None,
    ) -> None:
        """Takes the port, so that :attr:`url` is known; answers once it is started."""
        self.token = token
        self.delay = delay
        self.limit = limit
        self.world = world or hereisfun()
        self.requests: list[Received] = []
        self._used: dict[str, int] = defaultdict(int)
        self._script: dict[str, deque[Misbehaviour]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._server = _Server((host, port), _Handler)
        self._server.api = self
        self.url = f"http://{host}:{self._server.server_address[1]}"

    def misbehave(
        self,
        path: str,
        *,
        times: int = 1,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        delay: float = 0.0,
        drop: bool = False,
    ) -> None:
        """Makes the next ``times`` requests for a path go wrong."""
        wrong = Misbehaviour(status=status, headers=headers or {}, body=body, delay=delay, drop=drop)
        with self._lock:
            self._script[path].extend([wrong] * times)

    def asked_for(self, path: str) -> int:
        """Counts the requests for a path so far."""
        return sum(request.path == path for request in self.requests)

    def start(self) -> FakeGitHub:
        """Answers from now on, in threads of this process."""
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True, name="fakeapi").start()
        return self

    def serve(self) -> None:
        """Answers in this thread until it is interrupted."""
        self._server.serve_forever(0.1)

    def stop(self) -> None:
        """Stops answering and gives the port back."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> FakeGitHub:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def receive(self, request: Received) -> Misbehaviour | None:
        """Notes a request and gives what was scripted for it."""
        with self._lock:
            self.requests.append(request)
            script = self._script.get(request.path)
            return script.popleft() if script else None

    def answer(self, request: Received, origin: str) -> Answer:
        """Answers a request as GitHub would."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ").removeprefix("token ")
        if token and token != self.token:
            return failure(401, "Bad credentials")
        if "user-agent" not in request.headers:
            return failure(403, "Request forbidden by administrative rules. Please make sure it has a User-Agent.")
        limited = self._count(token) > self.limit if request.path != "/rate_limit" else False
        quota = self._quota(token)
        if limited:
            refused = failure(403, f"API rate limit exceeded for user ID {self.world.owners[self.world.account].id}.")
            return Answer(status=403, body=refused.body, headers=quota)
        found = self._found(request, origin, bool(token))
        return Answer(status=found.status, body=found.body, headers={**found.headers, **quota})

    def _found(self, request: Received, origin: str, authenticated: bool) -> Answer:
        if request.path == "/rate_limit":
            return self._rates(self.token if authenticated else "")
        if request.method not in ("GET", "HEAD"):
            return failure(404, "Not Found")
        asked = Asked(path=request.path, query=request.query, api=origin, authenticated=authenticated)
        return answer(self.world, asked)

    def _count(self, token: str) -> int:
        with self._lock:
            self._used[token] += 1
            return self._used[token]

    def _quota(self, token: str) -> dict[str, str]:
        used = self._used[token]
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(self.limit - used, 0)),
            "X-RateLimit-Reset": str(_HOUR * math.ceil(time.time() / _HOUR)),
            "X-RateLimit-Used": str(min(used, self.limit)),
            "X-RateLimit-Resource": "core",
        }

    def _rates(self, token: str) -> Answer:
        quota = self._quota(token)
        core = {name: int(quota[f"X-RateLimit-{name.title()}"]) for name in ("limit", "remaining", "reset", "used")}
        return Answer(body={"resources": {"core": core}, "rate": core})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    api: FakeGitHub

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keeps quiet about clients that hang up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet; two would wait for each other
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._respond()

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def version_string(self) -> str:
        """Says who answers."""
        return "GitHub.com"

    def log_message(self, *_: Any) -> None:
        """Keeps quiet."""

    def _respond(self) -> None:
        api = self.server.api
        request = self._read()
        wrong = api.receive(request)
        time.sleep(api.delay + (wrong.delay if wrong else 0.0))
        if wrong is not None and wrong.drop:
            self._drop()
        elif wrong is not None and wrong.status is not None:
            self._write(request, _scripted(wrong))
        else:
            self._write(request, api.answer(request, f"http://{self.headers.get('Host', '')}"))

    def _read(self) -> Received:
        parts = urlsplit(self.path)
        return Received(
            method=self.command,
            path=unquote(parts.path).rstrip("/") or "/",
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
        )

    def _drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _write(self, request: Received, given: Answer) -> None:
        fresh = given.status == 200 and request.headers.get("if-none-match") == given.etag
        content = b"" if fresh else given.content
        self.send_response(304 if fresh else given.status)
        for name, value in {**_headers(given, content), **given.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if request.method != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()


def _headers(given: Answer, content: bytes) -> dict[str, str]:
    tagged = {"ETag": given.etag, "Cache-Control": "private, max-age=60, s-maxage=60"} if given.status == 200 else {}
    return {
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": str(len(content)),
        "Last-Modified": formatdate(1_760_000_000, usegmt=True),
        "X-GitHub-Media-Type": "github.v3; format=json",
        "X-GitHub-Request-Id": sha256(f"{time.time_ns()}".encode()).hexdigest()[:20].upper(),
        "X-OAuth-Scopes": "read:user, repo",
        "Vary": "Accept, Authorization",
        **tagged,
    }


def _scripted(wrong: Misbehaviour) -> Answer:
    status = wrong.status or 500
    said = {"message": "Server Error" if status >= 500 else "Refused", "documentation_url": DOCUMENTATION}
    body = wrong.body if wrong.body is not None else {**said, "status": str(status)}
    return Answer(status=status, body=body, headers=wrong.headers)
