"""Measures a job that is answered from the cache over HTTP, beside a bare route that makes one Redis round trip.

Both are one uvicorn process; one client asks both in turns, over connections that stay open.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from benchmarks.execution.bare import KEY, VALUE
from benchmarks.execution.goals import AT_LEAST, AT_MOST
from benchmarks.execution.house import PROBE
from benchmarks.execution.keepalive import Question, ask
from benchmarks.figures import Figure, percentile, progress, times
from packsys.cli.system import Plan, System
from packsys.embedded.process import Program, spawn
from packsys.kvstore.address import connect, translated

FORMULA = "Probe::Remember(41)"
AT_ONCE = 16
SECONDS = 2.0
"""How long a turn is."""

BESIDE = "bare"


def measured(rounds: int) -> Iterator[Figure]:
    """Measures the latency of one client, and the answers a second to sixteen connections."""
    with TemporaryDirectory(prefix="packsys-bench-") as name:
        plan = Plan(directory=Path(name), parts=("service", "worker"), slots=2, packs=(PROBE,))
        with System(plan) as system, _bare(system, Path(name)) as theirs:
            ours = _ours(system)
            _filled(ours)
            ask(theirs, seconds=1.0)
            yield from _latency(ours, theirs)
            yield from _rate(ours, theirs, rounds)


def _ours(system: System) -> Question:
    url = urlsplit(system.url)
    headers = {"Authorization": f"Bearer {system.key}"}
    return Question(str(url.hostname), url.port or 80, "/v1/jobs", {"formula": FORMULA, "wait": 30}, headers)


@contextmanager
def _bare(system: System, folder: Path) -> Iterator[Question]:
    url = system.settings.cache_url
    connect(url, timeout=5.0).set(KEY, VALUE)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        file = listening.fileno()
        process = spawn(
            Program(
                name="bare",
                command=(sys.executable, "-m", "benchmarks.execution.bare", translated(url), str(file)),
                log=folder / "bare.log",
                farewell=signal.SIGTERM,
                environment=dict(os.environ),
                files=(file,),
            )
        )
        try:
            yield Question("127.0.0.1", listening.getsockname()[1], "/", {"formula": FORMULA, "wait": 30})
        finally:
            process.say_farewell()
            process.end(grace=5.0)


def _filled(question: Question) -> None:
    job = json.loads(ask(question, seconds=1.0).last)
    assert (job["state"], job["value"]) == ("done", 41), job


def _latency(ours: Question, theirs: Question) -> Iterator[Figure]:
    progress("answers from the cache, one at a time")
    mine, their = ask(ours, seconds=SECONDS).seconds, ask(theirs, seconds=SECONDS).seconds
    yield Figure("cached_p50", round(percentile(mine, 0.5) * 1e3, 2), "ms", at_most=AT_MOST["cached_p50"])
    yield Figure("cached_p95", round(percentile(mine, 0.95) * 1e3, 2), "ms")
    yield Figure("cached_p50_bare", round(percentile(their, 0.5) * 1e3, 2), "ms")


def _rate(ours: Question, theirs: Question, rounds: int) -> Iterator[Figure]:
    mine, their = [], []
    for number in range(rounds):
        progress(f"answers from the cache, {AT_ONCE} at once, round {number + 1} of {rounds}")
        mine.append(ask(ours, seconds=SECONDS, connections=AT_ONCE).rate)
        their.append(ask(theirs, seconds=SECONDS, connections=AT_ONCE).rate)
    yield Figure("cached_rate_packsys", round(sorted(mine)[rounds // 2], 1), "answers/s")
    yield Figure("cached_rate_bare", round(sorted(their)[rounds // 2], 1), "answers/s")
    yield Figure(
        "cached_rate", times([1 / each for each in mine], [1 / each for each in their]), "x", BESIDE,
        at_least=AT_LEAST["cached_rate", BESIDE],
    )  # fmt: skip
