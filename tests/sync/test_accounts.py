"""The account of a table is looked up once a second, and not for each page."""

from __future__ import annotations

from dataclasses import dataclass, field

from packsys.model import Connection
from packsys.sync.accounts import BELIEVED, MOST, KnownAccounts
from tests.ports.samples import connection
from tests.runtime.test_nearby import Clock


@dataclass
class Asked:
    """Knows accounts, and what it was asked for."""

    there: dict[str, Connection] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)

    def get(self, connection: str, *, workspace: str) -> Connection | None:
        """Finds an account of any workspace."""
        self.names.append(f"{workspace}/{connection}")
        return self.there.get(connection)


def test_an_account_that_is_gone_is_not_found_after_a_second() -> None:
    store, clock = Asked({"a": connection(id="a")}), Clock()
    accounts = KnownAccounts(store, clock=clock)
    assert accounts.get("a", workspace="w") == accounts.get("a", workspace="w") == store.there.pop("a")
    assert store.names == ["w/a"]
    clock.at += BELIEVED
    assert accounts.get("a", workspace="w") is None


def test_another_workspace_is_told_nothing_that_is_remembered() -> None:
    store = Asked({"a": connection(id="a")})
    accounts = KnownAccounts(store, clock=Clock())
    accounts.get("a", workspace="w")
    accounts.get("a", workspace="v")
    assert store.names == ["w/a", "v/a"]


def test_one_that_is_not_there_is_found_as_soon_as_it_is() -> None:
    store = Asked()
    accounts = KnownAccounts(store, clock=Clock())
    assert accounts.get("a", workspace="w") is None
    store.there["a"] = connection(id="a")
    assert accounts.get("a", workspace="w") == store.there["a"]


def test_only_so_many_are_remembered() -> None:
    store = Asked({f"{number}": connection(id=f"{number}") for number in range(MOST + 1)})
    accounts = KnownAccounts(store, clock=Clock())
    for name in (*store.there, "0"):
        accounts.get(name, workspace="w")
    assert store.names.count("w/0") == 2
