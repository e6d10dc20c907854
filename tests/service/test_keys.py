from __future__ import annotations

import hashlib
import re
import secrets
from datetime import UTC, datetime

import pytest

from packsys.errors import Unauthorized
from packsys.memory import MemoryKeys
from packsys.runtime.keys import digest_of, issue, recognise
from tests.service.house import now

MALFORMED = ["", "pk", "pk_", "pk_1_2", "sk_" + "0" * 16 + "_" + "0" * 64, "pk_" + "0" * 16 + "_" + "0" * 63, "pk_é_ß"]


def test_a_token_names_its_key_and_hides_its_secret() -> None:
    key, token = issue("ci", "default", randomness=secrets.token_bytes, now=datetime(2026, 1, 1, tzinfo=UTC))
    assert re.fullmatch(r"pk_[0-9a-f]{16}_[0-9a-f]{64}", token)
    assert token.split("_")[1] == key.id
    assert token.split("_")[2] not in repr(key)
    assert (key.name, key.workspace, key.created_at.year, key.revoked_at) == ("ci", "default", 2026, None)


def test_what_is_kept_is_the_sha_256_of_the_secret() -> None:
    _, token = issue("ci", "default", randomness=secrets.token_bytes, now=now())
    assert digest_of(token) == hashlib.sha256(bytes.fromhex(token.split("_")[2])).digest()


def test_a_token_is_recognised_until_its_key_is_revoked() -> None:
    keys = MemoryKeys(now)
    key, token = issue("ci", "default", randomness=secrets.token_bytes, now=now())
    keys.add(key, digest_of(token))
    assert recognise(token, keys) == key
    keys.revoke(key.id)
    with pytest.raises(Unauthorized):
        recognise(token, keys)


def test_a_secret_opens_its_own_key_only() -> None:
    keys = MemoryKeys(now)
    (one, first), (two, second) = (issue("ci", "default", randomness=secrets.token_bytes, now=now()) for _ in "12")
    keys.add(one, digest_of(first))
    keys.add(two, digest_of(second))
    with pytest.raises(Unauthorized):
        recognise(f"pk_{one.id}_{second.split('_')[2]}", keys)


@pytest.mark.parametrize("token", MALFORMED)
def test_what_is_no_token_is_not_looked_up(token: str) -> None:
    class NoKeys(MemoryKeys):
        def find(self, key_id: str) -> None:
            raise AssertionError(f"{key_id} was looked up")

    with pytest.raises(Unauthorized):
        recognise(token, NoKeys(now))
