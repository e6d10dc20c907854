"""Seals the secrets of connections, so that a copy of the database is worth nothing without the keys.

A sealed secret is laid out as::

    1  version of this layout
    1  length of the key's name
    n  name of the key-encryption key
    12 nonce, 48 data key, sealed with that key
    12 nonce, the secret, sealed with the data key

Both parts are AES-256-GCM (NIST SP 800-38D). The data key is random for every seal, so a nonce never meets a key
twice. What both are bound to, as additional data, is the row: a secret that is copied to another connection,
workspace or pack, or put back after a newer one, does not open.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from packsys.connections.secret import Secret
from packsys.errors import SealBroken, WrongSetUp
from packsys.model import Connection

__all__ = ["Secret", "Vault"]

_VERSION = 1
_KEY = 32
_NONCE = 12
_TAG = 16
_PURPOSE = "packsys.connection"


class Vault:
    """Seals with the current key and opens with any that it has.

    ``keys`` are 32-byte key-encryption keys by name. To change the key, add a new one, make it current, and keep
    the old one until all connections are sealed anew. ``entropy`` gives random bytes fit for keys.
    """

    def __init__(
        self, keys: Mapping[str, bytes], current: str, *, entropy: Callable[[int], bytes] = os.urandom
    ) -> None:
        """Refuses keys that are malformed or missing with :class:`~packsys.errors.WrongSetUp`."""
        for name, key in keys.items():
            _check(name, key)
        if current not in keys:
            raise WrongSetUp(f"The vault is to seal with the key {current!r}, which is not among its keys: add it.")
        self._keys = dict(keys)
        self._current = current
        self._entropy = entropy

    def __repr__(self) -> str:
        return f"Vault(current={self._current!r})"

    def seal_connection(self, connection: Connection, secret: Secret) -> Connection:
        """Gives the same connection with the secret sealed for its row: workspace, id, pack and version."""
        return replace(connection, sealed=self._seal(secret.reveal().encode(), connection))

    def open_connection(self, connection: Connection) -> Secret:
        """Gives the secret of a connection; raises :class:`~packsys.errors.SealBroken`."""
        return Secret(self._open(connection.sealed, connection).decode())

    def _seal(self, plain: bytes, row: Connection) -> bytes:
        name = self._current.encode()
        bound = _bound_to(row, self._current)
        data_key = self._entropy(_KEY)
        header = bytes((_VERSION, len(name))) + name
        return (
            header + self._encrypt(self._keys[self._current], data_key, bound) + self._encrypt(data_key, plain, bound)
        )

    def _encrypt(self, key: bytes, plain: bytes, bound: bytes) -> bytes:
        nonce = self._entropy(_NONCE)
        return nonce + AESGCM(key).encrypt(nonce, plain, bound)

    def _open(self, sealed: bytes, row: Connection) -> bytes:
        name, body = _split(sealed)
        if name not in self._keys:
            raise SealBroken(
                f"The secret of connection {row.id} is sealed with the key {name!r}, which is not here: "
                "give it back to the vault, or connect the account again."
            )
        bound = _bound_to(row, name)
        wrapped = _NONCE + _KEY + _TAG
        try:
            data_key = _decrypt(self._keys[name], body[:wrapped], bound)
            return _decrypt(data_key, body[wrapped:], bound)
        except (InvalidTag, ValueError):
            raise SealBroken(
                f"The secret of connection {row.id} does not open: it was altered, or belongs to another connection. "
                "Connect the account again."
            ) from None


def _check(name: str, key: bytes) -> None:
    if not 0 < len(name.encode()) <= 255:
        raise WrongSetUp("A key of the vault needs a name of 1 to 255 bytes.")
    if len(key) != _KEY:
        raise WrongSetUp(f"The vault's key {name!r} has {len(key)} bytes: it needs {_KEY} random ones.")


def _bound_to(row: Connection, key: str) -> bytes:
    # JSON keeps the parts apart whatever they hold; joining them with a sign would not.
    return json.dumps([_PURPOSE, row.workspace, row.id, row.pack_id, row.version, key]).encode()


def _split(sealed: bytes) -> tuple[str, bytes]:
    if len(sealed) < 2 or sealed[0] != _VERSION or len(sealed) < 2 + sealed[1]:
        raise SealBroken("A stored secret is not in a form that this release of packsys reads.")
    end = 2 + sealed[1]
    return sealed[2:end].decode(errors="replace"), sealed[end:]


def _decrypt(key: bytes, part: bytes, bound: bytes) -> bytes:
    return AESGCM(key).decrypt(part[:_NONCE], part[_NONCE:], bound)
