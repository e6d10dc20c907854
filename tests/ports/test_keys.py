"""What every KeyStore promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from packsys.errors import Conflict
from packsys.model import Key, Scope
from tests.ports.house import House
from tests.ports.samples import NOBODYS
from tests.ports.threads import at_once

DIGEST = bytes(range(32))


def key(id: str = "k1", *, workspace: str = "default", age: int = 0) -> Key:
    """Makes a key that is ``age`` days old."""
    return Key(id=id, workspace=workspace, name="a test", created_at=datetime.now(UTC) - timedelta(days=age))


def test_a_key_is_found_with_its_digest(house: House) -> None:
    kept = key()
    house.keys.add(kept, DIGEST)
    assert house.keys.find(kept.id) == (kept, DIGEST)


@pytest.mark.parametrize("nobodys", NOBODYS)
def test_an_absent_key_is_not_found(house: House, nobodys: str) -> None:
    assert house.keys.find(nobodys) is None
    assert not house.keys.revoke(nobodys)
    assert list(house.keys.list(workspace=nobodys)) == []


def test_a_key_keeps_its_scopes(house: House) -> None:
    for id, scopes in (("none", ()), ("one", (Scope.PACKS,)), ("later", ("jobs", "of a newer release"))):
        kept = replace(key(id), scopes=scopes)
        house.keys.add(kept, DIGEST)
        assert house.keys.find(id) == (kept, DIGEST)


def test_a_revoked_key_is_not_found_but_listed(house: House) -> None:
    house.keys.add(key(), DIGEST)
    assert house.keys.revoke("k1")
    assert not house.keys.revoke("k1")
    assert house.keys.find("k1") is None
    assert [kept.revoked_at is not None for kept in house.keys.list(workspace="default")] == [True]


def test_keys_are_listed_by_workspace_oldest_first(house: House) -> None:
    for id, workspace, age in (("a", "ours", 1), ("b", "ours", 3), ("c", "theirs", 2)):
        house.keys.add(key(id, workspace=workspace, age=age), DIGEST)
    assert [kept.id for kept in house.keys.list(workspace="ours")] == ["b", "a"]


def test_a_key_is_not_replaced(house: House) -> None:
    kept = key()
    house.keys.add(kept, DIGEST)
    for again in (kept, key(workspace="theirs")):
        with pytest.raises(Conflict, match="k1"):
            house.keys.add(again, DIGEST)
    assert house.keys.find("k1") == (kept, DIGEST)


def test_of_many_who_revoke_a_key_one_does(house: House) -> None:
    house.keys.add(key(), DIGEST)
    assert at_once(lambda _: house.keys.revoke("k1")).count(True) == 1
