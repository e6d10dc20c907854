"""What a peer is told on its command line, and what it says when it is done."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Order:
    """Says what is to be loaded: from the service at ``url`` into the database, in pages of ``size`` rows.

    The service takes ``delay`` seconds for each page; ``folder`` is the peer's own, as long as the benchmark runs.
    """

    url: str
    database: str
    folder: str
    size: int
    delay: float

    def page(self, number: int) -> str:
        """Gives the path of a page."""
        return f"/rows?page={number}&size={self.size}&delay={self.delay}"


def told() -> Order:
    """Reads the command line."""
    url, database, folder, size, delay = sys.argv[-5:]
    return Order(url, database, folder, int(size), float(delay))


def timed(load: Callable[[], object]) -> None:
    """Loads, and prints seconds and the most memory that the process had, in megabytes, as JSON."""
    begun = time.perf_counter()
    load()
    seconds = time.perf_counter() - begun
    print(json.dumps({"seconds": seconds, "peak": peak("self")}))


def peak(process: str | int) -> float:
    """Gives the most megabytes that a process had, none of one that ended; getrusage counts in who started it."""
    try:
        said = Path(f"/proc/{process}/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in said if line.startswith("VmHWM")), 0.0)
