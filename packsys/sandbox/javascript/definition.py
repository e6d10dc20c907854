"""A pack whose formulas are JavaScript texts in one JSON file.

Each body is that of an async function of ``params`` (by name), ``connection`` (which knows no secret) and
``context``: ``context.api.get(url)`` and its like, ``context.logger``, and all that a pack of the Coda SDK has.
Relative addresses are completed with ``config.baseUrl``, whose host is the one domain unless ``domains`` are given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from packsys.errors import BrokenPack

_TYPES: Mapping[str, int] = {"string": 0, "text": 0, "number": 1, "boolean": 3, "date": 4, "datetime": 4}

# ``api`` is a thin way to write requests: the host still signs and checks each of them.
_PRELUDE = """
(function () {
  'use strict';
  const define = (parameters, body) => async (given, context) => {
    const params = {};
    parameters.forEach((name, at) => (params[name] = given[at]));
    const send = method => async (url, more = {}) => {
      const body = more.body !== null && typeof more.body === 'object' ? JSON.stringify(more.body) : more.body;
      const headers = body === more.body ? more.headers : {'Content-Type': 'application/json', ...more.headers};
      return (await context.fetcher.fetch({...more, method, url, headers, body})).body;
    };
    const api = {get: send('GET'), post: send('POST'), put: send('PUT'), patch: send('PATCH'), delete: send('DELETE')};
    return body(params, {endpoint: context.endpoint}, {...context, api});
  };
  const formulas = [];
  globalThis.module.exports = {pack: {formulas}};
  globalThis.__define = (name, parameters, body) =>
    formulas.push({name, parameters: parameters.map(each => ({name: each})), execute: define(parameters, body)});
})();
"""


def read_definition(text: bytes) -> dict[str, Any]:
    """Reads the file; raises :class:`~packsys.errors.BrokenPack` for one that is not what it must be."""
    try:
        written = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BrokenPack(f"pack.json cannot be read: {error}.") from error
    functions = written.get("functions") if isinstance(written, dict) else None
    if not isinstance(functions, list) or not functions:
        raise BrokenPack("pack.json has no functions: write at least one, with a name and an implementation.")
    for each in functions:
        _check(each)
    return dict(written)


def scripts_of(definition: Mapping[str, Any]) -> list[str]:
    """Writes the scripts that define the formulas: one for each, so that an error names one function."""
    return [_PRELUDE, *(_script(each) for each in definition["functions"])]


def as_coda(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Writes the declaration as a bundle of the Coda SDK would describe itself."""
    authentication = _authentication(definition.get("authentication"))
    base = _base(definition)
    return {
        "description": definition.get("description"),
        "networkDomains": definition.get("domains") or [host for host in [urlsplit(base).hostname] if host],
        "baseUrl": base,
        "defaultAuthentication": authentication,
        "formulas": [_formula(each, signed=authentication is not None) for each in definition["functions"]],
    }


def _check(function: Any) -> None:
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise BrokenPack("A function of pack.json has no name.")
    name = function["name"][:50]
    if not isinstance(function.get("implementation"), str):
        raise BrokenPack(f"The function {name!r} of pack.json has no implementation: write its body as a text.")
    parameters = function.get("parameters", [])
    if not isinstance(parameters, list) or not all(
        isinstance(each, dict) and isinstance(each.get("name"), str) for each in parameters
    ):
        raise BrokenPack(f"The parameters of the function {name!r} of pack.json must be objects with a name.")


def _script(function: Mapping[str, Any]) -> str:
    names = [each["name"] for each in function.get("parameters", [])]
    head = ", ".join(json.dumps(each) for each in (function["name"], names))
    return (
        f"__define({head}, async (params, connection, context) => {{'use strict';\n{function['implementation']}\n}});"
    )


def _base(definition: Mapping[str, Any]) -> str:
    config = definition.get("config")
    base = config.get("baseUrl") if isinstance(config, dict) else None
    return base.rstrip("/") if isinstance(base, str) else ""


def _authentication(written: Any) -> dict[str, Any] | None:
    given = written if isinstance(written, dict) else {}
    endpoints = given.get("endpoints")
    at = endpoints if isinstance(endpoints, dict) else {}
    match given.get("type"):
        case None | "none":
            return None
        case "oauth2":
            urls = {"authorizationUrl": at.get("authorization"), "tokenUrl": at.get("token")}
            return {"type": "OAuth2", "scopes": given.get("scopes", []), "useProofKeyForCodeExchange": True, **urls}
        case "basic":
            return {"type": "WebBasic"}
        case "api_key" if isinstance(given.get("header"), str):
            return {"type": "CustomHeaderToken", "headerName": given["header"]}
        case "api_key" | "bearer":
            return {"type": "HeaderBearerToken"}
        case _:
            return given


def _formula(function: Mapping[str, Any], *, signed: bool) -> dict[str, Any]:
    given = function.get("options")
    options = given if isinstance(given, dict) else {}
    return {
        "name": function["name"],
        "description": function.get("description", ""),
        "parameters": [_parameter(each) for each in function.get("parameters", [])],
        "schema": _schema(function.get("returnType")),
        "cacheTtlSecs": options.get("cacheTTL", 0),
        "isAction": options.get("isAction", False),
        "connectionRequirement": "required" if signed else "none",
    }


def _parameter(written: Mapping[str, Any]) -> dict[str, Any]:
    kind = written.get("type")
    name = kind.get("type") if isinstance(kind, dict) else kind
    item = kind.get("itemType") if isinstance(kind, dict) else None
    return {
        "name": written["name"],
        "description": written.get("description", ""),
        "optional": written.get("required") is False,
        "type": {"type": "array", "items": _TYPES.get(_kind(item), 0)} if name == "array" else _TYPES.get(str(name)),
    }


def _kind(item: Any) -> str:
    return str(item.get("type") if isinstance(item, dict) else item)


def _schema(written: Any) -> dict[str, Any]:
    given = written if isinstance(written, dict) else {"type": written}
    match given.get("type"):
        case "array":
            return {"type": "array", "items": _schema(given.get("itemType"))}
        case "object":
            properties = given.get("properties")
            named = {name: _schema(each) for name, each in properties.items()} if isinstance(properties, dict) else {}
            return {"type": "object", "properties": named}
        case "date" | "datetime" as kind:
            return {"type": "string", "codaType": kind}
        case "text" | "string":
            return {"type": "string"}
        case kind:
            return {"type": kind}
