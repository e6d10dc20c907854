"""Measures what the walls around Python packs cost, beside the bare function in this process.

Rounds of both are interleaved, so that the machine's noise meets them alike. The targets are those of
``docs/sandbox.md``: a warm call 100 µs, a fresh session 10 ms, a request to the host 100 µs, and 1,000 rows 10 ms,
all above the bare function; an idle session 25 MB.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import Figure
from packsys import ports, sdk
from packsys.catalog.result import adapt
from packsys.language.invocation import Invocation
from packsys.language.signature import Signature
from packsys.model import PackFormula
from packsys.sandbox.loading import load_pack
from packsys.sandbox.python import PythonSandbox
from packsys.sdk.calling import call as call_function

PACK = Path(__file__).parent / "packs" / "bench.py"
_LOG = logging.getLogger("packsys.pack.Bench")
ROUNDS = 300
FEW = 60
PAUSE = 0.02  # seconds


class Echo:
    """Is the host's fetcher, and answers at once."""

    def fetch(self, request: ports.Request) -> ports.Response:
        """Gives an empty answer."""
        return ports.Response(status=200, headers={}, body=b"{}")


class Near:
    """Is the same for a function that is called without walls."""

    def fetch(self, request: sdk.Request) -> sdk.Response:
        """Gives an empty answer."""
        return sdk.Response(status=200, headers={}, body=b"{}")


class Bare:
    """Calls the function and fits its result, with nothing in between."""

    def __init__(self, pack: sdk.Pack) -> None:
        """Takes the pack, loaded in this process."""
        self._pack = pack

    def __call__(self, formula: str, **arguments: Any) -> object:
        """Gives the value."""
        declared = self._pack.formulas[formula]
        context = sdk.Context(
            fetcher=Near(),
            invocation=sdk.Invocation(pack=self._pack.name, version=self._pack.version, formula=formula),
            logger=_LOG,
        )
        return adapt(call_function(declared, context, arguments), declared.result)


class Walled:
    """Makes the same calls behind the walls."""

    def __init__(self, runner: PythonSandbox) -> None:
        """Takes the sandbox."""
        self._runner = runner

    def __call__(self, formula: str, **arguments: Any) -> object:
        """Gives the value."""
        return self._runner.run(_call(formula, arguments))


def run() -> Iterator[Figure]:
    """Measures a warm call, a fresh session, a request, 1,000 rows, the start, and the memory of an idle session."""
    files, bare = {"pack.py": PACK.read_bytes()}, Bare(load_pack(PACK))
    for name, warm in (("warm", True), ("fresh", False)):
        with PythonSandbox(lambda pack_id, version: files, warm=partial(_always, warm)) as runner:
            yield Figure(f"{name}_start", _seconds(runner.start) * 1e3, "ms")
            walled = Walled(runner)
            walled("Add", a=1, b=2)
            yield from _beside(f"{name}_call", walled, bare, FEW if name == "fresh" else ROUNDS, a=1, b=2)
            if not warm:
                yield Figure("fresh_call_after_pause", _with_pauses(walled), "µs")
            else:
                yield from _requests(walled, bare)
                yield from _rows(walled, bare)
                yield from _memory()


def _always(answer: bool, pack_id: int, version: str) -> bool:
    return answer


def _beside(name: str, walled: Walled, bare: Bare, rounds: int, **arguments: Any) -> Iterator[Figure]:
    mine, theirs = _pairs(lambda: walled("Add", **arguments), lambda: bare("Add", **arguments), rounds)
    yield Figure(f"{name}", round(median(mine) * 1e6, 1), "µs")
    yield Figure(f"{name}_bare", round(median(theirs) * 1e6, 1), "µs")
    yield Figure(f"{name}_overhead", round((median(mine) - median(theirs)) * 1e6, 1), "µs")


def _with_pauses(walled: Walled) -> float:
    """Measures fresh calls that do not follow each other at once, so that the spare session is there in time."""
    taken = []
    for _ in range(FEW):
        time.sleep(PAUSE)
        taken.append(_seconds(lambda: walled("Add", a=1, b=2)))
    return round(median(taken) * 1e6, 1)


def _requests(walled: Walled, bare: Bare) -> Iterator[Figure]:
    some = 50
    with_some, none = _pairs(lambda: walled("Ask", times=some), lambda: walled("Ask", times=0), FEW)
    in_process, _ = _pairs(lambda: bare("Ask", times=some), lambda: bare("Ask", times=0), FEW)
    yield Figure("fetch_round_trip", round((median(with_some) - median(none)) / some * 1e6, 1), "µs")
    yield Figure("fetch_bare", round(median(in_process) / some * 1e6, 1), "µs")


def _rows(walled: Walled, bare: Bare) -> Iterator[Figure]:
    mine, theirs = _pairs(lambda: walled("Rows", count=1_000), lambda: bare("Rows", count=1_000), FEW)
    yield Figure("rows_1000", round(median(mine) * 1e3, 2), "ms")
    yield Figure("rows_1000_bare", round(median(theirs) * 1e3, 2), "ms")
    yield Figure("rows_1000_overhead", round((median(mine) - median(theirs)) * 1e3, 2), "ms")


def _memory() -> Iterator[Figure]:
    """Adds up the proportional set size of the sandbox's processes, where this user may read it."""
    sizes = [size for pid in _below(os.getpid()) if (size := _pss(pid))]
    if sizes:
        yield Figure("idle_session_pss", round(sizes[-1] / 1024, 1), "MB")
        yield Figure("sandbox_pss", round(sum(sizes) / 1024, 1), "MB")


def _below(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    return [each for child in map(int, text.split()) for each in (child, *_below(child))]


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _pairs(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> tuple[list[float], list[float]]:
    assert _seconds(ours) > 0
    pairs = [(_seconds(ours), _seconds(theirs)) for _ in range(rounds)]
    return [mine for mine, _ in pairs], [their for _, their in pairs]


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _call(formula: str, arguments: Mapping[str, Any]) -> ports.Call:
    return ports.Call(
        formula=PackFormula(signature=Signature(pack_id=9300, pack="Bench", version="1.0.0", name=formula)),
        invocation=Invocation(
            key="0" * 32, pack_id=9300, pack="Bench", version="1.0.0", formula=formula, account=None,
            arguments=arguments,
        ),
        world=ports.World(
            fetcher=Echo(),
            timeout=30.0,
            timezone="UTC",
            idempotency_key="job:step",
        ),
    )  # fmt: skip
