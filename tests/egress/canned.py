"""A server that answers with the very bytes that a test gives it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Sequence


class Canned:
    """Answers the requests that come, in order, each with some bytes, and hangs up after each.

    ``requests`` holds the heads of the requests. With ``tls`` the connection is encrypted; a client that does
    not trust the certificate hangs up and uses no answer.
    """

    def __init__(self, *answers: bytes, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self._answers: Sequence[bytes] = answers
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> Canned:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _serve(self) -> None:
        answers = iter(self._answers)
        with contextlib.suppress(OSError, StopIteration):
            while True:
                client, _ = self._socket.accept()
                with client, contextlib.suppress(OSError):
                    self._answer(
                        self._tls.wrap_socket(client, server_side=True) if self._tls else client, next(answers)
                    )

    def _answer(self, client: socket.socket, answer: bytes) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            received = client.recv(65536)
            if not received:
                return
            head += received
        self.requests.append(head)
        client.sendall(answer)
        if self._tls:
            client.close()


def answer(
    body: bytes = b"", *, status: int = 200, headers: dict[str, str] | None = None, length: int | None = None
) -> bytes:
    """Writes an answer; ``length`` may lie about the body."""
    lines = [
        f"HTTP/1.1 {status} Status",
        f"Content-Length: {len(body) if length is None else length}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in (headers or {}).items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
