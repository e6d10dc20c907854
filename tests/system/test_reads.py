"""How often a call goes to Redis: a count, which a busy machine does not change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.execution.engine import Stopwatch
from benchmarks.execution.ours import Ours
from benchmarks.execution.reads import JOBS, Counter, per_call
from benchmarks.execution.shapes import Shape
from packsys.bootstrap import wire
from packsys.cli.system import Plan, System
from packsys.store.schema import migrate
from tests.conftest import PROBE

pytestmark = pytest.mark.slow

MOST = 4.0


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Gives servers with one worker and nobody else, so that every read is the execution's."""
    plan = Plan(directory=tmp_path_factory.mktemp("quiet"), parts=("worker",), slots=2, packs=(PROBE,), durable=False)
    with System(plan) as started:
        migrate(started.settings.database_url)
        yield started


@pytest.mark.parametrize(("shape", "jobs"), JOBS.items(), ids=lambda value: getattr(value, "name", ""))
def test_a_call_that_is_joined_takes_few_reads_of_redis(quiet: System, shape: Shape, jobs: int) -> None:
    watch = Stopwatch(Ours(wire(quiet.settings)))
    watch.run(shape, 1)
    assert per_call(Counter(quiet.settings.state_url, quiet.settings.cache_url), watch, shape, jobs) <= MOST
