"""Measures a formula of a published pack on its whole way, service, worker and sandbox, beside the same in process.

The three packs do the same: one runs in the worker's own process, as those that ship do, one behind the walls around
Python, one in V8. Rounds are interleaved and ratios taken round by round.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.bare import PACKS
from benchmarks.figures import Figure, milliseconds, times
from packsys.cli.archive import read_archive
from packsys.cli.system import Plan, System
from packsys.client import Packsys

ROUNDS = 40
IN_PROCESS = "Bench"
PUBLISHED = {"python": "Walled", "javascript": "Script"}


def run() -> Iterator[Figure]:
    """Measures the latency of one call from submission to answer, with each of the three packs."""
    with tempfile.TemporaryDirectory(prefix="packsys-bench-") as folder:
        plan = Plan(
            directory=Path(folder), parts=("service", "worker"), slots=2, packs=(str(PACKS / "bench.py"),),
            durable=False,
        )  # fmt: skip
        with System(plan) as system, Packsys(system.url, system.key) as client:
            _publish(client, Path(folder))
            yield from _latencies(client)


def _publish(client: Packsys, folder: Path) -> None:
    source = (PACKS / "bench.py").read_text("utf-8")
    (folder / "walled").mkdir()
    (folder / "walled" / "pack.py").write_text(source.replace("9300", "9301").replace('"Bench"', '"Walled"'), "utf-8")
    client.packs.publish(read_archive(folder / "walled"))
    client.packs.publish(read_archive(PACKS / "bench.js", told={"id": 9302, "name": "Script"}))


def _latencies(client: Packsys) -> Iterator[Figure]:
    names = (IN_PROCESS, *PUBLISHED.values())
    for name in names * 3:
        _seconds(client, name, 0)
    rounds = [{name: _seconds(client, name, number) for name in names} for number in range(1, ROUNDS + 1)]
    bare = [each[IN_PROCESS] for each in rounds]
    yield Figure("path_in_process", milliseconds(bare), "ms")
    for runtime, name in PUBLISHED.items():
        mine = [each[name] for each in rounds]
        above = median(our - their for our, their in zip(mine, bare, strict=True))
        yield Figure(f"path_{runtime}", milliseconds(mine), "ms")
        yield Figure(f"path_{runtime}_above", round(above * 1e3, 3), "ms")
        yield Figure(f"path_{runtime}", times(mine, bare), "x", "the same pack in process")


def _seconds(client: Packsys, pack: str, number: int) -> float:
    begun = time.perf_counter()
    value = client.run(f"{pack}::Add({number}, 1)")  # another number each time, so that nothing is kept
    assert value == number + 1, value
    return time.perf_counter() - begun
