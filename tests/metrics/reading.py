"""Reads figures as Prometheus does."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families


def figures(text: bytes | str) -> dict[tuple[str, ...], float]:
    """Gives every line by its name and the values of its labels, in the order of the labels' names; no buckets."""
    written = text.decode() if isinstance(text, bytes) else text
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(written)
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }
