"""A network that fails on request: a proxy that cuts connections after a number of bytes."""

from __future__ import annotations

import socket
import threading
from collections import deque
from contextlib import suppress
from types import TracebackType
from urllib.parse import urlsplit

BEFORE_THE_REQUEST = -1
BEFORE_THE_ANSWER = 0


class Unreliable:
    """Passes connections on to a server, and cuts the next ones as ``faults`` says.

    A fault is how many bytes of the answer pass; before that the request has reached the server in any case,
    except with :data:`BEFORE_THE_REQUEST`.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.server = (parts.hostname, parts.port)
        self.faults: deque[int] = deque()
        self.listening = socket.create_server(("127.0.0.1", 0))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def __enter__(self) -> Unreliable:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                fault = self.faults.popleft() if self.faults else None
                threading.Thread(target=self._carry, args=(client, fault), daemon=True).start()

    def _carry(self, client: socket.socket, fault: int | None) -> None:
        if fault == BEFORE_THE_REQUEST:
            client.close()
            return
        with client, socket.create_connection(self.server) as server:
            threading.Thread(target=pump, args=(client, server), daemon=True).start()
            pump(server, client, limit=fault)


def pump(source: socket.socket, sink: socket.socket, *, limit: int | None = None) -> None:
    """Carries bytes until one side hangs up or the limit is reached, then hangs up on both."""
    left = limit if limit is not None else float("inf")
    with suppress(OSError):
        while left >= 0 and (data := source.recv(65_536)):
            sink.sendall(data[: int(min(left, len(data)))])
            left -= len(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
