"""Figures that only this process knows: how long its own work takes, and what it lost."""

from __future__ import annotations

from threading import Lock

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector

from packsys.metrics.declared import (
    API_CALL_SECONDS,
    CALLS_RUNNING,
    CLAIMS_LOST,
    EXECUTION_SECONDS,
    EXECUTIONS,
    HEARTBEATS_MISSED,
    REQUESTS,
)
from packsys.metrics.histogram import Histogram


class ProcessFigures:
    """Keeps the figures of this process in a registry of its own; its methods are called in the middle of the work."""

    def __init__(self) -> None:
        """Begins at 0."""
        self.registry = CollectorRegistry()
        self._executions = Histogram(EXECUTION_SECONDS, total=EXECUTIONS)
        self._api_calls, self._requests = Histogram(API_CALL_SECONDS), Histogram(REQUESTS)
        self._running, self._lock = 0, Lock()
        self._lost = Counter(CLAIMS_LOST.name, CLAIMS_LOST.help, registry=self.registry)
        self._missed = Counter(HEARTBEATS_MISSED.name, HEARTBEATS_MISSED.help, registry=self.registry)
        running = Gauge(CALLS_RUNNING.name, CALLS_RUNNING.help, registry=self.registry)
        running.set_function(lambda: self._running)
        for histogram in (self._executions, self._api_calls, self._requests):
            self.registry.register(histogram)
        ProcessCollector(registry=self.registry)

    def begun(self) -> None:
        """Notes that a pack call begins."""
        with self._lock:
            self._running += 1

    def executed(self, pack: str, formula: str, outcome: str, seconds: float) -> None:
        """Notes that a pack call has ended."""
        with self._lock:
            self._running -= 1
        self._executions.observe((pack, formula, outcome), seconds)

    def called(self, pack: str, status: str, seconds: float) -> None:
        """Notes a request to a service; ``status`` is its class, as ``2xx``, or ``none`` without an answer."""
        self._api_calls.observe((pack, status), seconds)

    def answered(self, method: str, route: str, status: str, seconds: float) -> None:
        """Notes an answer of ours; ``route`` is the pattern of the path, never the path."""
        self._requests.observe((method, route, status), seconds)

    def lost(self, claims: int) -> None:
        """Notes claims that another worker has by now."""
        self._lost.inc(claims)

    def missed(self) -> None:
        """Notes a heartbeat that the database did not take."""
        self._missed.inc()
