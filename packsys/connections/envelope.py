"""Hides what is kept for a while outside of the database, such as answers in the cache.

What a service answers is as private as the account itself, and a cache is often less guarded: it has no rows and no
rights, may lie on another machine, and is dumped to files. So names are keyed hashes, which tell nothing and cannot
be guessed, and contents are sealed, which also keeps out what somebody else puts there.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12


class Envelope:
    """Seals with AES-256-GCM (NIST SP 800-38D) under keys that are derived from one of the vault's (RFC 5869).

    With another vault key everything is unreadable, which a cache may be. ``entropy`` gives random bytes.
    """

    def __init__(self, key: bytes, *, purpose: str, entropy: Callable[[int], bytes] = os.urandom) -> None:
        """Derives its keys; those of another purpose are unrelated."""
        derived = HKDF(algorithm=SHA256(), length=64, salt=None, info=f"packsys.{purpose}".encode()).derive(key)
        self._naming, self._cipher, self._entropy = derived[:32], AESGCM(derived[32:]), entropy

    def __repr__(self) -> str:
        return "Envelope(***)"

    def name(self, *parts: str) -> str:
        """Gives the name of what the parts say; without the key it tells nothing of them."""
        # JSON keeps the parts apart whatever they hold.
        return hmac.new(self._naming, json.dumps(parts).encode(), hashlib.sha256).hexdigest()

    def seal(self, data: bytes, *, name: str) -> bytes:
        """Seals data for one name."""
        nonce = self._entropy(_NONCE)
        return nonce + self._cipher.encrypt(nonce, data, name.encode())

    def open(self, sealed: bytes, *, name: str) -> bytes | None:
        """Opens what was sealed for this name; None for anything else."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode())
        except (InvalidTag, ValueError):
            return None
