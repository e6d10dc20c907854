"""What a process is called where its work is kept."""

from __future__ import annotations

import os
import socket


def worker() -> str:
    """Names this process: its host, and its number there."""
    return f"{socket.gethostname()}:{os.getpid()}"
