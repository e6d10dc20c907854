"""Writes the manifest of a pack in JavaScript, as packsys has it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from packsys.catalog.manifest import FORMAT
from packsys.catalog.types import describe_schema, describe_type
from packsys.sandbox.javascript.authentication import write_account, write_authentication
from packsys.sandbox.javascript.types import object_schema, parameter_type, value_type

TIMEOUT = 60.0  # seconds, as Coda gives every formula
_ATTEMPTS = 4
_CACHED = 300.0  # seconds, where a formula does not say

# What packsys has no word for is kept in the words of the SDK, under ``coda``.
_OF_PACK = ("version", "skills", "mcpServers", "suggestedPrompts")
_OF_FORMULA = (
    "instructions",
    "purpose",
    "isExperimental",
    "isSystem",
    "extraOAuthScopes",
    "allowedAuthenticationNames",
    "validateParameters",
)
_OF_TABLE = ("displayName", "instructions", "entityName", "defaultAddDynamicColumns", "role", "indexing")
_OF_PARAMETER = (
    "instructions",
    "ingestionSuggestedValue",
    "fullSyncSuggestedValue",
    "allowedPresetValues",
    "allowManualInput",
    "crawlStrategy",
    "supportsIncrementalSync",
)


def write_manifest(
    coda: Mapping[str, Any], *, pack_id: int, name: str, version: str, web: bool = False
) -> dict[str, Any]:
    """Makes a manifest of what a bundle declares about itself.

    A bundle knows neither its number nor its name: they are given to it where it is published. ``web`` says whether
    its code finds the web's polyfills. What packsys has no word for is kept under ``coda`` as the bundle says it.
    """
    authentication = coda.get("defaultAuthentication")
    others = _others(coda, web=web)
    manifest = {
        "format": FORMAT,
        "runtime": "javascript",
        "id": pack_id,
        "name": name,
        "version": version,
        "description": _text(coda.get("description")) or f"The pack {name}.",
        "author": "",
        "icon": "",
        "categories": [],
        "domains": [each for each in _list(coda.get("networkDomains")) if isinstance(each, str)],
        "base_url": _text(coda.get("baseUrl")),
        "authentication": write_authentication(authentication),
        "system_authentication": write_authentication(coda.get("systemConnectionAuthentication")),
        "account": write_account(authentication),
        "rate_limits": [],
        "formulas": [_formula(each) for each in _objects(coda.get("formulas"))],
        "sync_tables": [_table(each) for each in _objects(coda.get("syncTables"))],
        "column_formats": [_format(each) for each in _objects(coda.get("formats"))],
        **({"coda": others} if others else {}),
    }
    return cast("dict[str, Any]", _plain(manifest))


def _plain(value: Any) -> Any:
    """Leaves out what JSON has not: a bundle may declare examples with ``undefined`` or ``Infinity``."""
    match value:
        case Mapping():
            return {name: _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case str() | bool() | int():
            return value
        case float() if math.isfinite(value):
            return value
        case datetime():
            return value.isoformat()
        case _:
            return None


def _others(coda: Mapping[str, Any], *, web: bool) -> dict[str, Any]:
    formulas = {_text(each.get("name")): _of_formula(each) for each in _objects(coda.get("formulas"))}
    tables = {_text(each.get("name")): _of_table(each) for each in _objects(coda.get("syncTables"))}
    named = {
        "formulas": {name: each for name, each in formulas.items() if each},
        "syncTables": {name: each for name, each in tables.items() if each},
        "adminAuthentications": [
            _only(each, ("name", "displayName", "description")) for each in _objects(coda.get("adminAuthentications"))
        ],
        "authenticationDomains": _domains(coda.get("defaultAuthentication")),
        "web": web,
    }
    return {**_only(coda, _OF_PACK), **{name: each for name, each in named.items() if each}}


def _domains(authentication: Any) -> list[Any]:
    """Gives the domains that receive the secret, where they are several: the manifest's own word has the first."""
    domains = authentication.get("networkDomain") if isinstance(authentication, Mapping) else None
    return domains if isinstance(domains, list) and len(domains) > 1 else []


def _of_formula(written: Mapping[str, Any]) -> dict[str, Any]:
    declared = [*_objects(written.get("parameters")), *_objects(written.get("varargParameters"))]
    parameters = {_text(each.get("name")): _only(each, _OF_PARAMETER) for each in declared}
    said = {name: each for name, each in parameters.items() if each}
    return {**_only(written, _OF_FORMULA), **({"parameters": said} if said else {})}


