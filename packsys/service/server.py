"""Serves the application."""

from __future__ import annotations

import socket

import uvicorn

from packsys.bootstrap import Services
from packsys.service.app import create_app
from packsys.service.intake import SLOWEST

GRACE = 5
"""Seconds that requests under way have to end when the server stops."""

IDLE = 75
"""Seconds that an unused connection stays open: longer than clients and proxies keep theirs, so that they hang up."""


def serve(services: Services, *, host: str = "127.0.0.1", port: int = 8000, fd: int | None = None) -> None:
    """Serves a wired house until SIGTERM or Ctrl-C; ``fd`` is a listening socket to take instead of a port."""
    made = server(services, host=host, port=port)
    made.run(sockets=None if fd is None else [door(fd)])


def server(
    services: Services, *, host: str = "127.0.0.1", port: int = 8000, slowest: float = SLOWEST
) -> uvicorn.Server:
    """Makes the server of a wired house; ``slowest`` is how many seconds a body has to arrive.

    When it is told to stop it takes no new request, whoever waits lets go, and the rest has :data:`GRACE` seconds.
    """
    config = uvicorn.Config(
        create_app(services, draining=lambda: made.should_exit, slowest=slowest),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=GRACE,
    )
    made = uvicorn.Server(config)
    return made


def door(fd: int) -> socket.socket:
    """Takes over a listening TCP socket.

    asyncio turns Nagle's algorithm off only where it made the socket itself; left on, it would hold every answer
    back for the 40 ms of a delayed acknowledgement. Accepted sockets inherit the option.
    """
    taken = socket.socket(fileno=fd)
    taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return taken
