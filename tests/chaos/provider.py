"""The service that packs call: it notes every request, and misbehaves while it is told to."""

from __future__ import annotations

import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.chaos.history import Visit

MOODS = ("429", "500", "hang", "drip", "reset")
SLOW, SLOWEST, ACTING = 0.1, 1.0, 0.3
"""Seconds that a slow read takes (that of 1 is longer than a heartbeat), and an action after its effect."""
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 seconds


class Provider:
    """Answers on a port of this machine while the block runs; ``visits`` is its history.

    With a mood, one request in ``share`` goes wrong. Statuses are answered before anything is done; hanging, dripping
    and resetting come after it, when the client cannot know whether it was.
    """

    def __init__(self, *, seed: int = 0) -> None:
        self.visits: list[Visit] = []
        self.mood = ""
        self.share = 0.5
        self.acting = 0
        self.better = threading.Event()
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), partial(_Handler, self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Provider:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.behave()
        self._server.shutdown()
        self._server.server_close()

    def misbehave(self, mood: str, *, share: float = 0.5) -> None:
        """Makes a part of the requests go wrong from now on."""
        self.better.clear()
        self.mood, self.share = mood, share

    def behave(self) -> None:
        """Ends that, and lets go of who hangs."""
        self.mood = ""
        self.better.set()

    def mood_now(self) -> str:
        """Decides whether the next request goes wrong, and how."""
        with self._lock:
            return self.mood if self.mood and self._random.random() < self.share else ""

    def note(self, call: str, asked: Mapping[str, str], key: str, *, effect: bool) -> Visit:
        """Writes a request down and gives its line."""
        with self._lock:
            visit = Visit(
                at=time.time(),
                number=len(self.visits) + 1,
                call=call,
                label=asked.get("label", ""),
                n=float(asked["n"]),
                key=key,
                effect=effect,
            )
            self.visits.append(visit)
            return visit

    def linger(self, visit: Visit) -> None:
        """Takes its time; :attr:`acting` counts the actions that are done and not answered."""
        self._count(visit.effect)
        time.sleep(_takes(visit))
        self._count(-visit.effect)

    def _count(self, more: int) -> None:
        with self._lock:
            self.acting += more


def answer_to(visit: Visit) -> float:
    """Gives what the service says: a square and one more, or the number of the request itself."""
    return visit.number if visit.call == "stamp" else visit.n * visit.n + 1


def _takes(visit: Visit) -> float:
    if visit.call == "slow":
        return SLOWEST if visit.n == 1 else SLOW
    return ACTING if visit.call == "act" else 0.0


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keeps quiet about clients that hang up: they are killed."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def __init__(self, provider: Provider, *rest: Any) -> None:
        self._provider = provider
        super().__init__(*rest)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call, mood = parts.path.strip("/"), self._provider.mood_now()
        refused = mood in ("429", "500")
        effect = self.command == "POST" and not refused
        visit = self._provider.note(
            call, dict(parse_qsl(parts.query)), self.headers.get("Idempotency-Key", ""), effect=effect
        )
        self._provider.linger(visit)
        body = json.dumps({"value": answer_to(visit)}).encode()
        self._ways[mood](self, int(mood) if refused else 200, body)

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def _say(self, status: int, body: bytes) -> None:
        self._head(status, len(body))
        self.wfile.write(body)

    def _head(self, status: int, length: int) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Cache-Control": "no-store"}.items():
            self.send_header(name, value)
        if status == 429:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _hang(self, status: int, body: bytes) -> None:
        self._provider.better.wait(30)
        with suppress(OSError):
            self._say(status, body)

    def _drip(self, status: int, body: bytes) -> None:
        self._head(status, len(body))
        for byte in body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            self._provider.better.wait(0.1)

    def _reset(self, status: int, body: bytes) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.connection.close()

    _ways: Mapping[str, Callable[[_Handler, int, bytes], None]] = {
        "": _say,
        "429": _say,
        "500": _say,
        "hang": _hang,
        "drip": _drip,
        "reset": _reset,
    }
