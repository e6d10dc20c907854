"""A web server of this machine that answers by path and remembers what arrived."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Answer = bytes | Callable[[socket.socket], None]
"""Is the bytes of an answer, or what sends them."""

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass(frozen=True)
class Arrived:
    """Is one request as it came: its first line, its headers by lower-case name, its body, the name in TLS."""

    line: str
    headers: Mapping[str, str]
    body: bytes
    sni: str

    @property
    def path(self) -> str:
        return self.line.split(" ")[1]


@dataclass
class Service:
    """Answers each request by its path without the query, and keeps its connections open."""

    answers: Mapping[str, Answer] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    arrived: list[Arrived] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._socket.getsockname()[1]
        self._names: dict[int, str] = {}
        if self.tls is not None:
            self.tls.sni_callback = self._named

    def __enter__(self) -> Service:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _named(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        self._names[threading.get_ident()] = name or ""

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            served = self.tls.wrap_socket(client, server_side=True) if self.tls else client
            with served:
                while self._answer(served):
                    pass

    def _answer(self, client: socket.socket) -> bool:
        head, body = b"", b""
        while b"\r\n\r\n" not in head:
            received = client.recv(65536)
            if not received:
                return False
            head += received
        head, _, body = head.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in lines)}
        while len(body) < int(headers.get("content-length", 0)):
            body += client.recv(65536)
        self.arrived.append(Arrived(line, headers, body, self._names.get(threading.get_ident(), "")))
        answer = self.answers.get(self.arrived[-1].path.partition("?")[0], OK)
        if callable(answer):
            answer(client)
            return False
        client.sendall(answer)
        return True


def redirect(location: str, status: int = 302) -> bytes:
    """Writes an answer that sends its reader elsewhere; what is not ASCII goes out as UTF-8."""
    return f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
