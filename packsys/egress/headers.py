"""Which headers a pack may send."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from packsys.errors import AuthenticationRefused, ForbiddenRequest

LONGEST = 64 * 2**10  # characters of all names and values

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)  # RFC 9110, 5.6.2
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?|", re.ASCII)

# They say what a request is, where it goes, where it ends, who carried it and for whom: that is the host's to say.
_RESERVED = frozenset(
    {
        "accept-encoding",
        "cf-connecting-ip",
        "client-ip",
        "connection",
        "content-length",
        "cookie",
        "expect",
        "forwarded",
        "host",
        "http2-settings",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "true-client-ip",
        "upgrade",
        "via",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-host",
        "x-method-override",
    }
)
_RESERVED_BEGINNINGS = (
    *("proxy-", "x-forwarded-", "x-http-method", "x-real-ip", "sec-", ":"),
    *("x-original-", "x-rewrite-", "x-remote-"),
)


def checked(given: Mapping[str, str], taken: Collection[str]) -> dict[str, str]:
    """Gives a pack's headers, or raises :class:`~packsys.errors.ForbiddenRequest`.

    ``taken`` are the headers, in lower case, that carry the account's secret and are not the pack's to set. The
    messages name headers, never their values.
    """
    seen: set[str] = set()
    reserved = {_known(name) for name in taken}
    for name, value in given.items():
        _check(name, value, seen)
        seen.add(_known(name))
        if _known(name) in reserved:
            _refuse(f"The header {name} carries the account's credentials: leave it to the host.")
    _check_length(given)
    return dict(given)


def signed(given: Mapping[str, str], host: str) -> dict[str, str]:
    """Gives the headers as a credential left them, without a ``Host`` that says what is known.

    Raises :class:`~packsys.errors.AuthenticationRefused` for a secret that cannot be in a header.
    """
    sent = {name: value for name, value in given.items() if not (name.lower() == "host" and value == host)}
    for name, value in sent.items():
        if not _NAME.fullmatch(name) or name.lower() in _RESERVED or not _VALUE.fullmatch(value):
            raise AuthenticationRefused(f"The account's secret cannot be sent as {name[:50]}: connect it again.")
    _check_length(sent)
    return sent


def _check(name: str, value: str, seen: Collection[str]) -> None:
    if not _NAME.fullmatch(name):
        _refuse(f"{name[:50]!r} is no name of a header.")
    if _known(name) in _RESERVED or _known(name).startswith(_RESERVED_BEGINNINGS):
        _refuse(f"The header {name} is the host's to set: leave it out.")
    if _known(name) in seen:
        _refuse(f"The header {name} is given twice: give it once.")
    if not _VALUE.fullmatch(value):
        _refuse(f"The value of the header {name} holds signs that a header cannot have.")


def _known(name: str) -> str:
    # Servers that hand headers on as variables (RFC 3875, 4.1.18) take X_Api_Key and x-api-key for the same.
    return name.lower().replace("_", "-")


def _check_length(given: Mapping[str, str]) -> None:
    if sum(len(name) + len(value) for name, value in given.items()) > LONGEST:
        _refuse(f"The headers are longer than {LONGEST} characters: send less.")


def _refuse(sentence: str) -> None:
    raise ForbiddenRequest(sentence, reason="header")
