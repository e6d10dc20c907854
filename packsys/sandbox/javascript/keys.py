"""Gives objects the names that formulas use, and the service's own names back.

A schema says with ``fromKey`` under which key the service has a property. This is the anchor's rule for rows and
results whose schema is only known as plain JSON: of a dynamic table, for instance.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def to_names(value: Any, schema: Any) -> Any:
    """Renames the keys of an object, or of each object of a list; what the schema does not name is left out."""
    if not isinstance(schema, Mapping):
        return value
    if isinstance(value, list):
        item = schema.get("items") if schema.get("type") == "array" else schema
        return [to_names(each, item) for each in value]
    properties = schema.get("properties")
    if not isinstance(value, Mapping) or not isinstance(properties, Mapping):
        return value
    names = {_key(name, each): name for name, each in properties.items()}
    kept = names if not schema.get("includeUnknownProperties") else {**{key: key for key in value}, **names}
    return {kept[key]: to_names(each, properties.get(kept[key])) for key, each in value.items() if key in kept}


def to_keys(value: Any, schema: Any) -> Any:
    """Undoes :func:`to_names`, for edits that go back to the service."""
    if not isinstance(schema, Mapping):
        return value
    if isinstance(value, list):
        return [to_keys(each, schema.get("items")) for each in value]
    properties = schema.get("properties")
    if not isinstance(value, Mapping) or not isinstance(properties, Mapping):
        return value
    return {_key(name, properties.get(name)): to_keys(each, properties.get(name)) for name, each in value.items()}


def _key(name: str, declared: Any) -> str:
    key = declared.get("fromKey") if isinstance(declared, Mapping) else None
    return key if isinstance(key, str) else name
