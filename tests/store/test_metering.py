"""Figures of PostgreSQL: true, and read without walking through a table."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from packsys.errors import NotReady
from packsys.metrics.declared import METRICS
from packsys.model import JobState
from packsys.store.database import Database, open_database
from packsys.store.metering import NAMES, QUERIES, PostgresMeter
from tests.ports.house import House, in_postgres
from tests.ports.samples import call, job
from tests.ports.synchouse import syncs_in_postgres


@pytest.fixture
def house(database: Database) -> House:
    """Gives the real stores."""
    return in_postgres(database)


def figures(database: Database, *, most: int = 100_000) -> dict[tuple[str, ...], float]:
    return {(series.metric, *series.labels): value for series, value in PostgresMeter(database, most=most).read()}


def test_an_empty_database_says_nothing_is_late(database: Database) -> None:
    assert figures(database) == {
        ("packsys_jobs_open_oldest_seconds",): 0,
        ("packsys_jobs_overdue_seconds",): 0,
        ("packsys_steps_open",): 0,
        ("packsys_deliveries_open", "pending"): 0,
        ("packsys_deliveries_open", "dead"): 0,
        ("packsys_deliveries_overdue_seconds",): 0,
        ("packsys_sync_runs_overdue_seconds",): 0,
        ("packsys_schedule_lag_seconds",): 0,
    }


def test_what_is_open_is_counted_and_what_has_ended_is_not(database: Database, house: House) -> None:
    for _ in range(3):
        house.steps.add(house.jobs.accept(job()).id, [call("Repos"), call("User")])
    ended = house.jobs.accept(job())
    house.jobs.finish(ended.id, 1)
    house.jobs.cancel(house.jobs.accept(job()).id)
    house.wait(40)
    found = figures(database)
    assert found["packsys_jobs_open", "running", "interactive"] == 3
    assert ("packsys_jobs_open", JobState.DONE, "interactive") not in found
    assert found["packsys_steps_open",] == 6
    assert 40 <= found["packsys_jobs_open_oldest_seconds",] < 60
    assert found["packsys_jobs_overdue_seconds",] == 0
    house.wait(60)
    assert 40 <= figures(database)["packsys_jobs_overdue_seconds",] < 60


def test_messages_and_runs_that_wait_are_counted(database: Database, house: House) -> None:
    ended = house.jobs.accept(job(callback="https://caller.example/hook"))
    house.jobs.finish(ended.id, 1)
    syncs = syncs_in_postgres(database)
    syncs.start(syncs.table())
    house.wait(60)
    found = figures(database)
    assert found["packsys_deliveries_open", "pending"] == 1
    assert 60 <= found["packsys_deliveries_overdue_seconds",] < 90
    assert found["packsys_sync_runs_open", "queued"] == 1
    assert 60 <= found["packsys_sync_runs_overdue_seconds",] < 90


def test_counting_stops_somewhere(database: Database, house: House) -> None:
    for _ in range(5):
        house.jobs.accept(job())
    assert figures(database, most=2)["packsys_jobs_open", "accepted", "interactive"] == 2


def test_every_figure_is_declared_with_its_labels(database: Database, house: House) -> None:
    house.steps.add(house.jobs.accept(job()).id, [call("Repos")])
    for name, *labels in figures(database):
        assert len(METRICS[name].labels) == len(labels)


def test_what_has_ended_is_not_walked_through(database: Database) -> None:
    """However many jobs, messages and runs have ended."""
    with database.connect() as connection:
        for made in ENDED:
            connection.execute(text(made))
        connection.execute(text("analyze job, delivery, sync_run"))
        plans = [
            line
            for name in NAMES
            for (line,) in connection.exec_driver_sql(
                f"explain {QUERIES[name].compile(database.engine)}".replace("%(limit)s::INTEGER", "100000")
            )
        ]
    walked = [line.strip() for line in plans if "Seq Scan" in line]
    assert [line for line in walked if any(name in line for name in ("job", "delivery", "sync_run"))] == []


ENDED = (
    """insert into job (id, workspace, fingerprint, formula, tree, variables, asked_by, timezone, state, accepted_at,
                        deadline, finished_at, events, moved_at)
       select 'j' || n, 'w', '', '', '', '{}', '', 'UTC', 'done', now(), now(), now(), 1, now()
       from generate_series(1, 5000) n""",
    """insert into delivery (job, workspace, url, state, due_at)
       select 'j' || n, 'w', '', 'delivered', now() from generate_series(1, 5000) n""",
    """insert into sync_table (table_id, workspace, pack_id, pack_version, pack_table, name, parameters, dynamic_url,
                               timezone, paused, policy, guard, weight, lane, created_at)
       values ('t', 'w', 1, '1', 'T', 'T', '{}', '', 'UTC', false, 'additive', '{}', 1, 'w', now())""",
    """insert into sync_run (run_id, scope, mode, trigger, state, phase, queued_at, sent_at, finished_at)
       select 'r' || n, scope, 'full', 'manual', 'succeeded', 'finish', now(), now(), now()
       from sync_table, generate_series(1, 5000) n""",
)


def test_a_database_that_is_away_is_said_to_be() -> None:
    with pytest.raises(NotReady):
        PostgresMeter(open_database("postgresql://nobody@127.0.0.1:1/none")).read()
