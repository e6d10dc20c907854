"""Writes ``docs/metrics.md`` from the code: ``python -m tests.docs.metrics > docs/metrics.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from packsys.metrics.declared import METRICS, Metric, Source
from packsys.metrics.exposition import FRESH
from packsys.metrics.histogram import MOST as MOST_LINES
from packsys.store.metering import MOST as MOST_ROWS
from packsys.store.metering import PATIENCE

HEAD = f"""# Metrics

packsys tells Prometheus how it does. The service's page is about the whole system, whichever process did the work;
each worker process may have a page of its own about what only it knows.

| page | tells | opened by |
|---|---|---|
| `GET /metrics` of the service | the system, and the service's own requests | `PACKSYS_METRICS_TOKEN`, as the bearer |
| the address in `PACKSYS_METRICS_ADDRESS` | calls of one worker process | whoever reaches it |

The service's page is on the port on which tenants ask, and tells of all of them: how much there is to do, which packs
are called, what fails. So there is no such page until the settings have a token of 16 characters or more, and an API
key does not open it: every key is one workspace's, and a page that must answer when PostgreSQL does not cannot ask
PostgreSQL for a key. Prometheus sends the token with `authorization: {{credentials_file: …}}`.

Workers serve nothing but their page, without a key: give them an address that only Prometheus reaches, as
`127.0.0.1:9100`, or `0.0.0.0:9100` in a network of containers. The processes of one machine take one port each, the
first that is free from there on, and say in the log which (`metrics.open`).

```console
$ PACKSYS_METRICS_TOKEN=$(openssl rand -hex 24) packsys up
$ curl -s -H "Authorization: Bearer $PACKSYS_METRICS_TOKEN" $PACKSYS_URL/metrics
packsys_jobs_open_oldest_seconds 0.0
```

[deploy/prometheus](../deploy/prometheus) has what to scrape, and seven alerts with what to do about each. There is no
Prometheus in `docker-compose.yml`: one that watches must not stop with what it watches. Let yours join the network
`packsys_outside`, and let no pack into that network (`PACKSYS_ALLOWED_NETWORKS`), or its code can read what workers
tell.

## What a figure is worth

- Figures with the source `database` are read from PostgreSQL when they are asked for, by statements that walk an index
  of what is unfinished. None looks at more than {MOST_ROWS:,} rows or takes longer than {PATIENCE} seconds: where one
  says {MOST_ROWS:,}, it may be more.
- Counters with the source `state` are sums of all processes in the state server, to which each adds what it counted,
  every second. A process that is killed takes its last second with it, and a state server that forgets begins at 0
  again, which `rate()` knows how to take. What a server that is away does not take is sent when it is back.
- However many ask, servers are read once in {FRESH:g} seconds. What a server that is away would know is left out, and
  `packsys_source_up` is 0 for it; the page answers all the same.
- With several services each tells the same system: use `max`, not `sum`, for all but the sources `service` and
  `worker`.
- Labels are names of packs, formulas, queues, states, causes and routes: never a workspace, an account, an id, a path
  or a value. A histogram has {MOST_LINES} lines at most; what comes after them is `other`.

This list is written from the code, `python -m tests.docs.metrics`, and a test compares them.
"""

WHO = {
    Source.DATABASE: "Read from PostgreSQL when they are asked for.",
    Source.STATE: "Read from the state server.",
    Source.CACHE: "Read from the cache server.",
    Source.SERVICE: "About the service process that is asked.",
    Source.WORKER: "About one worker process, on its own page.",
}


def page() -> str:
    """Gives the page."""
    return HEAD + "".join(f"\n## {source.value}\n\n{WHO[source]}\n\n{_table(source)}" for source in Source)


def _table(source: Source) -> str:
    rows = "".join(f"{row}\n" for row in _rows(source))
    return f"| metric | kind | labels | is |\n|---|---|---|---|\n{rows}"


def _rows(source: Source) -> Iterator[str]:
    for metric in METRICS.values():
        if metric.source is source:
            yield f"| `{metric.name}` | {metric.kind} | {_labels(metric)} | {metric.help} |"


def _labels(metric: Metric) -> str:
    return ", ".join(f"`{label}`" for label in metric.labels)


if __name__ == "__main__":
    sys.stdout.write(page())
