"""Recognises API keys without asking the store about the same one all the time."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from packsys.model import Key
from packsys.ports import KeyStore
from packsys.runtime.believed import Believed
from packsys.runtime.keys import recognise

BELIEVED = 1.0
"""Seconds for which a token is believed without asking: so long after a key was revoked it may still open."""

MOST = 1_000
"""Tokens that are remembered, by their digests."""


class Keyring:
    """Remembers for a second which key a token is; one that opened nothing is asked for each time."""

    def __init__(self, keys: KeyStore, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Takes the store, and a clock that counts seconds."""
        self._keys = keys
        self._known: Believed[bytes, Key] = Believed(seconds=BELIEVED, most=MOST, clock=clock)

    def known(self, token: str) -> Key | None:
        """Gives the key of a token that was recognised just now, without asking anybody."""
        return self._known.get(_digest(token))

    def recognise(self, token: str) -> Key:
        """Finds the key of a token in the store; raises Unauthorized and NotReady."""
        return self._known.ask(_digest(token), lambda: recognise(token, self._keys))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
