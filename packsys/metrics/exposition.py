"""Writes figures as Prometheus reads them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from packsys.errors import NotReady
from packsys.metrics.declared import METRICS, RESULTS, SOURCE_UP, Kind
from packsys.metrics.process import ProcessFigures
from packsys.ports import Meter, ResultCache, Sample, Series
from packsys.runtime.tally import Counted

log = logging.getLogger(__name__)

FRESH = 5.0
"""Seconds for which figures are told again instead of being read again, however many ask."""

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_ASKINGS = tuple(Counted)[:9]


@dataclass(frozen=True)
class CacheMeter:
    """Reads how often results were found, and where."""

    cache: ResultCache

    def read(self) -> Sequence[Sample]:
        """Reads the counts of all workers."""
        counts = self.cache.counts()
        return [Sample(Series(RESULTS.name, (name,)), float(counts.get(name, 0))) for name in _ASKINGS]


class SystemCollector:
    """Collects the figures of the whole system. What a server that is away would know is left out, and not made up."""

    def __init__(
        self,
        meters: Mapping[str, Sequence[Meter]],
        *,
        fresh: float = FRESH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Takes what reads from each server, and for how many seconds that is good; ``clock`` is in seconds."""
        self._meters, self._fresh, self._clock = meters, fresh, clock
        self._lock = Lock()
        self._read: tuple[float, Sequence[Sample]] | None = None

    def collect(self) -> Iterable[Metric]:
        """Gives every metric that has a figure."""
        families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
        for (name, labels), value in self._samples():
            metric = METRICS.get(name)
            if metric is not None and len(metric.labels) == len(labels):
                kind = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
                family = families.setdefault(name, kind(name, metric.help, labels=metric.labels))
                family.add_metric(labels, value)
        return families.values()

    def describe(self) -> Iterable[Metric]:
        """Names nothing beforehand: the registry must not read all servers to learn names."""
        return ()

    def _samples(self) -> Sequence[Sample]:
        with self._lock:
            now = self._clock()
            if self._read is None or now - self._read[0] >= self._fresh:
                self._read = now, [sample for source in self._meters for sample in self._ask(source)]
            return self._read[1]

    def _ask(self, source: str) -> Sequence[Sample]:
        up = Series(SOURCE_UP.name, (source,))
        try:
            found = [sample for meter in self._meters[source] for sample in meter.read()]
        except NotReady as error:
            log.warning("metrics.source_away", extra={"source": source, "cause": error.message})
            return [Sample(up, 0.0)]
        return [*found, Sample(up, 1.0)]


@dataclass(frozen=True)
class Exposition:
    """Is what a process tells Prometheus. ``token`` opens the service's page of figures; without one it is closed."""

    figures: ProcessFigures = field(default_factory=ProcessFigures)
    meters: Mapping[str, Sequence[Meter]] = field(default_factory=dict)
    token: str = field(default="", repr=False)
    system: CollectorRegistry = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "system", CollectorRegistry())
        self.system.register(SystemCollector(self.meters))

    def __call__(self) -> bytes:
        """Writes the figures of the system, and those of this process."""
        return generate_latest(self.system) + generate_latest(self.figures.registry)
