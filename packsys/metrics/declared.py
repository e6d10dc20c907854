"""Every metric, declared once: the collectors and ``docs/metrics.md`` are made from this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """Names how a metric behaves."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


class Source(StrEnum):
    """Names who knows a figure."""

    DATABASE = "database"
    STATE = "state"
    CACHE = "cache"
    SERVICE = "service"
    WORKER = "worker"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """Is one metric: what it counts, and which labels tell its lines apart."""

    name: str
    kind: Kind
    source: Source
    help: str
    labels: tuple[str, ...] = ()


def _metric(name: str, kind: Kind, source: Source, help: str, *labels: str) -> Metric:
    return Metric(name=name, kind=kind, source=source, help=help, labels=labels)


_GAUGE, _COUNTER, _HISTOGRAM = Kind.GAUGE, Kind.COUNTER, Kind.HISTOGRAM
_DATABASE, _STATE, _CACHE, _SERVICE, _WORKER = Source

SOURCE_UP = _metric("packsys_source_up", _GAUGE, _SERVICE, "Whether a server told its figures: 1, or 0.", "source")
REQUESTS = _metric(
    "packsys_request_seconds",
    _HISTOGRAM,
    _SERVICE,
    "Seconds from a request to the beginning of its answer.",
    "method",
    "route",
    "status",
)
EXECUTIONS = _metric(
    "pack_execution_total", _COUNTER, _WORKER, "Pack calls that were made.", "pack", "formula", "outcome"
)
EXECUTION_SECONDS = _metric(
    "pack_execution_duration_seconds", _HISTOGRAM, _WORKER, "Seconds of these calls.", "pack", "formula", "outcome"
)
API_CALL_SECONDS = _metric(
    "pack_api_call_duration_seconds", _HISTOGRAM, _WORKER, "Seconds of requests to services.", "pack", "status"
)
CALLS_RUNNING = _metric("packsys_calls_running", _GAUGE, _WORKER, "Pack calls that are being made.")
CLAIMS_LOST = _metric(
    "packsys_claims_lost_total",
    _COUNTER,
    _WORKER,
    "Claims on steps and on pages that were lost while somebody worked under them.",
)
HEARTBEATS_MISSED = _metric(
    "packsys_heartbeats_missed_total", _COUNTER, _WORKER, "Rounds in which no claim could be renewed."
)
JOBS = _metric("packsys_jobs_total", _COUNTER, _STATE, "Jobs that were accepted, and that ended, by how.", "state")
STEPS = _metric("packsys_steps_total", _COUNTER, _STATE, "Steps that got an outcome.", "outcome", "cached")
STEP_WAITS = _metric("packsys_step_waits_total", _COUNTER, _STATE, "Steps that were put off.", "cause")
STEP_WAIT_SECONDS = _metric(
    "packsys_step_wait_seconds_total", _COUNTER, _STATE, "Seconds for which steps were put off.", "cause"
)
RATE_LIMIT_WAITS = _metric(
    "packsys_rate_limit_waits_total", _COUNTER, _STATE, "Waits of requests for a permit, in their worker."
)
RATE_LIMIT_WAIT_SECONDS = _metric("packsys_rate_limit_wait_seconds_total", _COUNTER, _STATE, "Seconds of these waits.")
REPAIRS = _metric("packsys_repairs_total", _COUNTER, _STATE, "What the reconciler mended.", "cause")
SYNC_PAGES = _metric("packsys_sync_pages_total", _COUNTER, _STATE, "Attempts on pages of sync tables.", "outcome")
SYNC_ROWS = _metric("packsys_sync_rows_total", _COUNTER, _STATE, "Rows that came, and what became of them.", "fate")
SYNC_RUNS = _metric(
    "packsys_sync_runs_total", _COUNTER, _STATE, "Sync runs that a worker ended, or asks an approval for.", "state"
)
SYNC_WAITS = _metric(
    "packsys_sync_wait_seconds_total", _COUNTER, _STATE, "Seconds for which pages were parked.", "cause"
)
RESULTS = _metric("pack_cache_requests_total", _COUNTER, _CACHE, "Askings for results, by what helped.", "found")

_ALL = (
    _metric("packsys_jobs_open", _GAUGE, _DATABASE, "Jobs that have not ended.", "state", "priority"),
    _metric("packsys_jobs_open_oldest_seconds", _GAUGE, _DATABASE, "Seconds since the oldest open job was accepted."),
    _metric(
        "packsys_jobs_overdue_seconds",
        _GAUGE,
        _DATABASE,
        "Seconds since the deadline of the open job that should have ended longest ago: the reconciler ends it.",
    ),
    _metric("packsys_steps_open", _GAUGE, _DATABASE, "Steps of open jobs that have no outcome yet."),
    _metric("packsys_deliveries_open", _GAUGE, _DATABASE, "Messages to callbacks: waiting, or given up.", "state"),
    _metric(
        "packsys_deliveries_overdue_seconds", _GAUGE, _DATABASE, "Seconds for which the oldest message has been due."
    ),
    _metric("packsys_sync_runs_open", _GAUGE, _DATABASE, "Sync runs that have not ended.", "state"),
    _metric(
        "packsys_sync_runs_overdue_seconds", _GAUGE, _DATABASE, "Seconds for which the oldest due run was not taken."
    ),
    _metric("packsys_schedule_lag_seconds", _GAUGE, _DATABASE, "Seconds for which the oldest due slot was not sent."),
    _metric("packsys_queue_messages", _GAUGE, _STATE, "Messages that no worker has taken.", "queue", "place"),
    _metric("packsys_queue_lanes", _GAUGE, _STATE, "Workspaces whose messages wait for room in a queue.", "queue"),
    _metric("packsys_server_memory_bytes", _GAUGE, _STATE, "Memory that a server uses.", "server"),
    _metric("packsys_server_memory_limit_bytes", _GAUGE, _STATE, "Memory that it may use; 0 is no limit.", "server"),
    _metric(
        "packsys_server_evicted_keys_total", _COUNTER, _STATE, "Keys that it dropped for want of memory.", "server"
    ),
    JOBS,
    STEPS,
    STEP_WAITS,
    STEP_WAIT_SECONDS,
    RATE_LIMIT_WAITS,
    RATE_LIMIT_WAIT_SECONDS,
    REPAIRS,
    SYNC_PAGES,
    SYNC_ROWS,
    SYNC_RUNS,
    SYNC_WAITS,
    RESULTS,
    SOURCE_UP,
    REQUESTS,
    EXECUTIONS,
    EXECUTION_SECONDS,
    API_CALL_SECONDS,
    CALLS_RUNNING,
    CLAIMS_LOST,
    HEARTBEATS_MISSED,
)

METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _ALL})
"""Every metric by its name, in the order of the page."""
