"""Writes the schema of a table's rows as packs of the Coda SDK find it in their world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KINDS: Mapping[str, Mapping[str, str]] = {
    "text": {"type": "string"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "codaType": "date"},
    "datetime": {"type": "string", "codaType": "datetime"},
    "duration": {"type": "number", "codaType": "duration"},
    "any": {"type": "string"},
}
_HINTS = {"richText": "codaInternalRichText"}


def coda_rows(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Writes a schema that a manifest holds as the SDK has those of rows: a list of objects."""
    return {"type": "array", "items": _object(schema)}


def _object(schema: Mapping[str, Any]) -> dict[str, Any]:
    roles = {"idProperty": schema["id"], "displayProperty": schema["display"], "featuredProperties": schema["featured"]}
    return {
        "type": "object",
        "identity": {"name": schema.get("identity") or schema["name"]},
        "includeUnknownProperties": schema.get("open", False),
        "properties": {name: _property(each) for name, each in schema["properties"].items()},
        **{role: each for role, each in roles.items() if each},
    }


def _property(written: Mapping[str, Any]) -> dict[str, Any]:
    said = {"fromKey": written["from_key"], "required": written["required"], "mutable": written.get("mutable", False)}
    return {**_type(written["type"]), **said}


def _type(written: Mapping[str, Any]) -> dict[str, Any]:
    kind, hint = written["kind"], written.get("hint")
    shown = {"codaType": _HINTS.get(hint, hint)} if hint else {}
    match kind:
        case "list":
            return {"type": "array", "items": _type(written.get("item", {"kind": "any"}))}
        case "object" if "schema" in written:
            return {**_object(written["schema"]), **shown}
        case "object":
            return {"type": "object", "properties": {}, "includeUnknownProperties": True, **shown}
        case _:
            return {**_KINDS[kind], **shown}
