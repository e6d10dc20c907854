"""Objects."""

from __future__ import annotations

from collections.abc import Mapping

from packsys.language.functions.registry import may_take, strict, takes, takes_many
from packsys.language.properties import property_of
from packsys.language.signature import Kind, Shape
from packsys.values import ErrorValue, Failure, Value, failure, text_of


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
