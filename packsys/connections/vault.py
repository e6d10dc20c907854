"""Seals secrets, so that a copy of the database is worth nothing without the keys.

A sealed secret is laid out as::

    1  version of this layout
    1  length of the key's name
    n  name of the key-encryption key
    12 nonce, 48 data key, sealed with that key
    12 nonce, the secret, sealed with the data key

Both parts are AES-256-GCM (NIST SP 800-38D). The data key is random for every seal, so a nonce never meets a key
twice. What both are bound to, as additional data, is the row: a secret that is copied to another connection,
workspace or pack, or put back after a newer one, does not open. The data key is bound to the name of its key besides,
and the secret is not: so that a change of the key seals the data key anew and leaves the secret as it lies.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from packsys.connections.secret import Secret
from packsys.errors import SealBroken, WrongSetUp
from packsys.model import Connection, OAuthClient, WebhookSecret

__all__ = ["Place", "Secret", "Vault", "place_of"]

_FIRST, _VERSION = 1, 2  # in the first layout the secret was bound to the name of the key, too
_KEY = 32
_NONCE = 12
_TAG = 16
_WRAPPED = _NONCE + _KEY + _TAG


@dataclass(frozen=True)
class Place:
    """Is where a secret lies: what it is for, and what it may never be moved from."""

    purpose: str
    parts: tuple[str | int, ...]
    name: str

    def bound(self, *more: str) -> bytes:
        """Gives what a seal is bound to. JSON keeps the parts apart whatever they hold; a sign between would not."""
        return json.dumps([self.purpose, *self.parts, *more]).encode()


def place_of(row: Connection | OAuthClient | WebhookSecret) -> Place:
    """Tells where the secret of a row lies."""
    match row:
        case Connection():
            return Place(
                "packsys.connection", (row.workspace, row.id, row.pack_id, row.version), f"connection {row.id}"
            )
        case OAuthClient():
            return Place(
                "packsys.oauth_client",
                (row.workspace, row.pack_id, row.client_id),
                f"the OAuth client of pack {row.pack_id}",
            )
        case WebhookSecret():
            return Place("packsys.webhook_secret", (row.workspace, row.id), f"webhook secret {row.id}")


class Vault:
    """Seals with the current key and opens with any that it has.

    ``keys`` are 32-byte key-encryption keys by name. To change the key, add a new one, make it current, and keep
    the old one until ``packsys vault rotate`` has gone through. ``entropy`` gives random bytes fit for keys.
    ``told`` is told each secret before it is sealed and after it is opened, so that logs can leave it out.
    """

    def __init__(
        self,
        keys: Mapping[str, bytes],
        current: str,
        *,
        entropy: Callable[[int], bytes] = os.urandom,
        told: Callable[[Secret], None] = lambda secret: None,
    ) -> None:
        """Refuses keys that are malformed or missing with :class:`~packsys.errors.WrongSetUp`."""
        for name, key in keys.items():
            _check(name, key)
        if current not in keys:
            raise WrongSetUp(f"The vault is to seal with the key {current!r}, which is not among its keys: add it.")
        self._keys = dict(keys)
        self._current = current
        self._entropy = entropy
        self._told = told

    def __repr__(self) -> str:
        return f"Vault(current={self._current!r})"

    def seal_connection(self, connection: Connection, secret: Secret) -> Connection:
        """Gives the same connection with the secret sealed for its row: workspace, id, pack and version."""
        return replace(connection, sealed=self.seal(place_of(connection), secret))

    def open_connection(self, connection: Connection) -> Secret:
        """Gives the secret of a connection; raises :class:`~packsys.errors.SealBroken`."""
        return self.open(place_of(connection), connection.sealed)

    def seal(self, place: Place, secret: Secret) -> bytes:
        """Seals a secret for its place."""
        self._told(secret)
        data_key = self._entropy(_KEY)
        wrapped = self._wrap(place, data_key)
        return wrapped + self._encrypt(data_key, secret.reveal().encode(), place.bound(str(_VERSION)))

    def open(self, place: Place, sealed: bytes) -> Secret:
        """Gives the secret that was sealed for a place; raises :class:`~packsys.errors.SealBroken`."""
        opened = self._unwrapped(place, sealed)
        try:
            secret = Secret(_decrypt(opened.data_key, opened.body, opened.bound).decode())
        except (InvalidTag, ValueError):
            raise _broken(place) from None
        self._told(secret)
        return secret

    def rewrap(self, place: Place, sealed: bytes) -> bytes:
        """Seals a secret with the current key; gives the same bytes when it is so already.

        Raises :class:`~packsys.errors.SealBroken`.
        """
        layout, name, _ = _split(place, sealed)
        if (layout, name) == (_VERSION, self._current):
            return sealed
        if layout == _FIRST:
            return self.seal(place, self.open(place, sealed))
        opened = self._unwrapped(place, sealed)
        return self._wrap(place, opened.data_key) + opened.body

    def _wrap(self, place: Place, data_key: bytes) -> bytes:
        name = self._current.encode()
        bound = _key_bound(place, self._current, _VERSION)
        return bytes((_VERSION, len(name))) + name + self._encrypt(self._keys[self._current], data_key, bound)

    def _encrypt(self, key: bytes, plain: bytes, bound: bytes) -> bytes:
        nonce = self._entropy(_NONCE)
        return nonce + AESGCM(key).encrypt(nonce, plain, bound)

    def _unwrapped(self, place: Place, sealed: bytes) -> _Unwrapped:
        layout, name, body = _split(place, sealed)
        if name not in self._keys:
            raise SealBroken(
                f"The secret of {place.name} is sealed with the key {name!r}, which is not here: "
                "give it back to the vault, or connect the account again."
            )
        bound = _key_bound(place, name, layout)
        try:
            data_key = _decrypt(self._keys[name], body[:_WRAPPED], bound)
        except (InvalidTag, ValueError):
            raise _broken(place) from None
        own = bound if layout == _FIRST else place.bound(str(layout))
        return _Unwrapped(data_key, body[_WRAPPED:], own)


@dataclass(frozen=True, repr=False)
class _Unwrapped:
    data_key: bytes
    body: bytes
    bound: bytes


def _check(name: str, key: bytes) -> None:
    if not 0 < len(name.encode()) <= 255:
        raise WrongSetUp("A key of the vault needs a name of 1 to 255 bytes.")
    if len(key) != _KEY:
        raise WrongSetUp(f"The vault's key {name!r} has {len(key)} bytes: it needs {_KEY} random ones.")


def _key_bound(place: Place, key: str, layout: int) -> bytes:
    return place.bound(key) if layout == _FIRST else place.bound(str(layout), key)


def _split(place: Place, sealed: bytes) -> tuple[int, str, bytes]:
    if len(sealed) < 2 or sealed[0] not in (_FIRST, _VERSION) or len(sealed) < 2 + sealed[1]:
        raise SealBroken(f"The secret of {place.name} is not there, or not in a form that this release reads.")
    end = 2 + sealed[1]
    return sealed[0], sealed[2:end].decode(errors="replace"), sealed[end:]


def _broken(place: Place) -> SealBroken:
    return SealBroken(
        f"The secret of {place.name} does not open: it was altered, or belongs to another row. "
        "Connect the account again."
    )


def _decrypt(key: bytes, part: bytes, bound: bytes) -> bytes:
    return AESGCM(key).decrypt(part[:_NONCE], part[_NONCE:], bound)
