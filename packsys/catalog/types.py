"""Types and schemas as plain JSON: written from a declaration, read from a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from packsys import sdk


def describe_type(declared: sdk.Type) -> dict[str, Any]:
    """Writes a type; what is not said is left out."""
    written: dict[str, Any] = {"kind": str(declared.kind)}
    if declared.hint is not None:
        written["hint"] = str(declared.hint)
    if declared.attributes:
        written["attributes"] = {name: _describe_attribute(each) for name, each in declared.attributes.items()}
    if declared.item is not None:
        written["item"] = describe_type(declared.item)
    if declared.schema is not None:
        written["schema"] = describe_schema(declared.schema)
    return written


def read_type(written: Mapping[str, Any]) -> sdk.Type:
    """Reads a type that :func:`describe_type` wrote."""
    return sdk.Type(
        kind=sdk.Kind(written["kind"]),
        hint=sdk.Hint(written["hint"]) if "hint" in written else None,
        item=read_type(written["item"]) if "item" in written else None,
        schema=read_schema(written["schema"]) if "schema" in written else None,
        attributes=written.get("attributes", {}),
    )


def describe_schema(schema: sdk.ObjectSchema) -> dict[str, Any]:
    """Writes a schema; its card, history and credits are left out where it has none."""
    written: dict[str, Any] = {
        "name": schema.name,
        "description": schema.description,
        "identity": schema.identity,
        "id": schema.id,
        "display": schema.display,
        "featured": list(schema.featured),
        "properties": {name: _describe_property(each) for name, each in schema.properties.items()},
    }
    if schema.open:
        written["open"] = True
    if schema.card is not None:
        written["card"] = asdict(schema.card)
    if schema.history is not None:
        written["history"] = asdict(schema.history)
    if schema.attribution:
        written["attribution"] = [asdict(each) for each in schema.attribution]
    return written


def read_schema(written: Mapping[str, Any]) -> sdk.ObjectSchema:
    """Reads a schema that :func:`describe_schema` wrote."""
    return sdk.ObjectSchema(
        written["name"],
        properties={name: _read_property(each) for name, each in written["properties"].items()},
        id=written["id"],
        display=written["display"],
        featured=written["featured"],
        description=written["description"],
        identity=written.get("identity", ""),
        card=_read_card(written["card"]) if "card" in written else None,
        history=sdk.History(**written["history"]) if "history" in written else None,
        attribution=[sdk.Attribution(**each) for each in written.get("attribution", ())],
        open=written.get("open", False),
    )


def _describe_attribute(value: Any) -> Any:
    match value:
        case sdk.Choice():
            return asdict(value)
        case list() | tuple():
            return [_describe_attribute(each) for each in value]
        case _:
            return {"function": value.__name__} if callable(value) else value


def _describe_property(declared: sdk.Property) -> dict[str, Any]:
    written: dict[str, Any] = {
        "type": describe_type(declared.value_type),
        "from_key": declared.from_key,
        "required": declared.required,
        "description": declared.description,
    }
    if declared.mutable:
        written["mutable"] = True
    if declared.display_name:
        written["display_name"] = declared.display_name
    if declared.volatile:
        written["volatile"] = True
    if declared.precision:
        written["precision"] = declared.precision
    return written


def _read_property(written: Mapping[str, Any]) -> sdk.Property:
    return sdk.Property(
        read_type(written["type"]),
        from_key=written["from_key"],
        required=written["required"],
        description=written["description"],
        mutable=written.get("mutable", False),
        display_name=written.get("display_name", ""),
        volatile=written.get("volatile", False),
        precision=written.get("precision", 0.0),
    )


def _read_card(written: Mapping[str, Any]) -> sdk.Card:
    lines = {role: sdk.Line(**each) for role, each in written.items() if role != "subtitles"}
    return sdk.Card(subtitles=[sdk.Line(**each) for each in written["subtitles"]], **lines)
