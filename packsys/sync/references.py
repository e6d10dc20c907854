"""References between tables: soft keys, which may lead to rows that are not there, or not there yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packsys.sdk import Hint, Kind, ObjectSchema, Type


@dataclass(frozen=True)
class Reference:
    """Says that a property refers to rows of the table whose rows have an identity.

    ``path`` leads through inner objects to the property, ``id`` is the property of the referred row that is its key,
    ``many`` says that it is a list.
    """

    path: tuple[str, ...]
    identity: str
    id: str
    many: bool = False

    def keys(self, stored: Mapping[str, Any]) -> Iterator[str]:
        """Gives the keys of the rows that a kept row refers to by it, each once."""
        found: Any = stored
        for name in self.path:
            found = found.get(name) if isinstance(found, Mapping) else None
        each = found if self.many and isinstance(found, list) else [found]
        ids = (one.get(self.id) for one in each if isinstance(one, Mapping))
        yield from dict.fromkeys(str(one) for one in ids if one not in (None, ""))


def references(schema: ObjectSchema) -> Sequence[Reference]:
    """Lists the references of a schema, those of inner objects too."""
    return tuple(_of_schema(schema, ()))


def _of_schema(schema: ObjectSchema, path: tuple[str, ...]) -> Iterator[Reference]:
    for name, each in schema.properties.items():
        yield from _of_type(each.value_type, (*path, name))


def _of_type(declared: Type, path: tuple[str, ...]) -> Iterator[Reference]:
    many = declared.kind is Kind.LIST
    inner = (declared.item or Type()) if many else declared
    if inner.schema is None:
        return
    if inner.hint is Hint.REFERENCE:
        yield Reference(path, inner.schema.identity, inner.schema.id, many)
    elif not many:
        yield from _of_schema(inner.schema, path)
