"""Makes API keys and recognises them.

A token is ``pk_<id>_<secret>``: the prefix lets secret scanners find a leaked one, the id finds the row, and of
the secret only the SHA-256 is kept. A slow hash would protect a password; 256 random bits need none.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from datetime import datetime

from packsys.errors import Unauthorized
from packsys.model import Key, Scope
from packsys.ports import KeyStore

_TOKEN = re.compile(r"pk_([0-9a-f]{16})_([0-9a-f]{64})")


def issue(
    name: str,
    workspace: str,
    *,
    randomness: Callable[[int], bytes],
    now: datetime,
    scopes: Sequence[str] = (Scope.JOBS, Scope.CONNECTIONS),
) -> tuple[Key, str]:
    """Makes a key and its token; the token is shown once, the store gets the key and its :func:`digest_of`.

    ``randomness`` gives as many unforeseeable bytes as it is asked for, as ``secrets.token_bytes`` does.
    """
    key = Key(id=randomness(8).hex(), workspace=workspace, name=name, created_at=now, scopes=tuple(scopes))
    return key, f"pk_{key.id}_{randomness(32).hex()}"


def digest_of(token: str) -> bytes:
    """Gives the SHA-256 of a token's secret; raises Unauthorized when the text is not a token."""
    return _hashed(_parts(token)[1])


def recognise(token: str, keys: KeyStore) -> Key:
    """Finds the key of a token; raises Unauthorized when it is malformed, unknown, revoked or wrong."""
    key_id, secret = _parts(token)
    match keys.find(key_id):
        case (key, kept) if hmac.compare_digest(kept, _hashed(secret)):
            return key
    raise Unauthorized("This API key is unknown or revoked: ask for a new one.")


def keep_token(token: str, *, name: str, workspace: str, keys: KeyStore, now: datetime) -> None:
    """Keeps a token that was made elsewhere, unless its key is known, as a key that may do everything.

    Raises Unauthorized when it is malformed.
    """
    key_id, secret = _parts(token)
    if keys.find(key_id) is None:
        key = Key(id=key_id, workspace=workspace, name=name, created_at=now, scopes=tuple(Scope))
        keys.add(key, _hashed(secret))


def _parts(token: str) -> tuple[str, str]:
    if match := _TOKEN.fullmatch(token):
        return match[1], match[2]
    raise Unauthorized("This is not an API key: one looks like 'pk_…_…' and is shown once, when it is made.")


def _hashed(secret: str) -> bytes:
    return hashlib.sha256(bytes.fromhex(secret)).digest()
