"""What people enter to connect an account, by the kind of authentication that its pack declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packsys.connections.contents import Contents, Tokens
from packsys.connections.secret import Secret
from packsys.errors import BrokenPack, RequestError

LONGEST = 20_000
"""Characters that one field may have: the key file of a Google service account has 2,500."""


@dataclass(frozen=True)
class Entry:
    """Names the fields of a kind: those that must be there, and those that may."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Lists all of them."""
        return (*self.required, *self.optional)


_TOKEN = Entry(("token",))


def asks(authentication: Mapping[str, Any]) -> bool:
    """Tells whether a service wants to know who asks."""
    return authentication.get("kind") not in (None, "NoAuthentication")


def mints(authentication: Mapping[str, Any]) -> bool:
    """Tells whether what is entered is exchanged for tokens that end, and not sent itself."""
    return authentication.get("kind") in _MINTING


_MINTING = ("OAuth2", "OAuth2ClientCredentials", "AWSAssumeRole", "GoogleServiceAccount", "GoogleDomainWideDelegation")


def entry(authentication: Mapping[str, Any]) -> Entry:
    """Tells what people enter; raises :class:`~packsys.errors.BrokenPack` for a kind that is not known here."""
    match authentication:
        case {"kind": "HeaderBearerToken" | "CustomHeaderToken" | "QueryParamToken" | "OAuth2"}:
            return _TOKEN
        case {"kind": "MultiHeaderToken", "headers": named} | {"kind": "MultiQueryParamToken", "parameters": named}:
            return Entry(_names(named))
        case {"kind": "Custom", "fields": named}:
            return Entry(_names(named))
        case {"kind": "WebBasic"}:
            return Entry(("username",) if authentication.get("username_only") else ("username", "password"))
        case {"kind": str(kind)} if kind in _FIXED:
            return _FIXED[kind]
    raise BrokenPack(f"The pack authenticates by {authentication.get('kind')!r}, which this release does not know.")


_FIXED: Mapping[str, Entry] = {
    "NoAuthentication": Entry(),
    "OAuth2ClientCredentials": Entry(("client_id", "client_secret")),
    "AWSAccessKey": Entry(("access_key_id", "secret_access_key"), ("session_token", "region")),
    "AWSAssumeRole": Entry(("role_arn",), ("external_id", "region")),
    "GoogleServiceAccount": Entry(("key",)),
    "GoogleDomainWideDelegation": Entry(("key", "subject")),
}


def entered(
    authentication: Mapping[str, Any], *, token: Secret | None = None, fields: Mapping[str, Secret] | None = None
) -> Contents:
    """Checks what a person entered, and gives it as what is to be sealed.

    ``token`` is the only field of a kind that has one. For ``OAuth2`` it is an access token that was got elsewhere:
    it is used until the service refuses it. Raises :class:`~packsys.errors.RequestError` with the names of the
    fields, and never with what was entered.
    """
    if not asks(authentication):
        return _nothing(token, fields)
    if authentication["kind"] == "OAuth2" and token is None and not fields:
        raise RequestError(
            "People sign in at the pack's service: with 'packsys connect PACK NAME --sign-in', or GET /v1/oauth/start."
        )
    wanted = entry(authentication)
    given = _given(wanted, token, fields)
    _check(wanted, given)
    if authentication["kind"] == "OAuth2":
        return Contents(tokens=Tokens(access=given["token"]))
    return Contents(fields=given)


def _nothing(token: Secret | None, fields: Mapping[str, Secret] | None) -> Contents:
    if fields:
        raise RequestError("The pack's service asks for no account: leave out the fields.")
    return Contents() if token is None else Contents(fields={"token": token})


def _given(wanted: Entry, token: Secret | None, fields: Mapping[str, Secret] | None) -> Mapping[str, Secret]:
    if token is not None and fields:
        raise RequestError("Give the account's token or its fields, not both.")
    if token is None:
        return fields or {}
    if len(wanted.required) != 1:
        raise RequestError(f"One token is not enough for this pack: give the fields {_listed(wanted.names)}.")
    return {wanted.required[0]: token}


def _check(wanted: Entry, given: Mapping[str, Secret]) -> None:
    unknown = sorted(set(given) - set(wanted.names))
    missing = [name for name in wanted.required if name not in given]
    if unknown or missing:
        wrong = f"{_listed(unknown)} is not asked for" if unknown else f"{_listed(missing)} is missing"
        raise RequestError(f"The pack's service asks for {_listed(wanted.names)}: {wrong}.")
    for name, value in given.items():
        if not 0 < len(value.reveal()) <= LONGEST:
            raise RequestError(f"The field {name!r} must have 1 to {LONGEST} characters.")


def _names(named: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(each["name"] for each in named)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name[:100]) for name in names)
