"""Names pack calls, so that equal ones are made once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from packsys.language.nodes import PackCall
from packsys.values import Value, canonical


def call_key(call: PackCall, account: str | None, arguments: Mapping[str, Value], era: str | None) -> str:
    """Names a read: two with equal pack, release, formula, account and arguments have one key.

    ``era`` is the key of the last action on the account that ended before it, None at the beginning: what was read
    before an action does not answer what is asked after it. Raises Failure for arguments that cannot be kept.
    """
    return read_key(call.pack_id, call.version, call.formula, account, arguments, era=era)


def read_key(
    pack_id: int,
    version: str,
    formula: str,
    account: str | None,
    arguments: Mapping[str, Value],
    *,
    era: str | None = None,
) -> str:
    """Names the same read without its place in a formula; ``arguments`` hold every parameter by name."""
    return _hashed(pack_id, version, formula, account, [arguments] if era is None else [arguments, era])


def action_key(call: PackCall, account: str | None, arguments: Mapping[str, Value], path: Sequence[int]) -> str:
    """Names an action: no two are the same, so its place in the formula and the items around it belong to it."""
    rest: list[Value] = [arguments, [call.start, *path]]
    return _hashed(call.pack_id, call.version, call.formula, account, rest)


def _hashed(pack_id: int, version: str, formula: str, account: str | None, rest: Sequence[Value]) -> str:
    """Hashes one list of all of it, of which most calls share the beginning with others."""
    digest = _begun(pack_id, version, formula, account).copy()
    digest.update(canonical(rest)[1:])
    return str(digest.hexdigest())


@lru_cache(maxsize=1024)
def _begun(pack_id: int, version: str, formula: str, account: str | None) -> Any:
    return hashlib.blake2b(canonical([pack_id, version, formula, account])[:-1] + b",", digest_size=16)
