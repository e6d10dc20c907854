"""Reads what the database kept of one run: the only place of the suite that knows its tables."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

from packsys.values import ErrorValue, from_json
from tests.chaos.history import FINAL, EventRow, JobRow, StepRow

JOBS = """
select id, idempotency_key as label, state, outcome, extract(epoch from accepted_at)::float8 as accepted_at,
       extract(epoch from deadline)::float8 as deadline, extract(epoch from finished_at)::float8 as finished_at
from job where starts_with(idempotency_key, %s)
"""
STEPS = """
select step.job, step.key, step.number, step.state, step.attempt, step.outcome,
       extract(epoch from step.started_at)::float8 as started_at
from step join job on job.id = step.job where starts_with(job.idempotency_key, %s)
order by step.job, step.number
"""
EVENTS = """
select event.job, event.number, extract(epoch from event.at)::float8 as at, event.kind, event.step, event.detail
from event join job on job.id = event.job where starts_with(job.idempotency_key, %s)
order by event.job, event.number
"""
COUNTS = """
select job.id, job.finished_at is null as live, job.steps, job.open, job.events, found.steps as found_steps,
       found.open as found_open, told.events as found_events
from job
cross join lateral (select count(*) as steps, count(*) filter (where step.finished_at is null) as open
                    from step where step.job = job.id) found
cross join lateral (select count(*) as events from event where event.job = job.id) told
where starts_with(job.idempotency_key, %s)
  and (job.steps <> found.steps or job.events <> told.events
       or job.finished_at is null and job.open <> found.open)
"""
STANDING = """
select job.id, job.idempotency_key as label, job.state, job.open, job.look_at, job.waves, job.sends, job.events,
       extract(epoch from now() - last.at)::float8 as silent, extract(epoch from job.deadline - now())::float8 as left,
       extract(epoch from now() - job.moved_at)::float8 as moved,
       (select json_agg(json_build_object(
            'number', number, 'state', state, 'attempt', attempt, 'parked', parked, 'worker', worker, 'sends', sends,
            'sent', extract(epoch from now() - sent_at), 'lease', extract(epoch from lease_until - now()),
            'due', extract(epoch from now() - not_before)) order by number)
        from step where step.job = job.id and step.finished_at is null) as steps,
       (select json_agg(json_build_array(number, kind, detail, to_char(at, 'HH24:MI:SS.MS')) order by number)
        from event where event.job = job.id and event.number > job.events - 8) as told
from job join event last on last.job = job.id and last.number = job.events
where job.finished_at is null and starts_with(job.idempotency_key, %(begin)s)
  and last.at < now() - make_interval(secs => %(seconds)s)
  and not exists (select from step where step.job = job.id and step.finished_at is null and step.not_before > now())
"""
CONNECTIONS = """
select pid, application_name as name, state, wait_event_type || ' ' || wait_event as waits,
       pg_blocking_pids(pid)::text as behind, extract(epoch from now() - xact_start)::float8 as seconds,
       left(query, 150) as query
from pg_stat_activity
where backend_type = 'client backend' and state <> 'idle' and pid <> pg_backend_pid()
"""
OPEN = "select count(*) as open from job where finished_at is null and starts_with(idempotency_key, %s)"


class Rows:
    """Is one connection to the database of a house; what it reads is of the jobs whose keys begin with ``run``."""

    def __init__(self, database_url: str, run: str) -> None:
        self._connection = psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True, row_factory=dict_row)
        self._begin = f"{run}-"

    def close(self) -> None:
        self._connection.close()

    def jobs(self) -> Sequence[JobRow]:
        """Lists the jobs."""
        return [JobRow(**_read(row)) for row in self._all(JOBS)]

    def steps(self) -> Sequence[StepRow]:
        """Lists their steps."""
        return [StepRow(**_read(row)) for row in self._all(STEPS)]

    def events(self) -> Mapping[str, Sequence[EventRow]]:
        """Lists their events, in their order."""
        found = defaultdict(list)
        for row in self._all(EVENTS):
            found[row["job"]].append(EventRow(**{**row, "detail": from_json(json.loads(row["detail"] or "{}"))}))
        return dict(found)

    def miscounted(self) -> Sequence[str]:
        """Lists the jobs that count other steps or events than they have, as one moment has them."""
        return [
            f"{row['id']}: {name} is {row[name]}, and there are {row[f'found_{name}']}"
            for row in self._all(COUNTS)
            for name in ("steps", "open", "events")
            if row[name] != row[f"found_{name}"] and (row["live"] or name != "open")
        ]

    def open(self) -> int:
        """Counts the jobs that have not ended."""
        return int(self._all(OPEN)[0]["open"])

    def standing(self, seconds: float) -> Sequence[dict[str, Any]]:
        """Lists live jobs that have told nothing for so long, and wait for no time to come, with their open steps."""
        return self._connection.execute(STANDING, {"begin": self._begin, "seconds": seconds}).fetchall()

    def connections(self) -> Sequence[dict[str, Any]]:
        """Lists what the connections of the house are doing."""
        return self._connection.execute(CONNECTIONS).fetchall()

    def _all(self, asked: str) -> list[dict[str, Any]]:
        return self._connection.execute(asked, (self._begin,)).fetchall()


def _read(row: dict[str, Any]) -> dict[str, Any]:
    kept = row.pop("outcome")
    value = None if kept is None or row["state"] not in FINAL else from_json(json.loads(kept))
    failed = isinstance(value, ErrorValue)
    return {**row, "value": None if failed else value, "code": value.code if isinstance(value, ErrorValue) else ""}
