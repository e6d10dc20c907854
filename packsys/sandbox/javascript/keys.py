"""Gives objects the names that formulas use, and the service's own keys back.

A schema says with ``fromKey`` under which key the service has a property. These are the rules of the SDK's own
harness: a pack may give a property under its key or under its name, what is not declared is left out, and what is
declared as an object is one, whatever stands there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

_Read: TypeAlias = Callable[[Any], Any]
_Compiled: TypeAlias = Callable[[Mapping[str, Any]], _Read]


def to_names(value: Any, schema: Any) -> Any:
    """Renames the keys of an object, or of each object of a list; what the schema does not name is left out."""
    return _through(schema, _namer)(value)


def to_keys(value: Any, schema: Any) -> Any:
    """Undoes :func:`to_names`, for the house's rows and for edits that go back to the service."""
    return _through(schema, _keyer)(value)


def as_declared(schema: Any) -> Callable[[Any], Any]:
    """Gives what reads a value as the schema declares it, under the service's keys: made once for a thousand rows."""
    named, keyed = _through(schema, _namer), _through(schema, _keyer)
    return lambda value: keyed(named(value))


def keys_of(names: list[str], schema: Any) -> list[str]:
    """Gives the service's keys of some properties."""
    properties = _properties(_row(schema)) or {}
    return [_key(name, properties.get(name)) for name in names]


def _through(schema: Any, compiled: _Compiled) -> _Read:
    row = _row(schema)
    if _properties(row) is None:
        return _same
    one = _object(row, compiled)

    def read(value: Any) -> Any:
        if value is None or isinstance(value, (str, int, float)):
            return value
        return [one(each) for each in value] if isinstance(value, list) else one(value)

    return read


def _same(value: Any) -> Any:
    return value


def _object(schema: Mapping[str, Any], compiled: _Compiled) -> _Read:
    """Reads what should be an object as one: an array and null have none of its properties."""
    renamed = compiled(schema)

    def read(value: Any) -> Any:
        if type(value) is dict or isinstance(value, Mapping):
            return renamed(value)
        return {} if value is None or isinstance(value, list) else value

    return read


def _namer(schema: Mapping[str, Any]) -> _Read:
    properties = _properties(schema) or {}
    inside = {name: _inner(each, _namer) for name, each in properties.items()}
    unknown = schema.get("includeUnknownProperties")
    names: dict[str, list[str]] = {}
    for name, each in properties.items():
        if _key(name, each) != name:
            names.setdefault(_key(name, each), []).append(name)

    def read(value: Mapping[str, Any]) -> dict[str, Any]:
        made = {}
        for key, each in value.items():
            for name in names.get(key, (key,)):
                if name in inside or unknown:
                    made[name] = inside.get(name, _same)(each)
        return made

    return read


def _keyer(schema: Mapping[str, Any]) -> _Read:
    inside = {name: (_key(name, each), _inner(each, _keyer)) for name, each in (_properties(schema) or {}).items()}
    unknown = schema.get("includeUnknownProperties")

    def read(value: Mapping[str, Any]) -> dict[str, Any]:
        made = {}
        for name, each in value.items():
            if name in inside or unknown:
                key, inner = inside.get(name, (name, _same))
                made[key] = inner(each)
        return made

    return read


def _inner(schema: Any, compiled: _Compiled) -> _Read:
    if not isinstance(schema, Mapping):
        return _same
    if schema.get("type") != "array":
        return _same if _properties(schema) is None else _object(schema, compiled)
    item = schema.get("items")
    if not isinstance(item, Mapping) or _properties(item) is None:
        return _same
    one = _object(item, compiled)
    return lambda value: [one(each) for each in value] if isinstance(value, list) else value


def _row(schema: Any) -> Any:
    """Gives the schema of one object: a list's schema is around it."""
    return schema.get("items") if isinstance(schema, Mapping) and schema.get("type") == "array" else schema


def _properties(schema: Any) -> Mapping[str, Any] | None:
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    return properties if isinstance(properties, Mapping) else None


def _key(name: str, declared: Any) -> str:
    key = declared.get("fromKey") if isinstance(declared, Mapping) else None
    return key if isinstance(key, str) and key else name
