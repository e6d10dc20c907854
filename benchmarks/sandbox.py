"""Measures what the walls around packs cost, beside the bare function: in this process, or in an isolate of it.

Rounds of both are interleaved, so that the machine's noise meets them alike. The targets are those of
``docs/sandbox.md``, all above the bare function: a warm call 100 µs in Python and 3 ms in JavaScript, a fresh session
10 ms (JavaScript 100 ms, and 10 ms from the pool), a request to the host 100 µs, a page of 1,000 rows 10 ms; an idle
session 25 MB, and one of V8 40 MB.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Protocol

from benchmarks.bare import PACKS, PAGE, BareJavaScript, BarePython, Mirror
from benchmarks.figures import Figure
from packsys import ports
from packsys.language.invocation import Invocation
from packsys.language.signature import Parameter, Signature
from packsys.model import PackFormula
from packsys.sandbox.javascript.runner import JavaScriptSandbox
from packsys.sandbox.limits import Limits
from packsys.sandbox.python import PythonSandbox

ROUNDS = 300
FEW = 60
PAUSE = 0.05  # seconds
PACK_ID = 9300


class Echo:
    """Is the host's fetcher, and answers at once."""

    def fetch(self, request: ports.Request) -> ports.Response:
        """Gives an empty answer."""
        return ports.Response(status=200, headers={"content-type": "application/json"}, body=b"{}")


class Functions(Protocol):
    """Calls the functions of the benchmark's pack."""

    def call(self, formula: str, **arguments: Any) -> object:
        """Gives the value of a formula."""

    def page(self) -> object:
        """Gives a page of a table with a thousand rows."""


class Sandbox(ports.PackRunner, Protocol):
    """Is a sandbox of either runtime."""

    def start(self) -> object:
        """Builds the walls."""

    def close(self) -> None:
        """Ends every process."""


@dataclass(frozen=True)
class Walled:
    """Makes the same calls behind the walls."""

    runner: ports.PackRunner

    def call(self, formula: str, **arguments: Any) -> object:
        """Gives the value of a formula."""
        return self.runner.run(_call(formula, arguments))

    def page(self) -> object:
        """Gives a page of a table with a thousand rows."""
        return self.runner.ask(ports.Inquiry(pack_id=PACK_ID, version="1.0.0", target=PAGE, world=_world()))


@dataclass(frozen=True)
class Runtime:
    """Is one of the two: its sandbox, by whether sessions are warm and how many wait, and the bare function."""

    name: str
    sandbox: Callable[[bool, int], Sandbox]
    bare: Functions


def run() -> Iterator[Figure]:
    """Measures both runtimes: a warm call, a request, rows, fresh sessions with and without a pool, and memory."""
    for runtime in (Runtime("python", _python, BarePython()), Runtime("javascript", _javascript, BareJavaScript())):
        yield from _warm(runtime)
        yield from _fresh(runtime)


def _python(warm: bool, spare: int) -> Sandbox:
    files = {"pack.py": (PACKS / "bench.py").read_bytes()}
    return PythonSandbox(lambda pack_id, version: files, warm=lambda pack_id, version: warm, limits=Limits(spare=spare))


def _javascript(warm: bool, spare: int) -> Sandbox:
    files = {"bundle.js": (PACKS / "bench.js").read_bytes()}
    return JavaScriptSandbox(lambda pack_id, version: files, warm=[PACK_ID] if warm else [], spare=spare)


def _warm(runtime: Runtime) -> Iterator[Figure]:
    bare = runtime.bare
    with closing(runtime.sandbox(True, 1)) as runner:
        yield Figure(f"{runtime.name}_start", round(_seconds(runner.start) * 1e3, 1), "ms")
        walled = Walled(runner)
        mine, theirs = _pairs(lambda: walled.call("Add", a=1, b=2), lambda: bare.call("Add", a=1, b=2), ROUNDS)
        yield from _beside(f"{runtime.name}_warm_call", mine, theirs, 1e6, "µs")
        yield from _requests(runtime.name, walled, bare)
        mine, theirs = _pairs(walled.page, bare.page, FEW)
        yield from _beside(f"{runtime.name}_page_of_1000", mine, theirs, 1e3, "ms")


def _fresh(runtime: Runtime) -> Iterator[Figure]:
    with closing(runtime.sandbox(False, 1)) as runner:
        walled = Walled(runner)
        yield Figure(f"{runtime.name}_fresh_call", _after_pauses(walled, 0.0), "ms")
        yield Figure(f"{runtime.name}_fresh_call_from_the_pool", _after_pauses(walled, PAUSE), "ms")
        time.sleep(PAUSE)
        yield from _memory(runtime.name)
    with closing(runtime.sandbox(False, 0)) as runner:
        yield Figure(f"{runtime.name}_fresh_call_without_pool", _after_pauses(Walled(runner), PAUSE), "ms")


def _beside(name: str, mine: list[float], theirs: list[float], scale: float, unit: str) -> Iterator[Figure]:
    yield Figure(name, round(median(mine) * scale, 2), unit)
    yield Figure(f"{name}_bare", round(median(theirs) * scale, 2), unit)
    yield Figure(f"{name}_overhead", round((median(mine) - median(theirs)) * scale, 2), unit)


def _after_pauses(walled: Walled, pause: float) -> float:
    """Measures fresh calls in milliseconds; with pauses between them, the next session is there in time."""
    walled.call("Add", a=1, b=2)
    taken = []
    for _ in range(FEW):
        time.sleep(pause)
        taken.append(_seconds(lambda: walled.call("Add", a=1, b=2)))
    return round(median(taken) * 1e3, 2)


def _requests(name: str, walled: Walled, bare: Functions) -> Iterator[Figure]:
    some = 50
    with closing(Mirror()) as mirror:
        with_some, plain = _pairs(lambda: walled.call("Ask", times=some), lambda: mirror.ask(some), FEW)
        none, in_process = _pairs(lambda: walled.call("Ask", times=0), lambda: bare.call("Ask", times=some), FEW)
    mine, least = (median(with_some) - median(none)) / some, median(plain) / some
    yield Figure(f"{name}_fetch_round_trip", round(mine * 1e6, 1), "µs")
    yield Figure(f"{name}_fetch_bare", round(median(in_process) / some * 1e6, 1), "µs")
    yield Figure(f"{name}_echo_round_trip", round(least * 1e6, 1), "µs")


def _memory(name: str) -> Iterator[Figure]:
    """Adds up the proportional set size of the sandbox's processes, where this user may read it."""
    sizes = [size for pid in _below(os.getpid()) if (size := _pss(pid))]
    if sizes:
        yield Figure(f"{name}_idle_session_pss", round(sizes[-1] / 1024, 1), "MB")
        yield Figure(f"{name}_sandbox_pss", round(sum(sizes) / 1024, 1), "MB")


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
    parameters = tuple(Parameter(name=name) for name in arguments)
    signature = Signature(pack_id=PACK_ID, pack="Bench", version="1.0.0", name=formula, parameters=parameters)
    return ports.Call(
        formula=PackFormula(signature=signature),
        invocation=Invocation(
            key="0" * 32, pack_id=PACK_ID, pack="Bench", version="1.0.0", formula=formula, account=None,
            arguments=arguments,
        ),
        world=_world(),
    )  # fmt: skip


def _world() -> ports.World:
    return ports.World(fetcher=Echo(), timeout=30.0, idempotency_key="job:step")
