"""A host that is about to die: runs a pack call that never ends, and prints the sandbox's processes.

``python -m tests.sandbox.jail.host MODE``: ``plain`` waits in the call, ``forked`` does so after a fork whose child
lives on, ``exits`` ends without closing anything while another thread is in the call.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import Any

import psutil

from packsys.ports import Response
from tests.sandbox.jail.attempts import code_call, sandbox

ENDLESS = "context.fetch('/running')\nwhile True: pass"


class Bell:
    """Is a fetcher that prints the processes below this one when it is asked, and rings."""

    def __init__(self, *besides: int) -> None:
        self.rung = threading.Event()
        self._besides = besides

    def fetch(self, request: Any) -> Response:
        below = [each.pid for each in psutil.Process().children(recursive=True) if each.pid not in self._besides]
        sys.stdout.write(json.dumps({"processes": below, "besides": self._besides}) + "\n")
        sys.stdout.flush()
        self.rung.set()
        return Response(status=200, headers={}, body=b"")


def main(mode: str) -> None:
    runner = sandbox()
    runner.start()
    child = _bystander() if mode == "forked" else None
    bell = Bell(child) if child else Bell()
    if mode == "exits":
        threading.Thread(target=runner.run, args=(code_call(ENDLESS, fetcher=bell),), daemon=True).start()
        bell.rung.wait(20)
        sys.exit(0)
    runner.run(code_call(ENDLESS, fetcher=bell, timeout=50.0))


def _bystander() -> int:
    """Forks, as Celery does, and leaves the child waiting with whatever it inherited."""
    child = os.fork()
    if child == 0:
        os.close(1)
        signal.alarm(60)
        signal.pause()
    return child


if __name__ == "__main__":
    main(sys.argv[1])
