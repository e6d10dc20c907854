"""What every ConnectionStore promises."""

from __future__ import annotations

from dataclasses import replace

import pytest

from packsys.model import ConnectionState
from tests.ports.house import House
from tests.ports.samples import NOBODYS, connection


def test_a_connection_is_found_as_it_was_kept(house: House) -> None:
    kept = replace(connection(), endpoint="https://ghe.example", state=ConnectionState.NEEDS_REAUTH, version=7)
    house.connections.add(kept)
    assert house.connections.get(kept.id, workspace="default") == kept


def test_another_workspaces_connection_is_not_found(house: House) -> None:
    ours, theirs = connection("a", workspace="ours"), connection("b", workspace="theirs")
    house.connections.add(ours)
    assert house.connections.get(ours.id, workspace="theirs") is None
    assert list(house.connections.list(workspace="theirs")) == []
    house.connections.add(theirs)
    assert house.connections.get(ours.id, workspace="ours") == ours
    assert house.connections.get(theirs.id, workspace="theirs") == theirs


@pytest.mark.parametrize("nobodys", NOBODYS)
def test_an_absent_connection_is_not_found(house: House, nobodys: str) -> None:
    assert house.connections.get(nobodys, workspace="default") is None
    assert list(house.connections.list(workspace=nobodys)) == []


@pytest.mark.parametrize("text", NOBODYS)
def test_a_connection_may_have_any_name(house: House, text: str) -> None:
    kept = connection(text, id=text, workspace=text)
    house.connections.add(kept)
    assert list(house.connections.list(workspace=text)) == [kept]


def test_keeping_a_connection_again_replaces_it(house: House) -> None:
    first = connection()
    second = replace(first, name="renamed", sealed=b"new", state=ConnectionState.REVOKED, version=2)
    house.connections.add(first)
    house.connections.add(second)
    assert list(house.connections.list(workspace="default")) == [second]


def test_connections_are_listed_by_name(house: House) -> None:
    for name, id in (("b", "1"), ("a", "3"), ("a", "2"), ("B", "4")):
        house.connections.add(connection(name, id=id))
    listed = [(kept.name, kept.id) for kept in house.connections.list(workspace="default")]
    assert listed == [("B", "4"), ("a", "2"), ("a", "3"), ("b", "1")]


def test_a_connection_does_not_show_its_secret() -> None:
    assert "sealed" not in repr(connection())
