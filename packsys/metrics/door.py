"""Lets Prometheus ask a process that serves nothing else."""

from __future__ import annotations

import errno
import logging

from prometheus_client import start_http_server

from packsys.errors import WrongSetUp
from packsys.metrics.process import ProcessFigures

log = logging.getLogger(__name__)

TRIES = 64
"""Ports that are tried, the first one included: a machine's processes take one each."""


def open_door(figures: ProcessFigures, address: str) -> int:
    """Tells the figures of this process at the first free port from that of ``host:port`` on, and gives the port.

    It needs no key, so that the address must be one that only Prometheus reaches. Raises WrongSetUp where no port is
    free.
    """
    host, _, first = address.rpartition(":")
    for port in range(int(first), int(first) + TRIES):
        try:
            server, _thread = start_http_server(port, addr=host.strip("[]"), registry=figures.registry)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                continue
            raise WrongSetUp(f"PACKSYS_METRICS_ADDRESS is {address}, where nothing can be opened: {error}.") from error
        log.info("metrics.open", extra={"host": host, "port": server.server_port})
        return int(server.server_port)
    raise WrongSetUp(f"No port from {address} on is free: give PACKSYS_METRICS_ADDRESS another one.")
