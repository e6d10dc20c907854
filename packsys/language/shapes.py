"""What is known about a value before it is there."""

from __future__ import annotations

from dataclasses import dataclass

from packsys.language.nodes import Node
from packsys.language.properties import find_name
from packsys.language.scope import KnownConnection
from packsys.language.signature import Kind, Shape
from packsys.values import Value

UNKNOWN = Shape()

_SCALARS = {
    Kind.TEXT: "A text",
    Kind.NUMBER: "A number",
    Kind.BOOLEAN: "A boolean",
    Kind.DATE: "A date",
    Kind.DATETIME: "A point in time",
    Kind.DURATION: "A duration",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """Is a bound node with its shape, and the connection that it certainly is."""

    node: Node
    shape: Shape = UNKNOWN
    account: KnownConnection | None = None


@dataclass(frozen=True, slots=True)
class NoMember:
    """Says that a shape has no such property: what it is instead, and which properties it has."""

    what: str
    names: tuple[str, ...]


def shape_of(value: Value) -> Shape:
    """Gives the shape of a constant."""
    match value:
        case bool():
            return Shape(Kind.BOOLEAN)
        case int() | float():
            return Shape(Kind.NUMBER)
        case str():
            return Shape(Kind.TEXT)
    return UNKNOWN


def member_shape(shape: Shape, name: str) -> tuple[str, Shape] | NoMember:
    """Finds a property of an object, or of the objects of a list: the name that is meant, and its shape."""
    if shape.kind is Kind.LIST:
        found = member_shape(shape.item or UNKNOWN, name)
        return found if isinstance(found, NoMember) else (found[0], Shape(Kind.LIST, item=_inner(found[1])))
    if shape.kind in _SCALARS:
        return NoMember(_SCALARS[shape.kind], ())
    if shape.properties is None:
        return name, UNKNOWN
    known = find_name(name, shape.properties)
    return NoMember("This object", tuple(shape.properties)) if known is None else (known, shape.properties[known])


def columns_of(shape: Shape) -> tuple[str, ...]:
    """Lists the properties that an item is known to have."""
    return tuple(shape.properties or ())


def _inner(shape: Shape) -> Shape | None:
    return None if shape == UNKNOWN else shape
