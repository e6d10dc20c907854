"""What Prometheus is told."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from prometheus_client.parser import text_string_to_metric_families

from packs.github.pack import pack as github
from packsys.catalog.manifest import describe, release
from packsys.errors import CallTimeout, HouseError, NotReady, WrongSetUp
from packsys.language.invocation import Invocation
from packsys.memory import MemoryCounters
from packsys.memory.egress import ClosedFetcher
from packsys.metrics.declared import JOBS, Kind
from packsys.metrics.door import TRIES, open_door
from packsys.metrics.exposition import Exposition, SystemCollector
from packsys.metrics.histogram import MOST
from packsys.metrics.process import ProcessFigures
from packsys.metrics.runner import TimedRunner
from packsys.ports import Call, Inquiry, Sample, Series, World
from packsys.settings import Settings
from packsys.values import Value
from tests.metrics.reading import figures


class Away:
    """Is a server that does not answer."""

    def read(self) -> Sequence[Sample]:
        raise NotReady


class Turns:
    """Counts how often it was read."""

    def __init__(self) -> None:
        self.read_times = 0

    def read(self) -> Sequence[Sample]:
        self.read_times += 1
        return [Sample(Series("packsys_schedule_lag_seconds"), float(self.read_times))]


def test_what_a_server_that_is_away_would_know_is_left_out() -> None:
    counters = MemoryCounters()
    counters.add({Series(JOBS.name, ("done",)): 3})
    told = figures(Exposition(meters={"state": [counters], "database": [Turns(), Away()]})())
    assert told["packsys_source_up", "state"] == 1
    assert told["packsys_source_up", "database"] == 0
    assert told["packsys_jobs_total", "done"] == 3
    assert ("packsys_schedule_lag_seconds",) not in told


def test_servers_are_read_once_in_a_while_however_many_ask() -> None:
    meter, time = Turns(), [0.0]
    collector = SystemCollector({"database": [meter]}, fresh=5, clock=lambda: time[0])
    for time[0] in (0.0, 1.0, 4.9):
        list(collector.collect())
    assert meter.read_times == 1
    time[0] = 5.0
    list(collector.collect())
    assert meter.read_times == 2


def test_what_is_not_declared_is_not_told() -> None:
    counters = MemoryCounters()
    counters.add({Series("packsys_secrets", ("hunter2",)): 1, Series(JOBS.name, ("too", "many")): 1})
    told = Exposition(meters={"state": [counters]})()
    assert b"hunter2" not in told
    assert b"too" not in told


def test_a_histogram_has_a_bounded_number_of_lines() -> None:
    kept = ProcessFigures()
    for number in range(MOST + 5):
        kept.executed("Pack", f"F{number}", "done", 0.1)
    told = figures(Exposition(kept)())
    names = {labels[0] for name, *labels in told if name == "pack_execution_total"}
    assert len(names) == MOST + 1
    assert told["pack_execution_total", "other", "other", "other"] == 5


class Faulty:
    """Is a runner whose calls take no time: the second fails, and the third shows a mistake of ours."""

    def __init__(self) -> None:
        self.errors: list[Exception | None] = [ZeroDivisionError(), CallTimeout(), None]

    def run(self, call: Call) -> Value:
        if error := self.errors.pop():
            raise error
        return 1

    def ask(self, inquiry: Inquiry) -> object:
        return None


def test_calls_are_timed_by_formula_and_outcome() -> None:
    kept, ticks = ProcessFigures(), iter([0.0, 0.3, 1.0, 8.0, 8.0, 8.5])
    runner = TimedRunner(runner=Faulty(), figures=kept, clock=lambda: next(ticks))
    call = Call(
        formula=release(describe(github)).formulas["Repo"],
        invocation=Invocation(
            key="0", pack_id=1, pack="GitHub", version="1.0.0", formula="Repo", account="the-account", arguments={}
        ),
        world=World(fetcher=ClosedFetcher("A test"), timeout=1),
    )
    runner.run(call)
    with pytest.raises(CallTimeout):
        runner.run(call)
    with pytest.raises(ZeroDivisionError):
        runner.run(call)
    text = Exposition(kept)()
    told = figures(text)
    assert told["pack_execution_total", "Repo", "done", "GitHub"] == 1
    assert told["pack_execution_total", "Repo", CallTimeout.code, "GitHub"] == 1
    assert told["pack_execution_total", "Repo", HouseError.code, "GitHub"] == 1
    assert told["pack_execution_duration_seconds_sum", "Repo", CallTimeout.code, "GitHub"] == 7
    assert b"the-account" not in text


def test_processes_of_a_machine_take_one_port_each() -> None:
    first = open_door(ProcessFigures(), "127.0.0.1:0")
    second = open_door(ProcessFigures(), f"127.0.0.1:{first}")
    assert first < second < first + TRIES


def test_an_address_of_nobody_is_refused() -> None:
    with pytest.raises(WrongSetUp, match="nothing can be opened"):
        open_door(ProcessFigures(), "192.0.2.1:9100")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PACKSYS_METRICS_TOKEN", "short"),
        ("PACKSYS_METRICS_TOKEN", "a token with blanks in it"),
        ("PACKSYS_METRICS_ADDRESS", "9100"),
        ("PACKSYS_METRICS_ADDRESS", "127.0.0.1:99999"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(name: str, value: str) -> None:
    servers = dict.fromkeys(("PACKSYS_DATABASE_URL", "PACKSYS_STATE_URL", "PACKSYS_CACHE_URL"), "x")
    with pytest.raises(WrongSetUp, match=name) as refused:
        Settings.from_environ({**servers, name: value})
    assert name.endswith("ADDRESS") or value not in refused.value.message


def test_the_token_is_in_no_repr() -> None:
    servers = Settings(database_url="", state_url="", cache_url="", metrics_token="hunter2hunter2hunter2")
    assert "hunter2" not in repr(servers)
    assert "hunter2" not in repr(Exposition(token="hunter2hunter2hunter2"))


def test_kinds_are_those_of_prometheus() -> None:
    counters = MemoryCounters()
    counters.add({Series(JOBS.name, ("done",)): 1})
    families = {
        each.name: each for each in text_string_to_metric_families(Exposition(meters={"state": [counters]})().decode())
    }
    assert families["packsys_jobs"].type == Kind.COUNTER
    assert families["packsys_source_up"].type == Kind.GAUGE
