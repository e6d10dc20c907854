"""How a service knows the account: the pack declares it, and the host alone holds the secret and signs.

Every kind takes ``domain``, the one of the pack's domains that receives the secret (it may be left out where there
is only one), and ``instructions_url``, where the service hands out what people are asked for. With ``endpoint``
each account names the base address of its own service, as those that people host themselves need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Asks for an account's own base address; it must lie below ``domain`` when one is given."""

    domain: str = ""


@dataclass(frozen=True, kw_only=True)
class Field:
    """Is one value that people enter when they connect: its name for the pack and its words for people."""

    name: str
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class NoAuthentication:
    """Asks for no account; the requests go out as the pack wrote them."""

    domain: str = ""
    instructions_url: str = ""
    endpoint: Endpoint | None = None


@dataclass(frozen=True, kw_only=True)
class HeaderBearerToken:
    """Sends the account's token as ``Authorization: Bearer TOKEN``."""

    domain: str = ""
    instructions_url: str = ""
    endpoint: Endpoint | None = None


@dataclass(frozen=True, kw_only=True)
class CustomHeaderToken:
    """Sends the account's token in the header ``header``, after ``prefix`` and a blank when there is one."""

    header: str
    prefix: str = ""
    domain: str = ""
    instructions_url: str = ""
    endpoint: Endpoint | None = None


@dataclass(frozen=True, kw_only=True)
class Header:
    """Is one header of several that carry tokens; people are asked for the token by ``description``."""

    name: str
    description: str = ""
    prefix: str = ""


@dataclass(frozen=True, kw_only=True)
class MultiHeaderToken:
    """Sends several tokens, each in a header of its own."""

    headers: Sequence[Header]
    domain: str = ""
    instructions_url: str = ""
    endpoint: Endpoint | None = None


@dataclass(frozen=True, kw_only=True)
class QueryParamToken:
    """Sends the account's token as the query parameter ``parameter``."""

    parameter: str
    domain: str = ""
    instructions_url: str = ""
    endpoint: Endpoint | None = None


@dataclass(frozen=True, kw_only=True)
class MultiQueryParamToken:
    """Sends several tokens, each as a query parameter of its own; a field's name is that of its parameter."""

    parameters: Sequence[Field]
    domain: str = ""
    instructions_url: str = ""
    endpoint: Endpoint | None = None


@dataclass(frozen=True, kw_only=True)
class OAuth2:
    """Signs people in by OAuth 2 with an authorization code (RFC 6749, 4.1) and, unless refused, PKCE (RFC 7636).

    ``token_field`` leads to the object with the tokens where the service nests it, ``token_query`` names the query
    parameter that carries the token where it does not go into the header after ``prefix``. ``endpoint_field`` is
    the entry of the token answer that holds the account's own base address, ``resource`` the one of RFC 8707.
    ``credentials`` says where the client's own secret goes; ``registers_clients`` that it comes from RFC 7591.
    ``revocation_url`` is where tokens are ended (RFC 7009), ``issuer`` what the service calls itself in its answers
    (RFC 9207): an answer with another name, or with none, is then refused.
    """

    authorization_url: str
    token_url: str
    scopes: Sequence[str] = ()
    scope_parameter: str = "scope"
    scope_delimiter: Literal[" ", ",", ";"] = " "
    parameters: Mapping[str, str] = field(default_factory=dict)
    prefix: str = "Bearer"
    token_query: str = ""
    token_field: str = ""
    credentials: Literal["automatic", "body", "header"] = "automatic"
    pkce: Literal["S256", "plain", "none"] = "S256"
    endpoint_field: str = ""
    resource: str = ""
    revocation_url: str = ""
    issuer: str = ""
    registers_clients: bool = False
    domain: str = ""
    instructions_url: str = ""
    endpoint: Endpoint | None = None


@dataclass(frozen=True, kw_only=True)
class OAuth2ClientCredentials:
    """Gets tokens by OAuth 2 with a client's id and secret alone (RFC 6749, 4.4)."""

    token_url: str
    scopes: Sequence[str] = ()
    scope_parameter: str = "scope"
    scope_delimiter: Literal[" ", ",", ";"] = " "
    parameters: Mapping[str, str] = field(default_factory=dict)
    prefix: str = "Bearer"
    token_query: str = ""
    token_field: str = ""
    credentials: Literal["automatic", "body", "header"] = "automatic"
    domain: str = ""
    instructions_url: str = ""
    endpoint: Endpoint | None = None


@dataclass(frozen=True, kw_only=True)
class WebBasic:
    """Sends a user name and a password as ``Authorization: Basic …`` (RFC 7617), or the name alone."""

    username: str = "User name"
    password: str = "Password"
    username_only: bool = False
    domain: str = ""
    instructions_url: str = ""
    endpoint: Endpoint | None = None


@dataclass(frozen=True, kw_only=True)
class Custom:
    """Asks for fields that the pack puts into its requests as :meth:`packsys.sdk.Context.secret` says.

    The pack writes a mark, never the value: the host replaces it in the address, the headers and the body.
    """

    fields: Sequence[Field]
    domain: str = ""
    instructions_url: str = ""
    endpoint: Endpoint | None = None


@dataclass(frozen=True, kw_only=True)
class AWSAccessKey:
    """Signs requests to an AWS service, such as ``s3``, with an access key (Signature Version 4)."""

    service: str
    domain: str = ""
    instructions_url: str = ""
    endpoint: Endpoint | None = None


@dataclass(frozen=True, kw_only=True)
class AWSAssumeRole:
    """Signs requests to an AWS service with a role that the account lets the host assume."""

    service: str
    domain: str = ""
    instructions_url: str = ""
    endpoint: Endpoint | None = None


@dataclass(frozen=True, kw_only=True)
class GoogleServiceAccount:
    """Gets Google tokens with the key of a service account."""

    scopes: Sequence[str]
    domain: str = ""
    instructions_url: str = ""
    endpoint: Endpoint | None = None


@dataclass(frozen=True, kw_only=True)
class GoogleDomainWideDelegation:
    """Gets Google tokens with a service account that acts for a user of its Workspace domain."""

    scopes: Sequence[str]
    domain: str = ""
    instructions_url: str = ""
    endpoint: Endpoint | None = None


SystemAuthentication: TypeAlias = (
    HeaderBearerToken
    | CustomHeaderToken
    | MultiHeaderToken
    | QueryParamToken
    | MultiQueryParamToken
    | OAuth2ClientCredentials
    | WebBasic
    | Custom
    | AWSAccessKey
    | AWSAssumeRole
    | GoogleServiceAccount
)
"""Is a kind that needs no person to agree: the maker's own account, used for everybody's calls."""

Authentication: TypeAlias = SystemAuthentication | NoAuthentication | OAuth2 | GoogleDomainWideDelegation

KINDS: tuple[type[Authentication], ...] = get_args(Authentication)
SYSTEM_KINDS: tuple[type[SystemAuthentication], ...] = get_args(SystemAuthentication)
