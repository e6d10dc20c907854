"""How a request is signed, by the kind of authentication that a pack declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from packsys.connections.secret import Secret
from packsys.errors import AuthenticationRefused, BrokenPack

Signer: TypeAlias = Callable[[Secret], Mapping[str, str]]


def sign(authentication: Mapping[str, str], secret: Secret) -> Mapping[str, str]:
    """Gives the headers that prove who asks.

    ``authentication`` is what the pack's manifest says; without any, nothing is added. Raises
    :class:`~packsys.errors.BrokenPack` for a kind that this release does not know and
    :class:`~packsys.errors.AuthenticationRefused` for a secret that cannot be in a header.
    """
    if not authentication:
        return {}
    kind = authentication.get("kind", "")
    if kind not in SIGNERS:
        raise BrokenPack(f"The pack authenticates by {kind!r}: this release knows {', '.join(SIGNERS)}.")
    return SIGNERS[kind](secret)


def _bearer(secret: Secret) -> Mapping[str, str]:
    token = secret.reveal()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise AuthenticationRefused("The account's token has characters that no token has: connect the account again.")
    return {"Authorization": f"Bearer {token}"}


SIGNERS: Mapping[str, Signer] = MappingProxyType({"HeaderBearerToken": _bearer})
