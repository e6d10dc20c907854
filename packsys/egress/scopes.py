"""Reads which rights an account lacks, where a service tells it with a refusal."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from packsys.errors import MissingScopes
from packsys.ports import Response

_CHALLENGE = re.compile(r'\berror\s*=\s*"?insufficient_scope\b', re.IGNORECASE)
_SCOPE = re.compile(r'\bscope\s*=\s*"([\x20-\x7e]{1,500}?)"', re.IGNORECASE)
_LONGEST_BODY = 64 * 2**10  # bytes of a body that may be such a refusal


def missing_scopes(response: Response, *, host: str, account: str) -> MissingScopes | None:
    """Gives the error for a 403 that says so, or None.

    Understood are the challenge ``insufficient_scope`` of RFC 6750, 3.1, the same as an error in a JSON body,
    Google's ``ACCESS_TOKEN_SCOPE_INSUFFICIENT``, and ``X-Accepted-OAuth-Scopes`` beside ``X-OAuth-Scopes`` as GitHub
    sends them.
    """
    if response.status != 403:
        return None
    wanted = _challenged(response.headers)
    if wanted is None:
        wanted = _accepted(response.headers)
    if wanted is None:
        wanted = _told(response)
    return None if wanted is None else _error(wanted, host, account)


def _error(scopes: tuple[str, ...], host: str, account: str) -> MissingScopes:
    what = ", ".join(scopes) or "what this call needs"
    return MissingScopes(f"{host} wants more rights of {account!r}: connect it again and grant {what}.", scopes=scopes)


def _challenged(headers: Mapping[str, str]) -> tuple[str, ...] | None:
    challenge = headers.get("www-authenticate", "")
    if not _CHALLENGE.search(challenge):
        return None
    named = _SCOPE.search(challenge)
    return tuple(named[1].split()) if named else ()


def _accepted(headers: Mapping[str, str]) -> tuple[str, ...] | None:
    if headers.get("x-ratelimit-remaining") == "0" or "x-oauth-scopes" not in headers:
        return None
    accepted, granted = _listed(headers.get("x-accepted-oauth-scopes", "")), _listed(headers["x-oauth-scopes"])
    return accepted if accepted and not set(accepted) & set(granted) else None


def _listed(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _told(response: Response) -> tuple[str, ...] | None:
    if len(response.body) > _LONGEST_BODY or "json" not in response.headers.get("content-type", ""):
        return None
    try:
        said = json.loads(response.body)
    except (ValueError, RecursionError):
        return None
    match said:
        case {"error": "insufficient_scope" | "missing_scope"}:
            return _named(said)
        case {"error": {"details": [*details]}} if any(_is_googles(each) for each in details):
            return ()
        case _:
            return None


def _named(said: Mapping[str, Any]) -> tuple[str, ...]:
    named = said.get("scope") or said.get("needed") or ""
    return tuple(str(named)[:500].replace(",", " ").split())


def _is_googles(detail: object) -> bool:
    return isinstance(detail, dict) and detail.get("reason") == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
