"""The manifest of a pack: what is declared, as plain JSON, and what the house makes of it.

Whoever runs packs reads manifests only. A pack in Python is one way to write a manifest; others may follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from packsys import sdk
from packsys.language.signature import Kind, Need, Parameter, Shape, Signature
from packsys.model import PackFormula, PackVersion

FORMAT = 1


def describe(pack: sdk.Pack) -> dict[str, Any]:
    """Writes a pack's manifest, as values that JSON has."""
    return {
        "format": FORMAT,
        "id": pack.id,
        "name": pack.name,
        "version": pack.version,
        "description": pack.description,
        "author": pack.author,
        "icon": pack.icon,
        "categories": list(pack.categories),
        "domains": list(pack.domains),
        "base_url": pack.base_url,
        "authentication": _describe_authentication(pack.authentication),
        "formulas": [_describe_formula(formula) for formula in pack.formulas.values()],
    }


def release(manifest: Mapping[str, Any]) -> PackVersion:
    """Reads a manifest as the release that the house works with."""
    return PackVersion(
        id=manifest["id"],
        name=manifest["name"],
        version=manifest["version"],
        description=manifest["description"],
        domains=tuple(manifest["domains"]),
        formulas=MappingProxyType({each["name"]: _formula(manifest, each) for each in manifest["formulas"]}),
        base_url=manifest["base_url"],
        authentication=MappingProxyType(dict(manifest["authentication"] or {})),
    )


def result_types(manifest: Mapping[str, Any]) -> Mapping[str, sdk.Type]:
    """Reads the declared result type of every formula of a manifest."""
    return {each["name"]: read_type(each["result"]) for each in manifest["formulas"]}


def describe_type(declared: sdk.Type) -> dict[str, Any]:
    """Writes a type; what is not said is left out."""
    written: dict[str, Any] = {"kind": str(declared.kind)}
    if declared.hint is not None:
        written["hint"] = str(declared.hint)
    if declared.attributes:
        written["attributes"] = dict(declared.attributes)
    if declared.item is not None:
        written["item"] = describe_type(declared.item)
    if declared.schema is not None:
        written["schema"] = _describe_schema(declared.schema)
    return written


def read_type(written: Mapping[str, Any]) -> sdk.Type:
    """Reads a type that :func:`describe_type` wrote."""
    return sdk.Type(
        kind=sdk.Kind(written["kind"]),
        hint=sdk.Hint(written["hint"]) if "hint" in written else None,
        item=read_type(written["item"]) if "item" in written else None,
        schema=_read_schema(written["schema"]) if "schema" in written else None,
        attributes=written.get("attributes", {}),
    )


def _describe_authentication(declared: sdk.Authentication | None) -> dict[str, str] | None:
    return None if declared is None else {"kind": type(declared).__name__, **asdict(declared)}


def _describe_formula(formula: sdk.Formula) -> dict[str, Any]:
    return {
        "name": formula.name,
        "description": formula.description,
        "parameters": [_describe_parameter(parameter) for parameter in formula.parameters],
        "result": describe_type(formula.result),
        "cache_ttl": formula.cache_ttl,
        "timeout": formula.timeout,
        "attempts": formula.attempts,
        "connection": formula.connection,
        "is_action": formula.is_action,
        "examples": [{"arguments": list(each.arguments), "result": each.result} for each in formula.examples],
    }


def _describe_parameter(parameter: sdk.Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "type": describe_type(parameter.type),
        "description": parameter.description,
        "required": parameter.required,
        "default": parameter.default,
        "variadic": parameter.variadic,
        "sparse": parameter.sparse,
    }


def _describe_schema(schema: sdk.ObjectSchema) -> dict[str, Any]:
    return {
        "name": schema.name,
        "description": schema.description,
        "id": schema.id,
        "display": schema.display,
        "featured": list(schema.featured),
        "properties": {name: _describe_property(each) for name, each in schema.properties.items()},
    }


def _describe_property(declared: sdk.Property) -> dict[str, Any]:
    return {
        "type": describe_type(declared.value_type),
        "from_key": declared.from_key,
        "required": declared.required,
        "description": declared.description,
    }


def _read_schema(written: Mapping[str, Any]) -> sdk.ObjectSchema:
    return sdk.ObjectSchema(
        written["name"],
        properties={name: _read_property(each) for name, each in written["properties"].items()},
        id=written["id"],
        display=written["display"],
        featured=written["featured"],
        description=written["description"],
    )


def _read_property(written: Mapping[str, Any]) -> sdk.Property:
    return sdk.Property(
        read_type(written["type"]),
        from_key=written["from_key"],
        required=written["required"],
        description=written["description"],
    )


def _formula(manifest: Mapping[str, Any], written: Mapping[str, Any]) -> PackFormula:
    signature = Signature(
        pack_id=manifest["id"],
        pack=manifest["name"],
        version=manifest["version"],
        name=written["name"],
        parameters=tuple(_parameter(each) for each in written["parameters"]),
        result=_shape(read_type(written["result"])),
        account=Need(written["connection"]),
        action=written["is_action"],
        description=written["description"],
    )
    return PackFormula(
        signature=signature,
        cache_ttl=written["cache_ttl"],
        timeout=written["timeout"],
        attempts=written["attempts"],
    )


def _parameter(written: Mapping[str, Any]) -> Parameter:
    return Parameter(
        name=written["name"],
        shape=_shape(read_type(written["type"])),
        required=written["required"],
        default=written["default"],
        variadic=written["variadic"],
        sparse=written["sparse"],
        description=written["description"],
    )


def _shape(declared: sdk.Type) -> Shape:
    return Shape(
        kind=Kind(declared.kind),
        item=None if declared.item is None else _shape(declared.item),
        properties=None if declared.schema is None else _properties(declared.schema),
    )


def _properties(schema: sdk.ObjectSchema) -> Mapping[str, Shape]:
    return {name: _shape(each.value_type) for name, each in schema.properties.items()}
