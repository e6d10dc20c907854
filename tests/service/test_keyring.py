"""A token is believed for a second, and no longer."""

from __future__ import annotations

import secrets

import pytest

from packsys.errors import Unauthorized
from packsys.memory import MemoryKeys
from packsys.runtime.keyring import BELIEVED, MOST, Keyring
from packsys.runtime.keys import digest_of, issue
from tests.runtime.test_nearby import Clock
from tests.service.house import now


def new_token(keys: MemoryKeys) -> str:
    key, token = issue("a test", "default", randomness=secrets.token_bytes, now=now())
    keys.add(key, digest_of(token))
    return token


def test_a_revoked_key_opens_nothing_after_a_second() -> None:
    keys, clock = MemoryKeys(now), Clock()
    keyring, token = Keyring(keys, clock=clock), new_token(keys)
    assert keyring.known(token) is None
    key = keyring.recognise(token)
    assert keyring.known(token) == key
    keys.revoke(key.id)
    clock.at = BELIEVED
    assert keyring.known(token) is None
    with pytest.raises(Unauthorized):
        keyring.recognise(token)


def test_only_the_whole_token_is_known() -> None:
    keys = MemoryKeys(now)
    keyring, token = Keyring(keys, clock=Clock()), new_token(keys)
    keyring.recognise(token)
    assert [keyring.known(each) for each in (token[:-1], f"{token} ", token.upper(), "\ud800", "")] == [None] * 5


def test_what_opened_nothing_is_not_remembered() -> None:
    keys = MemoryKeys(now)
    keyring, token = Keyring(keys, clock=Clock()), f"pk_{'0' * 16}_{'0' * 64}"
    with pytest.raises(Unauthorized):
        keyring.recognise(token)
    assert keyring.known(token) is None


def test_it_remembers_no_more_than_it_may() -> None:
    keys = MemoryKeys(now)
    keyring, tokens = Keyring(keys, clock=Clock()), [new_token(keys) for _ in range(MOST + 1)]
    for token in tokens:
        keyring.recognise(token)
    assert keyring.known(tokens[0]) is None
    assert all(keyring.known(token) for token in tokens[1:])
