"""Trees of processes: what they used, and how they are kept still."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress

import psutil


def tree(root: int) -> Iterator[psutil.Process]:
    """Gives a process and all below it; none for one that has ended."""
    with suppress(psutil.NoSuchProcess):
        top = psutil.Process(root)
        yield top
        yield from top.children(recursive=True)


def trees(roots: Iterable[int]) -> Iterator[psutil.Process]:
    """Gives the processes of several trees."""
    for root in roots:
        yield from tree(root)


def cpu_seconds(roots: Iterable[int]) -> float:
    """Adds up what the processes used, in user mode and in the kernel, with that of children that ended."""
    used = 0.0
    for process in trees(roots):
        with suppress(psutil.NoSuchProcess):
            used += sum(process.cpu_times()[:4])
    return used


def send(roots: Iterable[int], number: signal.Signals) -> None:
    """Sends a signal to every process of the trees."""
    for process in [*trees(roots)]:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
