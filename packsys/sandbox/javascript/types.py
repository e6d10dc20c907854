"""Reads the types and schemas of the Coda SDK as those of packsys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from packsys import sdk
from packsys.sdk import Hint, Kind, PackDeclarationError, Type

# The numbers of the SDK's parameter types; 2 is an object, which no parameter is.
_PARAMETERS: Mapping[int, Type] = {
    0: Type(kind=Kind.TEXT),
    1: Type(kind=Kind.NUMBER),
    3: Type(kind=Kind.BOOLEAN),
    4: Type(kind=Kind.DATETIME),
    5: Type(kind=Kind.TEXT, hint=Hint.HTML),
    6: Type(kind=Kind.TEXT, hint=Hint.IMAGE),
    7: Type(kind=Kind.TEXT, hint=Hint.ATTACHMENT),
    8: Type(kind=Kind.TEXT, hint=Hint.MARKDOWN),
    9: Type(kind=Kind.TEXT, hint=Hint.EMAIL),
}
_VALUES: Mapping[str, Kind] = {
    "string": Kind.TEXT,
    "number": Kind.NUMBER,
    "boolean": Kind.BOOLEAN,
    "object": Kind.OBJECT,
    "array": Kind.LIST,
}
# What is written in one way and is another thing: a number of seconds that is a date, a text that is a day.
_MEANINGS: Mapping[tuple[str, str], Kind] = {
    ("string", "date"): Kind.DATE,
    ("string", "datetime"): Kind.DATETIME,
    ("number", "date"): Kind.DATETIME,
    ("number", "datetime"): Kind.DATETIME,
    ("number", "duration"): Kind.DURATION,
}
_OTHER_HINTS = {"codaInternalRichText": Hint.RICH_TEXT}
_DEEPEST = 20


def parameter_type(declared: Any) -> tuple[Type, bool]:
    """Reads a parameter's type, and whether its list may hold blanks."""
    if isinstance(declared, Mapping):
        return _scalar(declared.get("items")).list(), declared.get("allowEmpty") is True
    return _scalar(declared), False


def _scalar(number: Any) -> Type:
    return _PARAMETERS.get(number, Type()) if isinstance(number, int) else Type()


def value_type(schema: Any, depth: int = 0) -> Type:
    """Reads a schema; what it does not say, or says wrongly, is any value."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return Type()
    written, hinted = schema.get("type"), schema.get("codaType")
    kind = _MEANINGS.get((str(written), str(hinted)), _VALUES.get(str(written), Kind.ANY))
    match kind:
        case Kind.LIST:
            return value_type(schema.get("items"), depth + 1).list()
        case Kind.OBJECT:
            return Type(kind=kind, hint=_hint(hinted), schema=_object(schema, depth))
        case _:
            return Type(kind=kind, hint=_hint(hinted))


def _hint(written: Any) -> Hint | None:
    try:
        return _OTHER_HINTS.get(written) or Hint(written)
    except (ValueError, TypeError):
        return None


def _object(schema: Mapping[str, Any], depth: int) -> sdk.ObjectSchema | None:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or not properties or schema.get("includeUnknownProperties"):
        return None
    declared = {name: _property(name, each, depth) for name, each in properties.items()}
    identity = schema.get("identity")
    name = identity.get("name") if isinstance(identity, Mapping) else None
    try:
        return sdk.ObjectSchema(
            name if isinstance(name, str) else "Object",
            properties=declared,
            id=_known(schema, declared, "idProperty", "id"),
            display=_known(schema, declared, "displayProperty", "primary"),
        )
    except PackDeclarationError:
        return None  # names that no formula can write: the object is taken as it is


def _property(name: str, schema: Any, depth: int) -> sdk.Property:
    given = schema if isinstance(schema, Mapping) else {}
    key, said = given.get("fromKey"), given.get("description")
    return sdk.Property(
        value_type(schema, depth + 1),
        from_key=key if isinstance(key, str) else name,
        description=said if isinstance(said, str) else "",
    )


def _known(schema: Mapping[str, Any], properties: Mapping[str, Any], *roles: str) -> str:
    named = next((schema[role] for role in roles if isinstance(schema.get(role), str)), "")
    return named if named in properties else ""
