"""A launcher in a process of its own: ``python -m tests.embedded.launcher DIRECTORY`` runs until it is told to end."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from packsys.embedded import EmbeddedServers
from packsys.embedded.directory import sockets_of

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0


def wait_until(condition: Callable[[], bool]) -> None:
    """Waits for a condition; fails when it does not come."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        time.sleep(0.01)


class Launcher:
    """Starts launchers in a directory, and sees which processes live because of it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.sockets = sockets_of(directory.resolve())
        self.handle: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.handle is not None:
            self.handle.kill()
            self.handle.communicate()
        wait_until(lambda: not self.left())
        shutil.rmtree(self.sockets, ignore_errors=True)

    def launch(self) -> subprocess.Popen[str]:
        """Starts a launcher and does not wait for it."""
        command = [sys.executable, "-m", "tests.embedded.launcher", str(self.directory)]
        pipe = subprocess.PIPE
        self.handle = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        return self.handle

    def launch_ready(self) -> subprocess.Popen[str]:
        """Starts a launcher and waits until its servers answer."""
        handle = self.launch()
        assert handle.stdout is not None
        assert handle.stdout.readline() == "ready\n", handle.communicate()[1]
        return handle

    def left(self) -> list[psutil.Process]:
        """Finds every process that was started for this directory, whoever its parent is now."""
        words = (str(self.directory), str(self.sockets))
        return [
            process for process in psutil.process_iter() if process != psutil.Process() and mentions(process, words)
        ]


def mentions(process: psutil.Process, words: tuple[str, ...]) -> bool:
    """Says whether a process's command line names one of the words; an ended one has none."""
    try:
        line = " ".join(process.cmdline())
    except psutil.Error:
        return False
    return any(word in line for word in words)


def main(directory: str) -> None:
    """Runs the servers until standard input ends or Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with EmbeddedServers(directory, durable=False):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
