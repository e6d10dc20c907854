"""The two Valkey roles: *state* loses nothing and refuses work when full, *cache* forgets and never refuses."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from typing import Literal

from packsys.embedded.binaries import valkey_server
from packsys.embedded.process import Program

Role = Literal["state", "cache"]

POLICIES: dict[Role, tuple[str, ...]] = {
    "state": ("--maxmemory-policy", "noeviction", "--appendonly", "yes", "--appendfsync", "everysec"),
    "cache": ("--maxmemory-policy", "allkeys-lru", "--maxmemory", "256mb", "--appendonly", "no"),
}


def valkey(role: Role, *, directory: Path, sockets: Path) -> Program:
    """Gives the program of one role; only a unix socket, no snapshots."""
    home = directory / role
    home.mkdir(exist_ok=True, mode=0o700)
    place = (
        "--port",
        "0",
        "--unixsocket",
        str(sockets / f"{role}.sock"),
        "--unixsocketperm",
        "600",
        "--dir",
        str(home),
    )
    command = (str(valkey_server()), *place, "--daemonize", "no", "--save", "", *POLICIES[role])
    return Program(name=role, command=command, log=directory / f"{role}.log", farewell=signal.SIGTERM)


def answers(path: Path, *, timeout: float = 1.0) -> bool:
    """Says whether the server at a socket takes commands; while it loads its log it does not."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
