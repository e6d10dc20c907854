"""The manifest of a pack: what is declared, as plain JSON, and what the house makes of it.

Whoever runs packs reads manifests only. A pack in Python is one way to write a manifest; others may follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from types import MappingProxyType
from typing import Any, cast

from packsys import sdk
from packsys.catalog.types import describe_schema, describe_type, read_type
from packsys.language.signature import Kind, Need, Parameter, Shape, Signature
from packsys.limits.policy import Policy, declared
from packsys.model import PackFormula, PackTable, PackVersion

FORMAT = 1

__all__ = ["FORMAT", "describe", "describe_type", "read_type", "release", "result_types"]


def describe(pack: sdk.Pack) -> dict[str, Any]:
    """Writes a pack's manifest, as values that JSON has."""
    manifest = {
        "format": FORMAT,
        "runtime": "python",
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
        "system_authentication": _describe_authentication(pack.system_authentication),
        "account": _describe_account(pack.account),
        "rate_limits": [asdict(each) for each in pack.rate_limits],
        "formulas": [_describe_formula(formula) for formula in pack.formulas.values()],
        "sync_tables": [_describe_table(table) for table in pack.sync_tables.values()],
        "column_formats": [_plain(asdict(each)) for each in pack.column_formats.values()],
    }
    return cast("dict[str, Any]", _plain(manifest))


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
        rate_limits=declared([sdk.RateLimit(**each) for each in manifest.get("rate_limits", ())]),
        tables=MappingProxyType({each["name"]: _table(each) for each in manifest.get("sync_tables", ())}),
    )


def result_types(manifest: Mapping[str, Any]) -> Mapping[str, sdk.Type]:
    """Reads the declared result type of every formula of a manifest."""
    return {each["name"]: read_type(each["result"]) for each in manifest["formulas"]}


def _describe_authentication(declared: sdk.Authentication | None) -> dict[str, Any] | None:
    if declared is None:
        return None
    said = {name: value for name, value in asdict(declared).items() if value not in (None, "", (), [], {})}
    return {"kind": type(declared).__name__, **said}


def _describe_formula(formula: sdk.Formula) -> dict[str, Any]:
    # Left out where it is 0, so that what was described before stays as it is.
    stale = {"cache_stale": formula.cache_stale} if formula.cache_stale else {}
    return {
        "name": formula.name,
        "description": formula.description,
        "parameters": [_describe_parameter(parameter) for parameter in formula.parameters],
        "result": describe_type(formula.result),
        "cache_ttl": formula.cache_ttl,
        **stale,
        "timeout": formula.timeout,
        "attempts": formula.attempts,
        "connection": formula.connection,
        "is_action": formula.is_action,
        "isolation": formula.isolation,
        "rate_limit": None if formula.rate_limit is None else asdict(formula.rate_limit),
        "examples": [{"arguments": list(each.arguments), "result": each.result} for each in formula.examples],
    }


def _describe_parameter(parameter: sdk.Parameter) -> dict[str, Any]:
    written: dict[str, Any] = {
        "name": parameter.name,
        "type": describe_type(parameter.type),
        "description": parameter.description,
        "required": parameter.required,
        "default": parameter.default,
        "variadic": parameter.variadic,
        "sparse": parameter.sparse,
    }
    if parameter.suggested is not None:
        written["suggested"] = parameter.suggested
    if parameter.autocomplete is not None:
        written["autocomplete"] = _describe_autocomplete(parameter.autocomplete)
    if parameter.checks:
        written["checks"] = [_describe_check(each) for each in parameter.checks]
    return written


def _describe_autocomplete(offers: sdk.Autocomplete) -> dict[str, Any]:
    if offers.finder is not None:
        return {"function": True}
    return {"choices": [asdict(each) for each in offers.choices], "only": offers.only}


def _describe_check(check: sdk.Between | sdk.Matches | sdk.Valid) -> dict[str, Any]:
    said = {} if isinstance(check, sdk.Valid) else asdict(check)
    return {"kind": type(check).__name__, **said}


def _describe_table(table: sdk.SyncTable) -> dict[str, Any]:
    return {
        "name": table.name,
        "description": table.description,
        "identity": table.identity,
        "schema": None if table.schema is None else describe_schema(table.schema),
        "parameters": [_describe_parameter(parameter) for parameter in table.parameters],
        "timeout": table.timeout,
        "attempts": table.attempts,
        "connection": table.connection,
        "isolation": table.isolation,
        "dynamic": None if table.dynamic is None else [name for name, each in vars(table.dynamic).items() if each],
        "max_update_batch_size": table.max_update_batch_size if table.update else 0,
    }


def _describe_account(account: sdk.AccountFunctions) -> dict[str, Any]:
    return {
        "name": account.name is not None,
        "user_id": account.user_id is not None,
        "steps": [{"name": each.name, "description": each.description} for each in account.steps],
    }


def _table(written: Mapping[str, Any]) -> PackTable:
    return PackTable(
        name=written["name"],
        schema=written["schema"],
        dynamic=written["dynamic"] is not None,
        timeout=written["timeout"],
        attempts=written["attempts"],
    )


def _formula(manifest: Mapping[str, Any], written: Mapping[str, Any]) -> PackFormula:
    signature = Signature(
        pack_id=manifest["id"],
        pack=manifest["name"],
        version=manifest["version"],
        name=written["name"],
        parameters=tuple(_parameter(each) for each in written["parameters"]),
        result=shape_of(read_type(written["result"])),
        account=Need(written["connection"]),
        action=written["is_action"],
        description=written["description"],
    )
    return PackFormula(
        signature=signature,
        cache_ttl=written["cache_ttl"],
        cache_stale=written.get("cache_stale", 0.0),
        timeout=written["timeout"],
        attempts=written["attempts"],
        rate_limits=_limits(written.get("rate_limit"), written["name"]),
    )


def _limits(written: Mapping[str, Any] | None, formula: str) -> tuple[Policy, ...]:
    return () if written is None else declared([sdk.RateLimit(**written)], formula=formula)


def _parameter(written: Mapping[str, Any]) -> Parameter:
    return Parameter(
        name=written["name"],
        shape=shape_of(read_type(written["type"])),
        required=written["required"],
        default=written["default"],
        variadic=written["variadic"],
        sparse=written["sparse"],
        description=written["description"],
    )


def shape_of(declared: sdk.Type) -> Shape:
    """Gives what formulas know of the values of a type."""
    return Shape(
        kind=Kind(declared.kind),
        item=None if declared.item is None else shape_of(declared.item),
        properties=None if declared.schema is None else _properties(declared.schema),
    )


def _properties(schema: sdk.ObjectSchema) -> Mapping[str, Shape]:
    return {name: shape_of(each.value_type) for name, each in schema.properties.items()}


def _plain(value: Any) -> Any:
    """Turns tuples into lists, and dates into their ISO form: what a declaration may hold and JSON has not."""
    match value:
        case Mapping():
            return {name: _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case date():
            return value.isoformat()
        case _:
            return value
