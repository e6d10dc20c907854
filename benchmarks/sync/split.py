"""Splits what a page costs into its parts, by a worker in this process whose ports are timed."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from statistics import mean
from typing import Any

from benchmarks.figures import Figure, progress
from benchmarks.sync.house import ACCOUNT, PACK_ID, House
from packsys.adapters import Adapters, permits
from packsys.bootstrap import wire
from packsys.limits.policy import Rate
from packsys.model import PackVersion
from packsys.ports import Response
from packsys.syncmodel import Mode, SyncRun, SyncTable

PERMITS = 300
LIMITS = (Rate(limit=100_000, window=1.0),)
_NUMBERS = count(1)


@dataclass(frozen=True)
class Watched:
    """Is a port whose calls are timed, in seconds by method."""

    port: Any
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Gives a method that notes how long it takes."""
        method = getattr(self.port, name)

        def timed(*args: Any, **terms: Any) -> Any:
            begun = time.perf_counter()
            try:
                return method(*args, **terms)
            finally:
                self.seconds[name].append(time.perf_counter() - begun)

        return timed


@dataclass
class Bells:
    """Hears the ringing of a run, and rings for real as well."""

    heard: list[SyncRun] = field(default_factory=list)

    def page(self, run: SyncRun) -> None:
        """Hears."""
        self.heard.append(run)

    finish = page


def split(house: House, *, size: int) -> Iterator[Figure]:
    """Gives milliseconds of a page for claim, permit, execute, check, apply and ring; nothing changes in it."""
    progress(f"pages of {size}, by part")
    watched: list[Watched] = []

    def around(adapters: Adapters) -> Adapters:
        watched.append(Watched(adapters.syncs.work))
        return replace(adapters, syncs=replace(adapters.syncs, work=watched[0]))

    services = wire(house.system.settings, around=around)
    bells = Bells()
    serve = replace(services.syncs.serve, dispatcher=bells, slice=0.0)
    table = services.syncs.tables.add(
        SyncTable(
            id=f"split-{next(_NUMBERS)}", workspace="default", pack_id=PACK_ID, table="Rows", account=ACCOUNT,
            parameters={"size": size, "delay": 0},
        )
    )  # fmt: skip
    start = replace(services.syncs.start, dispatcher=bells)
    _served(serve, bells, start(table.id, mode=Mode.FULL))
    watched[0].seconds.clear()
    run = _served(serve, bells, start(table.id, mode=Mode.FULL))
    assert services.syncs.runs.get(run.id).state.final
    pages = services.syncs.runs.pages(run.id, limit=10**6)
    yield from _parts(size, watched[0].seconds, [each.timings for each in pages])
    yield Figure(f"page_{size}_permit", round(_permit(house) * 1e3, 3), "ms")
    yield Figure(f"page_{size}_ring", round(_ring(services, run) * 1e3, 3), "ms")


def _served(serve: Callable[[str, int], None], bells: Bells, run: SyncRun) -> SyncRun:
    while bells.heard:
        rung = bells.heard.pop()
        serve(rung.id, rung.page)
    return run


def _parts(size: int, seconds: Any, timings: Any) -> Iterator[Figure]:
    for name in ("claim", "apply"):
        yield Figure(f"page_{size}_{name}", round(mean(seconds[name]) * 1e3, 3), "ms")
    for name, said in (("execute", "fetch"), ("check", "check")):
        yield Figure(f"page_{size}_{name}", round(mean(each[said] for each in timings) * 1e3, 3), "ms")


def _permit(house: House) -> float:
    pack = PackVersion(
        id=PACK_ID, name="Rows", version="1.0.0", description="", domains=(), formulas={}, rate_limits=LIMITS
    )
    gates, answer = permits(house.system.settings), Response(status=200, headers={}, body=b"")
    begun = time.perf_counter()
    for _ in range(PERMITS):
        gates.gate(pack, None, workspace="default").carry(lambda _: answer, method="GET", path="/", timeout=10.0)
    return (time.perf_counter() - begun) / PERMITS


def _ring(services: Any, run: SyncRun) -> float:
    begun = time.perf_counter()
    for _ in range(PERMITS):
        services.syncs.start.dispatcher.page(run)  # of a run that has ended: a worker finds nothing to do
    return (time.perf_counter() - begun) / PERMITS
