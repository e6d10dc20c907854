"""Reads the types and schemas of the Coda SDK as those of packsys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from packsys import sdk
from packsys.sandbox.answers import MOST_MEMBERS, members
from packsys.sandbox.javascript.attributes import appearance
from packsys.sandbox.javascript.roles import extras, kept
from packsys.sdk import Hint, Kind, PackDeclarationError, Type
from packsys.sdk.names import LONGEST_DESCRIPTION, LONGEST_NAME, pascal

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
_DEEPEST = 8  # levels of objects and lists; a manifest is nested 40 times at most


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
    kind = _MEANINGS.get(
        (str(schema.get("type")), str(schema.get("codaType"))), _VALUES.get(str(schema.get("type")), Kind.ANY)
    )
    if kind is Kind.LIST:
        return value_type(schema.get("items"), depth + 1).list()
    hint, attributes = appearance(kind, schema)
    inner = object_schema(schema, depth) if kind is Kind.OBJECT else None
    return Type(kind=kind, hint=hint, schema=inner, attributes=attributes)


def object_schema(schema: Mapping[str, Any], depth: int = 0) -> sdk.ObjectSchema | None:
    """Reads an object's schema; None for one without properties, whose objects are taken as they are, or too many.

    Properties whose names no formula can write get others, and keep their keys. Roles that do not fit are left out.
    """
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or not properties or (depth == 0 and members(schema) > MOST_MEMBERS):
        return None
    names = _names([key for key in properties if isinstance(key, str)])
    declared = {ours: _property(key, properties[key], depth) for key, ours in names.items()}
    identity = _identity(schema)

    said, unknown = _said(schema), schema.get("includeUnknownProperties") is True

    def made(**more: Any) -> sdk.ObjectSchema:
        return sdk.ObjectSchema(identity, properties=declared, description=said, open=unknown, **more)

    try:
        made()
    except PackDeclarationError:
        return None
    return made(**kept(made, extras(schema, names, made)))


def property_names(schema: Any) -> Mapping[str, str]:
    """Gives the names of an object's properties in formulas, by the names that the bundle has for them."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    return _names([*properties]) if isinstance(properties, Mapping) else {}


def _names(keys: list[str]) -> dict[str, str]:
    taken: dict[str, str] = {}
    used: set[str] = set()
    counted: Counter[str] = Counter()  # so that a thousand alike names do not each try all numbers anew
    for key in keys:
        name = pascal(key)[:LONGEST_NAME]
        if not name[:1].isalpha():
            name = f"Property{name}"[:LONGEST_NAME]
        whole = name
        while name in used:
            counted[whole] += 1
            number = str(counted[whole] + 1)
            name = f"{whole[: LONGEST_NAME - len(number)]}{number}"
        used.add(name)
        taken[key] = name
    return taken


def _property(name: str, schema: Any, depth: int) -> sdk.Property:
    given = schema if isinstance(schema, Mapping) else {}
    key, shown = given.get("fromKey"), given.get("displayName")
    return sdk.Property(
        value_type(schema, depth + 1),
        from_key=key if isinstance(key, str) and key else name,
        required=given.get("required") is True,
        mutable=given.get("mutable") is True,
        description=_said(given),
        display_name=shown[:200] if isinstance(shown, str) else "",
    )


def _identity(schema: Mapping[str, Any]) -> str:
    identity = schema.get("identity")
    name = identity.get("name") if isinstance(identity, Mapping) else None
    if not isinstance(name, str) or not pascal(name)[:1].isalpha():
        return "Object"
    plain = name[0].isalpha() and name.replace("_", "").isalnum()
    return (name if plain else pascal(name))[:LONGEST_NAME]


def _said(schema: Mapping[str, Any]) -> str:
    description = schema.get("description")
    return description[:LONGEST_DESCRIPTION] if isinstance(description, str) else ""
