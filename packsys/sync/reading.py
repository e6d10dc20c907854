"""Turns kept rows back into the values that formulas hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, TypeAlias, cast

from packsys.sdk import Kind, ObjectSchema, Type
from packsys.values import Value, from_json

Read: TypeAlias = Callable[[Any], Value]


def reading(schema: ObjectSchema) -> Callable[[Mapping[str, Any]], dict[str, Value]]:
    """Compiles how rows that :mod:`packsys.sync.storing` stored are read: with every property, blank ones too.

    What a row holds besides is given as it is where the schema is open, and left out otherwise. A value that was kept
    under an earlier schema, and is none by this one, is read as it stands.
    """
    plan = {name: _reader(each.value_type) for name, each in schema.properties.items()}
    return partial(_object, plan, schema.open)


def _object(plan: Mapping[str, Read], open: bool, stored: Mapping[str, Any]) -> dict[str, Value]:
    others = {name: from_json(each) for name, each in stored.items() if name not in plan} if open else {}
    return {**others, **{name: _read(read, stored.get(name)) for name, read in plan.items()}}


def _read(read: Read, stored: Any) -> Value:
    try:
        return None if stored is None else read(stored)
    except (AttributeError, OverflowError, TypeError, ValueError):
        return from_json(stored)


def _reader(declared: Type) -> Read:
    match declared.kind:
        case Kind.DATE:
            return date.fromisoformat
        case Kind.DATETIME:
            return datetime.fromisoformat
        case Kind.DURATION:
            return _duration
        case Kind.LIST:
            return partial(_list, _reader(declared.item or Type()))
        case Kind.OBJECT if declared.schema is not None:
            return cast("Read", reading(declared.schema))
    return from_json


def _duration(stored: int) -> timedelta:
    return timedelta(microseconds=stored)


def _list(read: Read, stored: list[Any]) -> Value:
    return [_read(read, each) for each in stored]