def _of_table(written: Mapping[str, Any]) -> dict[str, Any]:
    getter = written.get("getter")
    formula = _of_formula(getter) if isinstance(getter, Mapping) else {}
    options = written.get("namedPropertyOptions")
    named = {"namedPropertyOptions": [*options]} if isinstance(options, Mapping) and options else {}
    return {**formula, **_only(written, _OF_TABLE), **named}


def _only(written: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: written[name] for name in names if written.get(name) not in (None, "", [], {}, False)}


def _formula(written: Mapping[str, Any]) -> dict[str, Any]:
    schema = written.get("schema")
    result = value_type(schema) if schema else parameter_type(written.get("resultType"))[0]
    ttl = written.get("cacheTtlSecs")
    action = written.get("isAction") is True
    return {
        "name": _text(written.get("name")),
        "description": _text(written.get("description")),
        "parameters": _parameters(written),
        "result": describe_type(result),
        "cache_ttl": 0.0 if action else ttl if _number(ttl) else _CACHED,
        "timeout": TIMEOUT,
        "attempts": 1 if action else _ATTEMPTS,
        "connection": _need(written),
        "is_action": action,
        "isolation": "fresh",
        "rate_limit": None,
        "examples": [
            {"arguments": _list(each.get("params")), "result": each.get("result")}
            for each in _objects(written.get("examples"))
        ],
    }


def _parameters(written: Mapping[str, Any]) -> list[dict[str, Any]]:
    single = [_parameter(each, variadic=False) for each in _objects(written.get("parameters"))]
    return single + [_parameter(each, variadic=True) for each in _objects(written.get("varargParameters"))]


def _parameter(written: Mapping[str, Any], *, variadic: bool) -> dict[str, Any]:
    kind, sparse = parameter_type(written.get("type"))
    parameter: dict[str, Any] = {
        "name": _text(written.get("name")),
        "type": describe_type(kind),
        "description": _text(written.get("description")),
        "required": written.get("optional") is not True and not variadic,
        "default": None,
        "variadic": variadic,
        "sparse": sparse,
    }
    suggested = written.get("suggestedValue", written.get("defaultValue"))
    if isinstance(suggested, (str, int, float, list)):
        parameter["suggested"] = suggested
    if written.get("autocomplete"):
        parameter["autocomplete"] = {"function": True}
    return parameter


def _table(written: Mapping[str, Any]) -> dict[str, Any]:
    getter = written.get("getter")
    formula = getter if isinstance(getter, Mapping) else {}
    size = formula.get("maxUpdateBatchSize")
    name, dynamic = _text(written.get("name")), written.get("isDynamic") is True
    return {
        "name": name,
        "description": _text(written.get("description")) or _text(formula.get("description")) or f"The table {name}.",
        "identity": _text(written.get("identityName")),
        "schema": _rows(written.get("schema"), dynamic=dynamic),
        "parameters": _parameters(formula),
        "timeout": TIMEOUT,
        "attempts": _ATTEMPTS,
        "connection": _need(formula),
        "isolation": "fresh",
        "dynamic": [ours for theirs, ours in _DYNAMIC.items() if written.get(theirs)] if dynamic else None,
        "max_update_batch_size": (size if _number(size) else 1) if formula.get("executeUpdate") else 0,
    }


def _rows(schema: Any, *, dynamic: bool) -> dict[str, Any] | None:
    """Writes what is known of the rows; a dynamic table's placeholder need not say what tells them apart."""
    found = object_schema(schema) if isinstance(schema, Mapping) else None
    return None if found is None or (dynamic and not found.id) else describe_schema(found)


_DYNAMIC = {
    "getSchema": "schema",
    "listDynamicUrls": "tables",
    "getName": "name",
    "searchDynamicUrls": "search",
    "getDisplayUrl": "page",
}


def _format(written: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": _text(written.get("name")),
        "formula": _text(written.get("formulaName")),
        "instructions": _text(written.get("instructions")),
        "placeholder": _text(written.get("placeholder")),
        "domains": [],
        "matchers": [_pattern(each) for each in _list(written.get("matchers")) if isinstance(each, str)],
    }


def _pattern(written: str) -> str:
    """Takes the slashes off a pattern that JavaScript wrote: ``/^a+$/i``."""
    body, _, flags = written.removeprefix("/").rpartition("/")
    return f"(?i){body}" if "i" in flags else body


def _need(written: Mapping[str, Any]) -> str:
    need = written.get("connectionRequirement")
    return need if need in ("none", "optional", "required") else "none"


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in _list(value) if isinstance(each, Mapping)]


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool) and value.bit_length() < 1024
    return isinstance(value, float) and math.isfinite(value)
