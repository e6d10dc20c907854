"""What names mean where a formula is bound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from packsys.language.signature import Shape, Signature
from packsys.values import Value


@dataclass(frozen=True, kw_only=True)
class KnownPack:
    """Is a pack whose formulas can be called."""

    id: int
    name: str
    formulas: Mapping[str, Signature]


@dataclass(frozen=True, kw_only=True)
class KnownConnection:
    """Is a connected account that formulas can name."""

    id: str
    pack_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class KnownTable:
    """Is a synced table that formulas can read; ``columns`` are not known before it was synced."""

    id: str
    name: str
    columns: Mapping[str, Shape] | None = None


class Scope(Protocol):
    """Knows packs, connections, synced tables and variables. Names match in any case."""

    @property
    def home(self) -> str:
        """Names what the scope is of, as a workspace: the same formula means other things in another one."""

    @property
    def variables(self) -> Mapping[str, Value]:
        """Gives the job's variables."""

    @property
    def actions(self) -> bool:
        """Tells whether a formula may have effects here, as in a button or an automation."""

    def pack_by_id(self, pack_id: int) -> KnownPack | None:
        """Finds a pack by its number."""

    def pack_by_name(self, name: str) -> KnownPack | None:
        """Finds a pack by its name."""

    def pack_names(self) -> Sequence[str]:
        """Lists the packs there are, for suggestions."""

    def connection_by_id(self, connection: str) -> KnownConnection | None:
        """Finds a connection by its id."""

    def connections_by_name(self, name: str) -> Sequence[KnownConnection]:
        """Lists the connections of a name: two packs may each have one."""

    def connection_names(self) -> Sequence[str]:
        """Lists the connections there are, for suggestions."""

    def default_account(self, pack_id: int) -> str | None:
        """Gives the id of the connection for calls of a pack that name none."""

    def table_by_id(self, table: str) -> KnownTable | None:
        """Finds a synced table by its id."""

    def tables_by_name(self, name: str) -> Sequence[KnownTable]:
        """Lists the synced tables of a name: one table of a pack may be synced several times."""

    def table_names(self) -> Sequence[str]:
        """Lists the synced tables there are, for suggestions."""


@dataclass(frozen=True, kw_only=True)
class FixedScope:
    """Is a scope made of what is at hand.

    ``defaults`` names the connection for calls of a pack that name none, by the pack's number.
    """

    packs: Sequence[KnownPack] = ()
    connections: Sequence[KnownConnection] = ()
    variables: Mapping[str, Value] = field(default_factory=dict)
    defaults: Mapping[int, str] = field(default_factory=dict)
    tables: Sequence[KnownTable] = ()
    actions: bool = False
    home: str = ""

    def pack_by_id(self, pack_id: int) -> KnownPack | None:
        """Finds a pack by its number."""
        return next((pack for pack in self.packs if pack.id == pack_id), None)

    def pack_by_name(self, name: str) -> KnownPack | None:
        """Finds a pack by its name."""
        return next((pack for pack in self.packs if same_name(pack.name, name)), None)

    def pack_names(self) -> Sequence[str]:
        """Lists the packs."""
        return [pack.name for pack in self.packs]

    def connection_by_id(self, connection: str) -> KnownConnection | None:
        """Finds a connection by its id."""
        return next((known for known in self.connections if known.id == connection), None)

    def connections_by_name(self, name: str) -> Sequence[KnownConnection]:
        """Lists the connections of a name."""
        return [known for known in self.connections if same_name(known.name, name)]

    def connection_names(self) -> Sequence[str]:
        """Lists the connections."""
        return [known.name for known in self.connections]

    def default_account(self, pack_id: int) -> str | None:
        """Gives the connection for calls that name none."""
        return self.defaults.get(pack_id)

    def table_by_id(self, table: str) -> KnownTable | None:
        """Finds a synced table by its id."""
        return next((known for known in self.tables if known.id == table), None)

    def tables_by_name(self, name: str) -> Sequence[KnownTable]:
        """Lists the synced tables of a name."""
        return [known for known in self.tables if same_name(known.name, name)]

    def table_names(self) -> Sequence[str]:
        """Lists the synced tables."""
        return [known.name for known in self.tables]


def same_name(one: str, other: str) -> bool:
    """Tells whether two names are the same, whatever their case."""
    return one.casefold() == other.casefold()


def find_same(name: str, names: Iterable[str]) -> str | None:
    """Finds the name that is the same: with the same letters, or else whatever the case."""
    known = list(names)
    return name if name in known else next((other for other in known if same_name(other, name)), None)
