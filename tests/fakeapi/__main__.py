"""Runs the stand-in: ``python -m tests.fakeapi --port 0 --delay 0.15`` prints its address and serves."""

from __future__ import annotations

import argparse
import signal
import sys

from tests.fakeapi.server import TOKEN, FakeGitHub


def main() -> None:
    """Serves until it is told to stop."""
    options = argparse.ArgumentParser(prog="python -m tests.fakeapi", description="A stand-in for GitHub's REST API.")
    options.add_argument("--port", type=int, default=0, help="the port; 0 takes a free one")
    options.add_argument("--delay", type=float, default=0.0, metavar="SECONDS", help="how late every answer comes")
    options.add_argument("--token", default=TOKEN, help="the token that it accepts (default: %(default)s)")
    given = options.parse_args()
    api = FakeGitHub(port=given.port, delay=given.delay, token=given.token)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sys.stdout.write(f"{api.url}\n")
    sys.stdout.flush()
    try:
        api.serve()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
