"""A dlt pipeline that merges by primary key: as its first pages teach it (``default``), or as its guide to speed does.

Tuned are the upsert strategy in place of delete and insert, CSV and COPY in place of INSERT statements, buffers of
100,000 rows, one normaliser in the same process, and orjson.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import dlt
import orjson
from dlt.sources.helpers import requests

from benchmarks.sync.peers.order import Order, timed, told

TUNED = {
    "NORMALIZE__DATA_WRITER__BUFFER_MAX_ITEMS": "100000",
    "DATA_WRITER__BUFFER_MAX_ITEMS": "100000",
    "SOURCES__DATA_WRITER__BUFFER_MAX_ITEMS": "100000",
    "NORMALIZE__WORKERS": "1",
    "NORMALIZE__LOADER_FILE_FORMAT": "csv",
}


def pages(order: Order, read: Any) -> Iterator[list[dict[str, Any]]]:
    """Reads all pages, one after the other."""
    session = requests.Client().session
    number: int | None = 0
    while number is not None:
        found = read(session.get(order.url + order.page(number)).content)
        yield found["rows"]
        number = found["next"]


def load(order: Order, *, tuned: bool) -> None:
    """Runs the pipeline once."""
    disposition: Any = {"disposition": "merge", "strategy": "upsert"} if tuned else "merge"
    pipeline = dlt.pipeline(
        pipeline_name="tuned" if tuned else "default",
        pipelines_dir=order.folder,
        destination=dlt.destinations.postgres(credentials=credentials(order.database)),
        dataset_name="dlt_tuned" if tuned else "dlt_default",
    )
    rows = dlt.resource(pages(order, orjson.loads), name="rows", primary_key="id", write_disposition=disposition)
    pipeline.run(rows, loader_file_format="csv" if tuned else "insert_values")


def credentials(address: str) -> dict[str, Any]:
    """Writes an address as dlt wants it: with a password, and a socket's folder where it looks for a host."""
    found = urlsplit(address)
    said = {key: each[0] for key, each in parse_qs(found.query).items()}
    return {
        "database": found.path.strip("/"),
        "username": found.username or said.get("user"),
        "password": found.password or "none",
        "host": quote(found.hostname or said["host"], safe=""),
        "port": found.port or int(said.get("port", 5432)),
    }


if __name__ == "__main__":
    tuned = "tuned" in sys.argv
    os.environ.update({"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR", **(TUNED if tuned else {})})
    order = told()
    timed(lambda: load(order, tuned=tuned))
