"""Objects, and the JSON that they are written in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from packsys.language.functions.registry import deep, may_take, strict, takes, takes_many
from packsys.language.properties import property_of
from packsys.language.signature import Kind, Shape
from packsys.values import ErrorValue, Failure, Value, failure, plain, text_of
from packsys.values.kept import deeper, scalar


@strict(
    "Object",
    "Makes an object of keys and values.",
    takes_many("key"),
    takes_many("value"),
    examples={'Object("A", 1, "B", 2).B': 2},
    result=Shape(Kind.OBJECT),
)
def object_(*pairs: Value) -> Value:
    """Makes an object."""
    if len(pairs) % 2:
        raise failure("Value", "Object() takes keys and values in turns: the last key has no value.")
    return {text_of(key): value for key, value in zip(pairs[::2], pairs[1::2], strict=True)}


@strict(
    "Get",
    "Gives an object's property by a name that is reckoned, or a default (blank) when it has none.",
    takes("object", Kind.OBJECT),
    takes("name", Kind.TEXT),
    may_take("default"),
    examples={'Object("A", 1).Get("A")': 1, 'Object("A", 1).Get("B", 0)': 0},
)
def get(record: Mapping[str, Value] | None, name: str, default: Value) -> Value:
    """Reads a property."""
    found = property_of(record, name)
    if isinstance(found, ErrorValue):
        raise Failure(found)
    return default if found is None else found


@strict(
    "Keys",
    "Lists the names of an object's properties.",
    takes("object", Kind.OBJECT),
    examples={'Object("A", 1, "B", 2).Keys()': ["A", "B"]},
    result=Shape(Kind.LIST, item=Shape(Kind.TEXT)),
)
def keys(record: Mapping[str, Value] | None) -> Value:
    """Lists names."""
    return [*(record or ())]


@strict(
    "Values",
    "Lists the values of an object's properties.",
    takes("object", Kind.OBJECT),
    examples={'Object("A", 1, "B", 2).Values()': [1, 2]},
    result=Shape(Kind.LIST),
)
def values(record: Mapping[str, Value] | None) -> Value:
    """Lists values."""
    return [*(record or {}).values()]


@strict(
    "Merge",
    "Makes one object of several; of properties with one name the last counts.",
    takes_many("object", Kind.OBJECT),
    examples={'Merge(Object("A", 1, "B", 2), Object("B", 3)).Values()': [1, 3]},
    result=Shape(Kind.OBJECT),
)
def merge(*records: Mapping[str, Value] | None) -> Value:
    """Joins objects."""
    return {name: value for record in records for name, value in (record or {}).items()}


@strict(
    "ToJSON",
    "Writes a value as JSON; dates and durations become ISO 8601 texts.",
    takes("value"),
    examples={'ToJSON(Object("a", List(1, true)))': '{"a": [1, true]}'},
    result=Shape(Kind.TEXT),
    cost=deep,
)
def to_json(value: Value) -> Value:
    """Writes JSON."""
    return json.dumps(plain(value), ensure_ascii=False)


@strict(
    "ParseJSON",
    "Reads a value from JSON, or a part of it by a path such as $.items[0].name, in which positions count from 0.",
    takes("text", Kind.TEXT),
    may_take("path", Kind.TEXT, default="$"),
    examples={"ParseJSON('[1, null]')": [1, None], 'ParseJSON(\'{"a": [{"b": 7}]}\', "$.a[0].b")': 7},
)
def parse_json(text: str, path: str) -> Value:
    """Reads JSON."""
    try:
        data = json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise failure("Value", "The JSON has too many lists and objects inside each other.") from None
    except ValueError as problem:
        raise failure("Value", f"The text is no JSON: {problem}.") from None
    return _part(_value(data, 0), path)


_STEP = re.compile(r"\.?([^.\[\]$]+)|\[([0-9]{1,9})\]|\[(?:'([^']*)'|\"([^\"]*)\")\]")


def _part(value: Value, path: str) -> Value:
    at = 1 if path.startswith("$") else 0
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            raise failure("Value", f"The path {path[:40]!r} is none: write it as $.items[0].name.")
        value, at = _inner(value, step), step.end()
    return value


def _inner(value: Value, step: re.Match[str]) -> Value:
    name = step[1] or step[3] or step[4]
    if step[2] is None:
        return value.get(name) if isinstance(value, Mapping) else None
    return value[int(step[2])] if isinstance(value, list) and int(step[2]) < len(value) else None


def _value(data: Any, depth: int) -> Value:
    match data:
        case list():
            return [_value(item, deeper(depth)) for item in data]
        case dict():
            return {name: _value(item, deeper(depth)) for name, item in data.items()}
    return scalar(data)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in it")
