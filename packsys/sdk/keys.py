"""Turns rows as formulas name their properties into rows as the service keys them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from packsys.sdk.schema import ObjectSchema, Type


def to_service(row: Mapping[str, Any], schema: ObjectSchema) -> dict[str, Any]:
    """Gives the row under the service's own keys, inner objects too; what was not declared keeps its key."""
    return {
        schema.properties[name].from_key if name in schema.properties else name: (
            _inner(value, schema.properties[name].value_type) if name in schema.properties else value
        )
        for name, value in row.items()
    }


def _inner(value: Any, declared: Type) -> Any:
    if isinstance(value, (list, tuple)) and declared.item:
        return [_inner(each, declared.item) for each in value]
    if isinstance(value, Mapping) and declared.schema:
        return to_service(value, declared.schema)
    return value
