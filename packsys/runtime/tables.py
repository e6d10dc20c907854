"""What reads synced tables where there are none: on a pack maker's bench."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from packsys.errors import TableGone
from packsys.language.scope import KnownTable
from packsys.values import Value


class NoTables:
    """Knows no table."""

    def names(self, *, workspace: str) -> Sequence[str]:
        """Lists nothing."""
        return ()

    def by_name(self, name: str, *, workspace: str) -> Sequence[KnownTable]:
        """Finds nothing."""
        return ()

    def by_id(self, table: str, *, workspace: str) -> KnownTable | None:
        """Finds nothing."""
        return None

    def answer(self, arguments: Mapping[str, Value], *, workspace: str) -> Sequence[Value]:
        """Raises TableGone."""
        raise TableGone
