"""Reads Python's type hints as types of the SDK."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from packsys.sdk.kinds import Kind
from packsys.sdk.schema import Anything, Boolean, Date, DateTime, Duration, Number, ObjectSchema, Text, Type, as_type

_PLAIN: Mapping[object, Type] = {
    str: Text,
    float: Number,
    int: Number,
    bool: Boolean,
    date: Date,
    datetime: DateTime,
    timedelta: Duration,
    object: Anything,
    Any: Anything,
}


@dataclass(frozen=True, kw_only=True)
class Hinted:
    """Is what one hint says: the type, whether it may be blank, whether a number must be whole, and the words.

    ``notes`` are what else it was annotated with, such as :class:`packsys.sdk.Between`.
    """

    type: Type
    nullable: bool = False
    whole: bool = False
    sparse: bool = False
    description: str = ""
    notes: tuple[Any, ...] = ()


def read(hint: object) -> Hinted | None:
    """Reads a hint such as ``Annotated[list[str] | None, "What it is."]``; None when it says nothing known."""
    if hint in (NoneType, None):
        return Hinted(type=Anything, nullable=True)
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _annotated(inner)
    if origin in (Union, UnionType):
        return _optional(inner)
    base = origin or hint
    if isinstance(base, type) and base in (list, Sequence):
        return _list(inner)
    if isinstance(base, type) and issubclass(base, Mapping):
        return Hinted(type=Type(kind=Kind.OBJECT))
    found = _PLAIN.get(hint)
    return None if found is None else Hinted(type=found, whole=hint is int)


def _annotated(inner: tuple[Any, ...]) -> Hinted | None:
    hinted = read(inner[0])
    if hinted is None:
        return None
    for note in inner[1:]:
        if isinstance(note, str):
            hinted = replace(hinted, description=note)
        elif isinstance(note, (Type, ObjectSchema)):
            hinted = replace(hinted, type=as_type(note))
        else:
            hinted = replace(hinted, notes=(*hinted.notes, note))
    return hinted


def _optional(members: tuple[Any, ...]) -> Hinted | None:
    given = [member for member in members if member is not NoneType]
    if set(given) == {int, float}:
        return Hinted(type=Number, nullable=NoneType in members)
    hinted = read(given[0]) if len(given) == 1 else None
    return None if hinted is None else replace(hinted, nullable=True)


def _list(inner: tuple[Any, ...]) -> Hinted | None:
    item = read(inner[0]) if inner else Hinted(type=Anything)
    return None if item is None else Hinted(type=item.type.list(), whole=item.whole, sparse=item.nullable)
