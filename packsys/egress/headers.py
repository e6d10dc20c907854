"""Which headers a pack may send."""

from __future__ import annotations

import re
from collections.abc import Mapping

from packsys.errors import ForbiddenRequest

LONGEST = 64 * 2**10  # characters of all names and values

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)  # RFC 9110, 5.6.2
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?|", re.ASCII)

# They say where a request goes, where it ends and who carried it: that is the host's to say.
_RESERVED = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "cookie",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    }
)
_RESERVED_BEGINNINGS = ("proxy-", "x-forwarded-", "sec-", ":")


def checked(given: Mapping[str, str], signature: Mapping[str, str]) -> dict[str, str]:
    """Gives a pack's headers with those of the signature, or raises :class:`~packsys.errors.ForbiddenRequest`.

    A header that the signature sets is not the pack's to set. The messages name headers, never their values.
    """
    signed = {name.lower() for name in signature}
    for name, value in given.items():
        _check(name, value)
        if name.lower() in signed:
            raise ForbiddenRequest(f"The header {name} carries the account's credentials: leave it to the host.")
    if sum(len(name) + len(value) for name, value in given.items()) > LONGEST:
        raise ForbiddenRequest(f"The headers are longer than {LONGEST} characters: send less.")
    return {**given, **signature}


def _check(name: str, value: str) -> None:
    if not _NAME.fullmatch(name):
        raise ForbiddenRequest(f"{name[:50]!r} is no name of a header.")
    if name.lower() in _RESERVED or name.lower().startswith(_RESERVED_BEGINNINGS):
        raise ForbiddenRequest(f"The header {name} is the host's to set: leave it out.")
    if not _VALUE.fullmatch(value):
        raise ForbiddenRequest(f"The value of the header {name} holds signs that a header cannot have.")
