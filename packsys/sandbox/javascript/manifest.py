"""Writes the manifest of a pack in JavaScript, as packsys has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from packsys.catalog.manifest import FORMAT, describe_type
from packsys.sandbox.javascript.types import parameter_type, value_type

TIMEOUT = 60.0  # seconds, as Coda gives every formula
_ATTEMPTS = 4
_CACHED = 300.0  # seconds, where a formula does not say

# The kinds of authentication that are written with nothing but their name and these members.
_AUTHENTICATION: Mapping[str, Mapping[str, str]] = {
    "HeaderBearerToken": {},
    "CustomHeaderToken": {"headerName": "header", "tokenPrefix": "prefix"},
    "QueryParamToken": {"paramName": "parameter"},
    "WebBasic": {},
    "OAuth2": {
        "authorizationUrl": "authorization_url",
        "tokenUrl": "token_url",
        "scopes": "scopes",
        "scopeDelimiter": "scope_delimiter",
        "scopeParamName": "scope_parameter",
        "additionalParams": "parameters",
        "tokenPrefix": "prefix",
        "tokenQueryParam": "token_query",
        "nestedResponseKey": "token_field",
        "endpointKey": "endpoint_field",
        "resource": "resource",
    },
    "OAuth2ClientCredentials": {"tokenUrl": "token_url", "scopes": "scopes"},
    "AWSAccessKey": {"service": "service"},
    "AWSAssumeRole": {"service": "service"},
    "GoogleServiceAccount": {"scopes": "scopes"},
    "Custom": {},
    "MultiHeaderToken": {},
    "MultiQueryParamToken": {},
}


def write_manifest(coda: Mapping[str, Any], *, pack_id: int, name: str, version: str) -> dict[str, Any]:
    """Makes a manifest of what a bundle declares about itself.

    A bundle knows neither its number nor its name: they are given to it where it is published. What packsys has no
    word for, such as the keys of property options, stays in what the bundle declares.
    """
    return {
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
        "authentication": _authentication(coda.get("defaultAuthentication")),
        "system_authentication": _authentication(coda.get("systemConnectionAuthentication")),
        "formulas": [_formula(each) for each in _objects(coda.get("formulas"))],
        "sync_tables": [_table(each) for each in _objects(coda.get("syncTables"))],
        "column_formats": [_format(each) for each in _objects(coda.get("formats"))],
    }


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
    if suggested is not None:
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
        "schema": describe_type(value_type(written.get("schema"))).get("schema"),
        "parameters": _parameters(formula),
        "timeout": TIMEOUT,
        "attempts": _ATTEMPTS,
        "connection": _need(formula),
        "isolation": "fresh",
        "dynamic": [ours for theirs, ours in _DYNAMIC.items() if written.get(theirs)] if dynamic else None,
        "max_update_batch_size": (size if _number(size) else 1) if formula.get("executeUpdate") else 0,
    }


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


def _authentication(written: Any) -> dict[str, Any] | None:
    if not isinstance(written, Mapping) or written.get("type") not in _AUTHENTICATION:
        return None
    kind = str(written["type"])
    members = {ours: written[theirs] for theirs, ours in _AUTHENTICATION[kind].items() if written.get(theirs)}
    for theirs, ours in (("networkDomain", "domain"), ("instructionsUrl", "instructions_url")):
        if isinstance(written.get(theirs), str):
            members[ours] = written[theirs]
    return {"kind": kind, **members, **_special(kind, written)}


def _special(kind: str, written: Mapping[str, Any]) -> dict[str, Any]:
    match kind:
        case "Custom":
            return {"fields": _named(written.get("params"))}
        case "MultiHeaderToken":
            return {"headers": _named(written.get("headers"))}
        case "MultiQueryParamToken":
            return {"parameters": _named(written.get("params"))}
        case "OAuth2":
            return {"pkce": "S256" if written.get("useProofKeyForCodeExchange") else "none"}
        case "WebBasic":
            shown = written.get("uxConfig")
            return {"username_only": True} if isinstance(shown, Mapping) and shown.get("usernameOnly") else {}
        case _:
            return {}


def _named(written: Any) -> list[dict[str, str]]:
    return [
        {"name": _text(each.get("name")), "description": _text(each.get("description"))} for each in _objects(written)
    ]


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
    return isinstance(value, (int, float)) and not isinstance(value, bool)
