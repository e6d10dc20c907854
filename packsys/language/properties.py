"""How a formula reads a property of an object."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from packsys.values import ErrorValue, Value, failure, kind_of


def folded(name: str) -> str:
    """Gives what is the same in ``full_name``, ``fullName``, ``full name`` and ``FullName``."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFC", name))).casefold()


def find_name(name: str, names: Iterable[str]) -> str | None:
    """Finds the name that is meant: the same, or else the first that is the same when folded."""
    known = list(names)
    if name in known:
        return name
    wanted = folded(name)
    return next((other for other in known if wanted and folded(other) == wanted), None)


def property_of(value: Value, name: str) -> Value:
    """Reads a property of an object, or of each object of a list.

    Blank has blank properties, and so has an object that lacks one: services leave out what they do not have.
    Raises :class:`~packsys.values.Failure` for values that have no properties.
    """
    match value:
        case None | ErrorValue():
            return value
        case list() | tuple():
            return [property_of(item, name) for item in value]
        case Mapping():
            found = name if name in value else find_name(name, value)
            return None if found is None else value[found]
    raise failure("Value", f"{kind_of(value).capitalize()} has no property {name!r}.")
