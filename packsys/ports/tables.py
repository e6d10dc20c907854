"""The socket for formulas that read synced tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from packsys.language.scope import KnownTable
from packsys.values import Value


class TableReader(Protocol):
    """Knows the synced tables of workspaces, and answers what formulas ask of their rows."""

    def names(self, *, workspace: str) -> Sequence[str]:
        """Lists the names of a workspace's tables."""

    def by_name(self, name: str, *, workspace: str) -> Sequence[KnownTable]:
        """Finds the tables of a name, whatever its case."""

    def by_id(self, table: str, *, workspace: str) -> KnownTable | None:
        """Finds a table."""

    def answer(self, arguments: Mapping[str, Value], *, workspace: str) -> Sequence[Value]:
        """Answers the call that :func:`packsys.language.tables.invocation` makes, in a list.

        The list is empty where only the language can look at the rows, because some hold values of other kinds than
        their columns have. Raises :class:`~packsys.errors.TableGone`, :class:`~packsys.errors.NeverSynced` and
        :class:`~packsys.errors.TooMuch`.
        """
