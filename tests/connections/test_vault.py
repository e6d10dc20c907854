"""A sealed secret opens for its own row and key, and for nothing else."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.connections.vault import Secret, Vault
from packsys.errors import SealBroken, WrongSetUp
from packsys.model import Connection

KEYS = {"2025": os.urandom(32), "2026": os.urandom(32)}
VAULT = Vault(KEYS, "2026")
ROW = Connection(id="8e11cd1b", workspace="default", pack_id=1013, name="hereisfun", sealed=b"")
SECRET = Secret("an obviously fake token")


def sealed(row: Connection = ROW, *, vault: Vault = VAULT, secret: Secret = SECRET) -> Connection:
    return vault.seal_connection(row, secret)


def test_a_sealed_secret_opens_again() -> None:
    assert VAULT.open_connection(sealed()) == SECRET


@given(st.text())
def test_any_text_opens_again(text: str) -> None:
    assert VAULT.open_connection(sealed(secret=Secret(text))).reveal() == text


def test_nothing_of_the_secret_or_the_key_shows() -> None:
    row = sealed()
    assert SECRET.reveal().encode() not in row.sealed
    assert KEYS["2026"] not in row.sealed
    assert repr(VAULT) == "Vault(current='2026')"
    assert "sealed" not in repr(row)


@pytest.mark.parametrize(
    "change",
    [
        {"workspace": "other"},
        {"id": "another"},
        {"pack_id": 1001},
        {"version": 2},
    ],
)
def test_a_secret_that_was_moved_does_not_open(change: dict[str, object]) -> None:
    with pytest.raises(SealBroken, match="altered, or belongs to another connection"):
        VAULT.open_connection(replace(sealed(), **change))  # type: ignore[arg-type]


def test_a_new_name_or_endpoint_leaves_the_secret_as_it_is() -> None:
    assert VAULT.open_connection(replace(sealed(), name="renamed", endpoint="https://git.example")) == SECRET


def test_secrets_that_were_swapped_do_not_open() -> None:
    mine, theirs = sealed(), sealed(replace(ROW, workspace="other"))
    with pytest.raises(SealBroken):
        VAULT.open_connection(replace(mine, sealed=theirs.sealed))


def test_no_shorter_form_opens() -> None:
    row = sealed()
    for length in range(len(row.sealed)):
        with pytest.raises(SealBroken):
            VAULT.open_connection(replace(row, sealed=row.sealed[:length]))


def test_no_edited_form_opens() -> None:
    row = sealed()
    for place in range(len(row.sealed)):
        edited = bytearray(row.sealed)
        edited[place] ^= 1
        with pytest.raises(SealBroken):
            VAULT.open_connection(replace(row, sealed=bytes(edited)))


def test_a_key_that_is_not_there_is_named() -> None:
    with pytest.raises(SealBroken, match="sealed with the key '2026', which is not here"):
        Vault({"2025": KEYS["2025"]}, "2025").open_connection(sealed())


def test_another_key_of_the_same_name_does_not_open() -> None:
    with pytest.raises(SealBroken):
        Vault({"2026": os.urandom(32)}, "2026").open_connection(sealed())


def test_a_former_key_still_opens_and_the_current_one_seals() -> None:
    before = sealed(vault=Vault(KEYS, "2025"))
    assert VAULT.open_connection(before) == SECRET
    assert (before.sealed[2:6], sealed().sealed[2:6]) == (b"2025", b"2026")


def test_ten_thousand_seals_share_no_nonce_and_no_data_key() -> None:
    drawn: list[bytes] = []

    def entropy(count: int) -> bytes:
        drawn.append(os.urandom(count))
        return drawn[-1]

    vault = Vault(KEYS, "2026", entropy=entropy)
    forms = {sealed(vault=vault).sealed for _ in range(10_000)}
    assert (len(forms), len(drawn), len(set(drawn))) == (10_000, 30_000, 30_000)


@pytest.mark.parametrize(
    ("keys", "current", "sentence"),
    [
        ({}, "2026", "not among its keys"),
        ({"2026": b"short"}, "2026", "has 5 bytes: it needs 32"),
        ({"": bytes(32)}, "", "a name of 1 to 255 bytes"),
        ({"k" * 256: bytes(32)}, "k" * 256, "a name of 1 to 255 bytes"),
    ],
)
def test_a_vault_without_proper_keys_does_not_begin(keys: dict[str, bytes], current: str, sentence: str) -> None:
    with pytest.raises(WrongSetUp, match=sentence):
        Vault(keys, current)
