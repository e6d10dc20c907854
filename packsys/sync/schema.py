"""Reads the schema of a table's rows, and checks rows against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from packsys.catalog.types import read_schema
from packsys.errors import ResultMismatch
from packsys.sdk import ObjectSchema, PackDeclarationError
from packsys.sync.checking import Checker
from packsys.syncmodel import Checked, SyncClaim, SyncTable

_MOST_COMPILED = 64


def fetched(written: Any, table: str) -> ObjectSchema:
    """Reads a schema as manifests write it, be it declared or made of what a service says.

    Raises :class:`~packsys.errors.ResultMismatch` for what is no schema, or one that cannot tell rows apart.
    """
    try:
        schema = read_schema(written)
    except (PackDeclarationError, AttributeError, KeyError, TypeError, ValueError, RecursionError) as problem:
        raise ResultMismatch(f"{table} gave a schema that is none: {problem}") from problem
    if not schema.id:
        raise ResultMismatch(
            f"{table} gave the schema {schema.name}, which names no id: its rows cannot be told apart."
        )
    return schema


class SchemaCheck:
    """Checks the rows of any table; is the :class:`~packsys.syncports.RowCheck` of the house.

    ``schema_of`` gives the schema that is in force for a table. The check of one is compiled once, as long as the same
    object is given.
    """

    def __init__(self, schema_of: Callable[[SyncTable], ObjectSchema]) -> None:
        """Takes the finder of schemas; nothing is compiled yet."""
        self._schema_of = schema_of
        self._compiled = lru_cache(_MOST_COMPILED)(_compile)

    def __call__(self, claim: SyncClaim, rows: Sequence[Mapping[str, Any]]) -> Checked:
        """Gives rows that are good and rows to be set aside."""
        return self.checker(claim.table)(rows)

    def checker(self, table: SyncTable) -> Checker:
        """Gives the check of one table, which also knows its keys."""
        return self._compiled(self._schema_of(table), table.timezone)


def _compile(schema: ObjectSchema, timezone: str) -> Checker:
    return Checker(schema, zone=ZoneInfo(timezone))
