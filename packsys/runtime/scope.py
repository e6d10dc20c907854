"""Gives names their meaning in one workspace, and binds formulas in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Protocol

from packsys.language.compile import Compiled, Compiler
from packsys.language.scope import KnownConnection, KnownPack, KnownTable, same_name
from packsys.model import Connection, ConnectionState, PackVersion, Submission
from packsys.ports import PackStore, TableReader
from packsys.runtime.tables import NoTables
from packsys.values import Value


class Accounts(Protocol):
    """Lists the connections of a workspace, as a connection store does."""

    def list(self, *, workspace: str) -> Sequence[Connection]:
        """Lists them by name."""


class WorkspaceScope:
    """Is what a submitted formula can name: packs, the workspace's connections and synced tables, its own variables.

    Connections are read when the first one is named, once.
    """

    def __init__(self, submission: Submission, *, packs: PackStore, connections: Accounts, tables: TableReader) -> None:
        """Takes the submission and the stores to look things up in."""
        self._submission, self._packs, self._connections = submission, packs, connections
        self._tables = tables

    @property
    def home(self) -> str:
        """Gives the workspace."""
        return self._submission.workspace

    @property
    def variables(self) -> Mapping[str, Value]:
        """Gives the submitted variables."""
        return self._submission.variables

    @property
    def actions(self) -> bool:
        """Tells whether the caller allows effects."""
        return self._submission.actions

    def pack_by_id(self, pack_id: int) -> KnownPack | None:
        """Finds a pack by its number."""
        return _known(self._packs.by_id(pack_id))

    def pack_by_name(self, name: str) -> KnownPack | None:
        """Finds a pack by its name."""
        return _known(self._packs.by_name(name))

    def pack_names(self) -> Sequence[str]:
        """Lists the packs."""
        return self._packs.names()

    def connection_by_id(self, connection: str) -> KnownConnection | None:
        """Finds a connection by its id."""
        return next((_known_connection(row) for row in self._rows if row.id == connection.lower()), None)

    def connections_by_name(self, name: str) -> Sequence[KnownConnection]:
        """Lists the connections of a name."""
        return [_known_connection(row) for row in self._rows if same_name(row.name, name)]

    def connection_names(self) -> Sequence[str]:
        """Lists the connections."""
        return [row.name for row in self._rows]

    def default_account(self, pack_id: int) -> str | None:
        """Gives the pack's only active connection; None when there is none, or a choice to make."""
        usable = [row for row in self._rows if row.pack_id == pack_id and row.state is ConnectionState.ACTIVE]
        return usable[0].id if len(usable) == 1 else None

    def table_by_id(self, table: str) -> KnownTable | None:
        """Finds a synced table by its id."""
        return self._tables.by_id(table, workspace=self._submission.workspace)

    def tables_by_name(self, name: str) -> Sequence[KnownTable]:
        """Lists the synced tables of a name."""
        return self._tables.by_name(name, workspace=self._submission.workspace)

    def table_names(self) -> Sequence[str]:
        """Lists the synced tables."""
        return self._tables.names(workspace=self._submission.workspace)

    @cached_property
    def _rows(self) -> Sequence[Connection]:
        return self._connections.list(workspace=self._submission.workspace)


@dataclass(frozen=True, kw_only=True)
class Compile:
    """Parses and binds submitted formulas."""

    compiler: Compiler
    packs: PackStore
    connections: Accounts
    tables: TableReader = NoTables()  # noqa: RUF009 - it holds nothing

    def __call__(self, submission: Submission) -> Compiled:
        """Gives the bound formula; raises FormulaError."""
        scope = WorkspaceScope(submission, packs=self.packs, connections=self.connections, tables=self.tables)
        return self.compiler.compile(submission.formula, scope)

    def together(self) -> Compile:
        """Gives the same for formulas that come together: it reads the connections of a workspace once for all."""
        return replace(self, connections=_Read(list=cache(self.connections.list)))


@dataclass(frozen=True)
class _Read:
    list: Callable[..., Sequence[Connection]]


def _known(pack: PackVersion | None) -> KnownPack | None:
    if pack is None:
        return None
    return KnownPack(id=pack.id, name=pack.name, formulas=pack.signatures)


def _known_connection(row: Connection) -> KnownConnection:
    return KnownConnection(id=row.id, pack_id=row.pack_id, name=row.name)
