"""A herd of two for tests: ``python -m tests.workers.sheep FOLDER WAY [late] [often]``.

Each process leaves its id in the folder.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from workers.herd import Herd


def graze(folder: Path, place: int, *, code: int = 0) -> int:
    """Lives until it is told to end, and gives an exit code then."""
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda number, _: told.append(number))
    note(folder, place)
    while not told:
        time.sleep(0.01)
    (folder / f"told-{os.getpid()}").write_text(str(told[0]))
    return code


def fall(folder: Path, place: int, *, code: int) -> int:
    """Ends at once where it is the second, whenever it is started."""
    if place == 0:
        return graze(folder, place)
    note(folder, place)
    return code


def follow(folder: Path, place: int) -> int:
    """Ends as soon as the first can be told to, where it is the second."""
    while place and not any(folder.glob("0-*")):
        time.sleep(0.01)
    return fall(folder, place, code=0)


def break_(folder: Path, place: int) -> int:
    """Ends by an exception where it is the second."""
    if fall(folder, place, code=1):
        raise AttributeError("This is one of those that nobody expects.")
    return 0


def note(folder: Path, place: int) -> None:
    """Leaves the id of the process, and when it was started."""
    (folder / f"{place}-{os.getpid()}").write_text(str(time.monotonic()))


class Late(dict[int, int]):
    """Is who runs in a herd that is told to end just when it strikes one off."""

    def __delitem__(self, pid: int) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        super().__delitem__(pid)


WAYS: Mapping[str, Callable[[Path, int], int]] = {
    "graze": graze,
    "graze-7": partial(graze, code=7),
    "fall-0": partial(fall, code=0),
    "fall-1": partial(fall, code=1),
    "follow": follow,
    "break": break_,
}

if __name__ == "__main__":
    place, way = Path(sys.argv[1]), WAYS[sys.argv[2]]
    made = Herd([partial(way, place, number) for number in range(2)], pause=0.05)
    if "late" in sys.argv[3:]:
        made._running = Late()
    if "often" in sys.argv[3:]:
        made._falls[1] = 5_000
    sys.exit(made())
