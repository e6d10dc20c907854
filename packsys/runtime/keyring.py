"""Recognises API keys without asking the store about the same one all the time."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from packsys.model import Key
from packsys.ports import KeyStore
from packsys.runtime.keys import recognise

BELIEVED = 1.0
"""Seconds for which a token is believed without asking: so long after a key was revoked it may still open."""

MOST = 1_000
"""Tokens that are remembered, by their digests."""


class Keyring:
    """Remembers for a second which key a token is; one that opened nothing is asked for each time."""

    def __init__(self, keys: KeyStore, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Takes the store, and a clock that counts seconds."""
        self._keys, self._clock, self._lock = keys, clock, Lock()
        self._known: OrderedDict[bytes, tuple[float, Key]] = OrderedDict()

    def known(self, token: str) -> Key | None:
        """Gives the key of a token that was recognised just now, without asking anybody."""
        until, key = self._known.get(_digest(token), (0.0, None))
        return key if until > self._clock() else None

    def recognise(self, token: str) -> Key:
        """Finds the key of a token in the store; raises Unauthorized and NotReady."""
        asked = self._clock()
        key = recognise(token, self._keys)
        with self._lock:
            self._known[_digest(token)] = asked + BELIEVED, key
            self._known.move_to_end(_digest(token))
            if len(self._known) > MOST:
                self._known.popitem(last=False)
        return key


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
