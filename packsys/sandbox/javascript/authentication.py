"""Writes how a pack of the Coda SDK authenticates, as packsys has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_OAUTH = {
    "tokenUrl": "token_url",
    "scopes": "scopes",
    "scopeDelimiter": "scope_delimiter",
    "scopeParamName": "scope_parameter",
    "tokenPrefix": "prefix",
    "tokenQueryParam": "token_query",
    "nestedResponseKey": "token_field",
}
# The kinds of authentication, with the members that are written as they are.
_KINDS: Mapping[str, Mapping[str, str]] = {
    "HeaderBearerToken": {},
    "CustomHeaderToken": {"headerName": "header", "tokenPrefix": "prefix"},
    "MultiHeaderToken": {},
    "QueryParamToken": {"paramName": "parameter"},
    "MultiQueryParamToken": {},
    "WebBasic": {},
    "Custom": {},
    "OAuth2": {
        **_OAUTH,
        "authorizationUrl": "authorization_url",
        "endpointKey": "endpoint_field",
        "resource": "resource",
        "useDynamicClientRegistration": "registers_clients",
    },
    "OAuth2ClientCredentials": _OAUTH,
    "AWSAccessKey": {"service": "service"},
    "AWSAssumeRole": {"service": "service"},
    "GoogleServiceAccount": {"scopes": "scopes"},
    "GoogleDomainWideDelegation": {"scopes": "scopes"},
}
_OTHER_NAMES = {"CodaApiHeaderBearerToken": "HeaderBearerToken"}
_PLACES = {"Automatic": "automatic", "Body": "body", "AuthorizationHeader": "header"}


def write_authentication(written: Any) -> dict[str, Any] | None:
    """Makes the manifest's form of an authentication; None where there is none, or none that packsys can do."""
    given = written if isinstance(written, Mapping) else {}
    kind = _OTHER_NAMES.get(str(given.get("type")), str(given.get("type")))
    if kind not in _KINDS or (kind == "OAuth2" and not (given.get("authorizationUrl") and given.get("tokenUrl"))):
        return None  # where a client registers itself, the addresses are only known at run time
    members = {ours: given[theirs] for theirs, ours in _KINDS[kind].items() if given.get(theirs)}
    return {"kind": kind, **members, **_of_all(given), **_special(kind, given)}


def write_account(written: Any) -> dict[str, Any]:
    """Tells what a pack can find out about an account."""
    given = written if isinstance(written, Mapping) else {}
    return {
        "name": bool(given.get("getConnectionName")),
        "user_id": bool(given.get("getConnectionUserId")),
        "steps": [
            {"name": str(each.get("name")), "description": str(each.get("description") or "")[:1000]}
            for each in _listed(given.get("postSetup"))
            if isinstance(each, Mapping)
        ],
    }


def _of_all(given: Mapping[str, Any]) -> dict[str, Any]:
    """Writes what every kind may have."""
    domain, page = given.get("networkDomain"), given.get("instructionsUrl")
    first = domain[0] if isinstance(domain, list) and domain else domain  # a manifest knows one
    written: dict[str, Any] = {"domain": first} if isinstance(first, str) and first else {}
    if isinstance(page, str):
        written["instructions_url"] = page
    if given.get("requiresEndpointUrl") is True:
        below = given.get("endpointDomain")
        written["endpoint"] = {"domain": below if isinstance(below, str) else ""}
    return written


def _special(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    match kind:
        case "Custom":
            return {"fields": _named(given.get("params"))}
        case "MultiHeaderToken":
            return {"headers": _named(given.get("headers"))}
        case "MultiQueryParamToken":
            return {"parameters": _named(given.get("params"))}
        case "OAuth2":
            return {"pkce": _pkce(given), **_added(given.get("additionalParams")), **_place(given)}
        case "OAuth2ClientCredentials":
            return _place(given)
        case "WebBasic":
            return _asked_for(given.get("uxConfig"))
        case _:
            return {}


def _pkce(given: Mapping[str, Any]) -> str:
    method = given.get("pkceChallengeMethod")
    return (method if method == "plain" else "S256") if given.get("useProofKeyForCodeExchange") else "none"


def _place(given: Mapping[str, Any]) -> dict[str, str]:
    place = _PLACES.get(str(given.get("credentialsLocation")))
    return {"credentials": place} if place else {}


def _added(parameters: Any) -> dict[str, Any]:
    if not isinstance(parameters, Mapping) or not parameters:
        return {}
    return {
        "parameters": {
            name: each if isinstance(each, str) else json.dumps(each, default=str) for name, each in parameters.items()
        }
    }


def _asked_for(shown: Any) -> dict[str, Any]:
    given = shown if isinstance(shown, Mapping) else {}
    words = (("placeholderUsername", "username"), ("placeholderPassword", "password"))
    said = {ours: given[theirs] for theirs, ours in words if isinstance(given.get(theirs), str) and given[theirs]}
    return {**said, "username_only": True} if given.get("usernameOnly") is True else said


def _named(written: Any) -> list[dict[str, str]]:
    return [_entry(each) for each in _listed(written) if isinstance(each, Mapping)]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _entry(written: Mapping[str, Any]) -> dict[str, str]:
    pairs = (("name", "name"), ("description", "description"), ("tokenPrefix", "prefix"))
    entry = {ours: written[theirs] for theirs, ours in pairs if isinstance(written.get(theirs), str)}
    return {"name": "", "description": "", **entry}
