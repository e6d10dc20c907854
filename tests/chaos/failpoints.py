"""Ends a process before or after a call that writes: one point for each method of each port, on either side.

Deaths are files in a folder, so that all processes together die each of them once, whoever comes first: a process
that removes the file dies.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import Any

from packsys.adapters import Adapters
from packsys.ports import (
    DeliveryStore,
    Dispatcher,
    FlightDesk,
    JobStore,
    LastingResults,
    ResultCache,
    StepStore,
    UpkeepStore,
)

PORTS: dict[str, type] = {
    "jobs": JobStore,
    "steps": StepStore,
    "upkeep": UpkeepStore,
    "dispatcher": Dispatcher,
    "cache": ResultCache,
    "desk": FlightDesk,
    "lasting": LastingResults,
    "deliveries": DeliveryStore,
}
"""The ports that a worker writes through, under their names among the adapters."""

READS = frozenset({"get", "of", "since", "look", "counts", "list"})
SIDES = ("before", "after")


def matrix() -> Sequence[str]:
    """Lists every point: port, method, and the side of the call."""
    return [
        f"{port}.{method}.{side}"
        for port, protocol in PORTS.items()
        for method in methods(protocol)
        if method not in READS
        for side in SIDES
    ]


def methods(protocol: type) -> Sequence[str]:
    """Lists the methods of a port, those of the ports that it extends first."""
    own = [vars(base).items() for base in reversed(protocol.__mro__) if base.__module__.startswith("packsys.")]
    return [name for found in own for name, what in found if callable(what) and not name.startswith("_")]


@dataclass(frozen=True, kw_only=True)
class Deaths:
    """Is the folder of the deaths that are still to be died; ``die`` is how."""

    folder: Path
    every: int = 1
    die: Callable[[], None] = lambda: os.kill(os.getpid(), signal.SIGKILL)
    passed: Counter[str] = field(default_factory=Counter)

    def plan(self, points: Iterable[str], *, times: int = 1) -> None:
        """Makes each point a place to die at, so many times."""
        for point in points:
            for number in range(times):
                (self.folder / f"{point}.{number}").touch()

    def left(self) -> Sequence[str]:
        """Lists the deaths that nobody has died."""
        return sorted(each.name for each in self.folder.iterdir())

    def forget(self) -> None:
        """Lets everybody live."""
        for name in self.left():
            (self.folder / name).unlink(missing_ok=True)

    def passing(self, point: str) -> None:
        """Dies if it is time to."""
        self.passed[point] += 1
        if self.passed[point] % self.every == 0 and self._mine(point):
            self.die()

    def _mine(self, point: str) -> bool:
        for due in self.folder.glob(f"{point}.*"):
            with suppress(FileNotFoundError):  # another process was first
                due.unlink()
                return True
        return False


class Mortal:
    """Stands before an adapter and passes every call on, by way of the points where it may die."""

    def __init__(self, port: str, inner: Any, deaths: Deaths) -> None:
        self._port, self._inner, self._deaths = port, inner, deaths

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return self._mortal(name, found) if callable(found) and name not in READS else found

    def _mortal(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def called(*args: Any, **terms: Any) -> Any:
            self._deaths.passing(f"{self._port}.{name}.before")
            result = call(*args, **terms)
            self._deaths.passing(f"{self._port}.{name}.after")
            return result

        return called


def around(deaths: Deaths) -> Callable[[Adapters], Adapters]:
    """Gives what puts death before the adapters of a process."""

    def put(adapters: Adapters) -> Adapters:
        there = {**vars(adapters), **vars(adapters.stores), **vars(adapters.sending)}
        mortal: dict[str, Any] = {port: Mortal(port, there[port], deaths) for port in PORTS}
        sending = replace(adapters.sending, dispatcher=mortal.pop("dispatcher"))
        kept = vars(adapters.stores).keys() & mortal.keys()
        stores = replace(adapters.stores, **{port: mortal.pop(port) for port in kept})
        return replace(adapters, sending=sending, stores=stores, **mortal)

    return put
