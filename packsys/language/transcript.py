"""What binding a formula has asked of its scope, so that one knows whether it would still be bound the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from packsys.language.scope import KnownConnection, KnownPack, KnownTable, Scope
from packsys.values import Account, Value

_Answer = TypeVar("_Answer")


class Transcript:
    """Is a scope that writes down what another one answers."""

    def __init__(self, scope: Scope) -> None:
        """Takes the scope that answers."""
        self._scope = scope
        self._told: dict[tuple[str, tuple[Any, ...]], object] = {}

    def holds(self, scope: Scope) -> bool:
        """Tells whether a scope would give the same answers: then what was bound with this one is bound so in it."""
        return all(_answer(scope, *question) == told for question, told in self._told.items())

    def close(self) -> None:
        """Lets the scope go: only what it told is kept."""
        del self._scope

    @property
    def home(self) -> str:
        """Gives the home of the scope."""
        return self._scope.home

    @property
    def variables(self) -> Mapping[str, Value]:
        """Gives the variables; of their values, only whether they are accounts, and which, is written down."""
        self._told[("variables", ())] = _accounts(self._scope.variables)
        return self._scope.variables

    @property
    def actions(self) -> bool:
        """Tells whether effects are allowed."""
        self._told[("actions", ())] = self._scope.actions
        return self._scope.actions

    def pack_by_id(self, pack_id: int) -> KnownPack | None:
        """Finds a pack by its number."""
        return self._note(self._scope.pack_by_id(pack_id), "pack_by_id", pack_id)

    def pack_by_name(self, name: str) -> KnownPack | None:
        """Finds a pack by its name."""
        return self._note(self._scope.pack_by_name(name), "pack_by_name", name)

    def pack_names(self) -> Sequence[str]:
        """Lists the packs."""
        return self._note(self._scope.pack_names(), "pack_names")

    def connection_by_id(self, connection: str) -> KnownConnection | None:
        """Finds a connection by its id."""
        return self._note(self._scope.connection_by_id(connection), "connection_by_id", connection)

    def connections_by_name(self, name: str) -> Sequence[KnownConnection]:
        """Lists the connections of a name."""
        return self._note(self._scope.connections_by_name(name), "connections_by_name", name)

    def connection_names(self) -> Sequence[str]:
        """Lists the connections."""
        return self._note(self._scope.connection_names(), "connection_names")

    def default_account(self, pack_id: int) -> str | None:
        """Gives the connection for calls that name none."""
        return self._note(self._scope.default_account(pack_id), "default_account", pack_id)

    def table_by_id(self, table: str) -> KnownTable | None:
        """Finds a synced table by its id."""
        return self._note(self._scope.table_by_id(table), "table_by_id", table)

    def tables_by_name(self, name: str) -> Sequence[KnownTable]:
        """Lists the synced tables of a name."""
        return self._note(self._scope.tables_by_name(name), "tables_by_name", name)

    def table_names(self) -> Sequence[str]:
        """Lists the synced tables."""
        return self._note(self._scope.table_names(), "table_names")

    def _note(self, answer: _Answer, question: str, *about: Any) -> _Answer:
        self._told[(question, about)] = answer
        return answer


def _answer(scope: Scope, question: str, about: tuple[Any, ...]) -> object:
    match question:
        case "variables":
            return _accounts(scope.variables)
        case "actions":
            return scope.actions
    return getattr(scope, question)(*about)


def _accounts(variables: Mapping[str, Value]) -> dict[str, str | None]:
    return {name: value.id if isinstance(value, Account) else None for name, value in variables.items()}
