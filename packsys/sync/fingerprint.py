"""Makes the digest by which a changed row is known from an unchanged one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b
from typing import Any, TypeAlias, cast

from packsys.sdk import Kind, ObjectSchema, Property, Type
from packsys.sync.writing import write
from packsys.values import Json

DIGEST_BYTES = 16

Reduce: TypeAlias = Callable[[Any], Json]
Digest: TypeAlias = Callable[[Json, bytes], bytes]

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_SECOND = 1_000_000  # microseconds


def digesting(schema: ObjectSchema) -> Digest:
    """Compiles the digest of a row: of what is stored, and of that as it was written.

    It is BLAKE2b of 128 bits over the row's JSON with sorted keys. Volatile properties are left out, and values of a
    declared precision count as the nearest multiple of it. Since blanks are left out too, a property that is added to a
    schema changes the digest of no row that lacks it.
    """
    reduce = _object_reduction(schema)
    return partial(_reduced, reduce) if reduce else _plainly


def digest(written: bytes) -> bytes:
    """Gives the digest of written JSON."""
    return blake2b(written, digest_size=DIGEST_BYTES).digest()


def _plainly(stored: Json, written: bytes) -> bytes:
    return blake2b(written, digest_size=DIGEST_BYTES).digest()


def _reduced(reduce: Reduce, stored: Json, written: bytes) -> bytes:
    return digest(write(reduce(stored)))


def _object_reduction(schema: ObjectSchema) -> Reduce | None:
    volatile = frozenset(name for name, each in schema.properties.items() if each.volatile)
    known = {name: _reduction(each) for name, each in schema.properties.items()}
    reductions = {name: each for name, each in known.items() if each is not None}
    return partial(_without, volatile, reductions) if volatile or reductions else None


def _reduction(declared: Property) -> Reduce | None:
    if declared.precision:
        return partial(_ROUNDED[declared.value_type.kind], declared.precision)
    return _type_reduction(declared.value_type)


def _type_reduction(declared: Type) -> Reduce | None:
    if declared.item is not None:
        inner = _type_reduction(declared.item)
        return partial(_each, inner) if inner else None
    return _object_reduction(declared.schema) if declared.schema is not None else None


def _without(volatile: frozenset[str], reductions: dict[str, Reduce], stored: dict[str, Json]) -> Json:
    return {
        name: reductions[name](value) if name in reductions else value
        for name, value in stored.items()
        if name not in volatile
    }


def _each(reduce: Reduce, stored: list[Json]) -> Json:
    return [None if each is None else reduce(each) for each in stored]


def _number(precision: float, stored: float) -> Json:
    try:
        return round(stored / precision)
    except OverflowError:  # far wider than any precision
        return stored


def _moment(precision: float, stored: str) -> Json:
    return _number(precision * _SECOND, (datetime.fromisoformat(stored) - _EPOCH) // timedelta(microseconds=1))


def _duration(precision: float, stored: int) -> Json:
    return _number(precision * _SECOND, stored)


_ROUNDED = cast(
    "dict[Kind, Callable[[float, Any], Json]]",
    {Kind.NUMBER: _number, Kind.DATETIME: _moment, Kind.DURATION: _duration},
)
