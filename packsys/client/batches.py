"""Parts many formulas into requests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MOST = 1_000
"""Formulas that the service takes in one request."""

LARGEST = 900_000
"""Bytes of formulas and terms in one request; the service takes no more than a megabyte."""


def batches(asked: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Gives batches that the service takes, in order."""
    batch: list[Mapping[str, Any]] = []
    size = 0
    for each in asked:
        own = len(json.dumps(each)) + 1
        if batch and (len(batch) == MOST or size + own > LARGEST):
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += own
    if batch:
        yield batch
