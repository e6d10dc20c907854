"""What the seal of a connection holds: the fields that a person entered, and the tokens that were got with them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from packsys.connections.secret import Secret

_FORMAT = "packsys"


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """Is what a token endpoint answered: ``expires_at`` is None for a token without a known end.

    ``more`` holds what else belongs to the access token, such as the parts of a temporary AWS key.
    """

    access: Secret
    refresh: Secret | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()
    endpoint: str = ""
    more: Mapping[str, Secret] = field(default_factory=dict)

    def after(self, earlier: Tokens | None) -> Tokens:
        """Keeps the refresh token and the scopes of the earlier ones where the service sent none (RFC 6749, 6)."""
        if earlier is None:
            return self
        return replace(self, refresh=self.refresh or earlier.refresh, scopes=self.scopes or earlier.scopes)


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Is all that is secret about an account."""

    fields: Mapping[str, Secret] = field(default_factory=dict)
    tokens: Tokens | None = None


def written(contents: Contents) -> Secret:
    """Writes what is to be sealed as one text."""
    tokens = contents.tokens
    document = {_FORMAT: 1, "fields": _shown(contents.fields), "tokens": None if tokens is None else _document(tokens)}
    return Secret(json.dumps(document, separators=(",", ":")))


def read(secret: Secret) -> Contents:
    """Reads what was sealed; a text that is none of ours is the token of an account of an early release."""
    text = secret.reveal()
    document = json.loads(text) if text.startswith(f'{{"{_FORMAT}":1,') else {"fields": {"token": text}}
    tokens = document.get("tokens")
    return Contents(fields=_secrets(document["fields"]), tokens=None if tokens is None else _tokens(tokens))


def hidden_in(secret: Secret) -> Collection[str]:
    """Lists the texts in what is sealed that no log may show: all of an account's, the verifier of a sign-in."""
    text = secret.reveal()
    document = json.loads(text) if text.startswith(('{"packsys"', '{"connection"')) else None
    if document is None:
        return (text,)
    if _FORMAT not in document:
        return (document["verifier"],)
    contents = read(secret)
    return tuple(each.reveal() for each in (*contents.fields.values(), *_all_of(contents.tokens)))


def _all_of(tokens: Tokens | None) -> tuple[Secret, ...]:
    if tokens is None:
        return ()
    return (tokens.access, *([tokens.refresh] if tokens.refresh else []), *tokens.more.values())


def _document(tokens: Tokens) -> dict[str, Any]:
    return {
        "access": tokens.access.reveal(),
        "refresh": None if tokens.refresh is None else tokens.refresh.reveal(),
        "issued_at": _iso(tokens.issued_at),
        "expires_at": _iso(tokens.expires_at),
        "scopes": list(tokens.scopes),
        "endpoint": tokens.endpoint,
        "more": _shown(tokens.more),
    }


def _tokens(document: Mapping[str, Any]) -> Tokens:
    return Tokens(
        access=Secret(document["access"]),
        refresh=None if document["refresh"] is None else Secret(document["refresh"]),
        issued_at=_time(document["issued_at"]),
        expires_at=_time(document["expires_at"]),
        scopes=tuple(document["scopes"]),
        endpoint=document["endpoint"],
        more=_secrets(document["more"]),
    )


def _shown(secrets: Mapping[str, Secret]) -> dict[str, str]:
    return {name: secret.reveal() for name, secret in secrets.items()}


def _secrets(texts: Mapping[str, str]) -> dict[str, Secret]:
    return {name: Secret(text) for name, text in texts.items()}


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
