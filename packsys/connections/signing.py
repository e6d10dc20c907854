"""How a request is signed, by the kind of authentication that a pack declares."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from packsys.connections import aws
from packsys.connections.contents import Contents
from packsys.connections.credential import Outgoing
from packsys.connections.placeholders import HEADER, filled
from packsys.connections.secret import Secret
from packsys.errors import AuthenticationRefused, BrokenPack, ForbiddenRequest

Apply: TypeAlias = Callable[[Outgoing], Outgoing]


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Signs the requests of one call: :class:`~packsys.connections.credential.Credential`."""

    apply: Apply = field(repr=False)
    headers: Collection[str] = ()
    redactions: Collection[str] = field(default=(), repr=False)
    version: int = 0

    def sign(self, outgoing: Outgoing) -> Outgoing:
        """Adds what proves who asks."""
        return self.apply(outgoing)


def signer(authentication: Mapping[str, Any], contents: Contents, *, version: int = 0, token: str = "") -> Signer:
    """Gives what signs with an account's secret; ``token`` is the call's own, by which ``Custom`` marks places.

    Raises :class:`~packsys.errors.BrokenPack` for a kind that this release does not know and
    :class:`~packsys.errors.AuthenticationRefused` for a secret that cannot be sent.
    """
    kind = authentication.get("kind", "")
    if kind not in _KINDS:
        raise BrokenPack(f"The pack authenticates by {kind!r}: this release knows {', '.join(_KINDS)}.")
    made = _KINDS[kind](_Account(authentication, contents, token))
    hidden = (secret.reveal() for secret in _hidden(authentication, contents))
    return replace(made, version=version, redactions=frozenset((*made.redactions, *hidden)))


@dataclass(frozen=True)
class _Account:
    authentication: Mapping[str, Any]
    contents: Contents = field(repr=False)
    token: str = ""

    def field(self, name: str) -> str:
        if name not in self.contents.fields:
            raise AuthenticationRefused(f"The account has no {name!r}: connect it again.")
        return self.contents.fields[name].reveal()

    @property
    def access(self) -> str:
        if self.contents.tokens is None:
            raise AuthenticationRefused("The account has no token yet: connect it again.")
        return self.contents.tokens.access.reveal()


def _bearer(account: _Account) -> Signer:
    return _in_headers({"Authorization": _prefixed("Bearer", account.field("token"))})


def _custom_header(account: _Account) -> Signer:
    said = account.authentication
    return _in_headers({said["header"]: _prefixed(said.get("prefix", ""), account.field("token"))})


def _several_headers(account: _Account) -> Signer:
    named = account.authentication["headers"]
    return _in_headers({each["name"]: _prefixed(each.get("prefix", ""), account.field(each["name"])) for each in named})


def _parameter(account: _Account) -> Signer:
    return _in_query({account.authentication["parameter"]: account.field("token")})


def _several_parameters(account: _Account) -> Signer:
    return _in_query({each["name"]: account.field(each["name"]) for each in account.authentication["parameters"]})


def _basic(account: _Account) -> Signer:
    username = account.field("username")
    if ":" in username:
        raise AuthenticationRefused("The account's user name holds a colon, which it cannot (RFC 7617): connect again.")
    password = "" if account.authentication.get("username_only") else account.field("password")
    encoded = b64encode(f"{username}:{password}".encode()).decode()
    return replace(_in_headers({"Authorization": f"Basic {encoded}"}), redactions=(encoded,))


def _custom(account: _Account) -> Signer:
    return Signer(apply=lambda outgoing: filled(outgoing, account.contents.fields, token=account.token))


def _access_token(account: _Account) -> Signer:
    said = account.authentication
    if said.get("token_query"):
        return _in_query({said["token_query"]: account.access})
    return _in_headers({"Authorization": _prefixed(said.get("prefix", "Bearer"), account.access)})


def _aws_key(account: _Account) -> Signer:
    fields = account.contents.fields
    key = aws.Key(
        id=account.field("access_key_id"),
        secret=Secret(account.field("secret_access_key")),
        token=fields.get("session_token"),
    )
    return _signing_for_aws(account, key)


def _aws_role(account: _Account) -> Signer:
    more = account.contents.tokens.more if account.contents.tokens else {}
    return _signing_for_aws(account, aws.Key(id=account.access, secret=more["secret"], token=more["session"]))


def _signing_for_aws(account: _Account, key: aws.Key) -> Signer:
    service, chosen = account.authentication["service"], account.contents.fields.get("region")
    region = chosen.reveal() if chosen else ""
    return Signer(headers=aws.HEADERS, apply=lambda outgoing: aws.signed(outgoing, key, service=service, region=region))


_KINDS: Mapping[str, Callable[[_Account], Signer]] = MappingProxyType(
    {
        "HeaderBearerToken": _bearer,
        "CustomHeaderToken": _custom_header,
        "MultiHeaderToken": _several_headers,
        "QueryParamToken": _parameter,
        "MultiQueryParamToken": _several_parameters,
        "WebBasic": _basic,
        "Custom": _custom,
        "OAuth2": _access_token,
        "OAuth2ClientCredentials": _access_token,
        "AWSAccessKey": _aws_key,
        "AWSAssumeRole": _aws_role,
        "GoogleServiceAccount": _access_token,
        "GoogleDomainWideDelegation": _access_token,
    }
)


def _prefixed(prefix: str, token: str) -> str:
    if not HEADER.fullmatch(token) or " " in token:
        raise AuthenticationRefused("The account's token has characters that no token has: connect the account again.")
    return f"{prefix} {token}" if prefix else token


def _in_headers(headers: Mapping[str, str]) -> Signer:
    return Signer(
        headers=frozenset(name.lower() for name in headers),
        apply=lambda outgoing: replace(outgoing, headers={**outgoing.headers, **headers}),
    )


def _in_query(parameters: Mapping[str, str]) -> Signer:
    return Signer(apply=lambda outgoing: replace(outgoing, url=_asking(outgoing.url, parameters)))


def _asking(url: str, parameters: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    asked = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if taken := sorted(asked & set(parameters)):
        raise ForbiddenRequest(f"The query parameter {taken[0]!r} carries the account's secret: leave it to the host.")
    added = urlencode(parameters, quote_via=quote)
    return parts._replace(query=f"{parts.query}&{added}" if parts.query else added, fragment="").geturl()


# They say who the account is, which answers say too: to hide them would spoil the answers.
_PUBLIC: Mapping[str, Collection[str]] = MappingProxyType(
    {
        "WebBasic": ("username",),
        "OAuth2ClientCredentials": ("client_id",),
        "AWSAccessKey": ("access_key_id", "region"),
        "AWSAssumeRole": ("role_arn", "region"),
        "GoogleDomainWideDelegation": ("subject",),
    }
)


def _hidden(authentication: Mapping[str, Any], contents: Contents) -> Iterable[Secret]:
    public = () if authentication.get("username_only") else _PUBLIC.get(authentication["kind"], ())
    yield from (secret for name, secret in contents.fields.items() if name not in public)
    if contents.tokens is not None:
        yield from (contents.tokens.access, *contents.tokens.more.values())
        yield from [contents.tokens.refresh] if contents.tokens.refresh else []
