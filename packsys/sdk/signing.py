"""Refuses authentication that cannot work, or that would let a secret go astray."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from packsys.sdk import authentication as kinds
from packsys.sdk.errors import PackDeclarationError
from packsys.sdk.names import check_domain, nearest

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, 5.6.2
_SERVICE = re.compile(r"[a-z0-9-]+")


def check_authentication(pack: str, declared: kinds.Authentication, domains: Sequence[str]) -> None:
    """Refuses an authentication that does not fit its pack's domains or is not whole."""
    wrong = next(_mistakes(declared, domains), "")
    if wrong:
        raise PackDeclarationError(f"Pack {pack} authenticates by {type(declared).__name__}, {wrong}.")
    if declared.endpoint is not None and declared.endpoint.domain:
        check_domain(pack, declared.endpoint.domain)


def check_system_authentication(pack: str, declared: object) -> None:
    """Refuses a kind that needs a person to agree."""
    if not isinstance(declared, kinds.SYSTEM_KINDS):
        allowed = ", ".join(each.__name__ for each in kinds.SYSTEM_KINDS)
        raise PackDeclarationError(
            f"Pack {pack} cannot sign in by itself with {type(declared).__name__}, which needs a person: "
            f"take one of {allowed}."
        )


def _mistakes(declared: kinds.Authentication, domains: Sequence[str]) -> Iterator[str]:
    if not isinstance(declared, kinds.NoAuthentication):
        yield from _of_domains(declared, domains)
    match declared:
        case kinds.CustomHeaderToken(header=header):
            yield from _of_headers([header])
        case kinds.MultiHeaderToken(headers=headers):
            yield from _of_headers([each.name for each in headers])
        case kinds.QueryParamToken(parameter=parameter):
            yield from _of_names("query parameter", [parameter])
        case kinds.MultiQueryParamToken(parameters=fields) | kinds.Custom(fields=fields):
            yield from _of_names("field", [each.name for each in fields])
        case kinds.AWSAccessKey(service=service) | kinds.AWSAssumeRole(service=service):
            yield from _of_service(service)
        case kinds.OAuth2() | kinds.OAuth2ClientCredentials():
            yield from _of_oauth(declared)
        case kinds.GoogleServiceAccount(scopes=()) | kinds.GoogleDomainWideDelegation(scopes=()):
            yield "but asks for no scopes: name those of the Google services that it uses"


def _of_service(service: str) -> Iterator[str]:
    if not _SERVICE.fullmatch(service):
        yield f"but {service!r} is no AWS service: write its code, such as 's3'"


def _of_oauth(declared: kinds.OAuth2 | kinds.OAuth2ClientCredentials) -> Iterator[str]:
    if isinstance(declared, kinds.OAuth2):
        yield from _of_addresses(declared.authorization_url)
        yield from _of_addresses(*filter(None, [declared.revocation_url, declared.issuer]))
    yield from _of_addresses(declared.token_url)
    yield from _of_scopes(declared.scopes, declared.scope_delimiter)


def _of_domains(declared: kinds.Authentication, domains: Sequence[str]) -> Iterator[str]:
    own = declared.endpoint is not None and not declared.endpoint.domain
    if declared.domain and declared.domain not in domains:
        yield f"but the domain {declared.domain!r} of its secret is not declared: {nearest(declared.domain, domains)}"
    elif not domains and not own:
        yield "but declares no domains: declare those that may receive the secret"
    elif len(domains) > 1 and not declared.domain:
        yield "but declares several domains: say domain=… with the one that receives the secret"


def _of_headers(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        if not _TOKEN.fullmatch(name):
            yield f"but {name!r} is no name of a header: use letters, digits and dashes"
        if name.lower() in ("host", "content-length", "transfer-encoding", "connection", "cookie"):
            yield f"but the header {name!r} is not for secrets: take the one that the service documents"
    yield from _of_names("header", names)


def _of_names(what: str, names: Sequence[str]) -> Iterator[str]:
    if not names:
        yield f"but names no {what}: give at least one"
    for name in names:
        if not _TOKEN.fullmatch(name):
            yield f"but {name!r} is no name of a {what}: write it as the service documents it, without blanks"
    if len({name.lower() for name in names}) < len(names):
        yield f"but names a {what} twice: name each once"


def _of_addresses(*addresses: str) -> Iterator[str]:
    for address in addresses:
        if not address.startswith("https://") or len(address) > 2000 or any(each.isspace() for each in address):
            yield f"but {address!r} is no address for secrets: begin it with 'https://'"


def _of_scopes(scopes: Sequence[str], delimiter: str) -> Iterator[str]:
    if isinstance(scopes, str):
        yield f"but scopes is one text: write scopes=[{scopes!r}]"
    for scope in scopes:
        if not scope or delimiter in scope:
            yield f"but {scope!r} is not one scope: list each scope by itself"
    if delimiter not in (" ", ",", ";"):
        yield f"but {delimiter!r} separates no scopes: take ' ', ',' or ';'"
