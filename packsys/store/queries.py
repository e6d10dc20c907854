"""Loads the statements of ``queries.sql``, and types them by the columns that they name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, Float, Integer, Text, TextualSelect, bindparam, text
from sqlalchemy.types import TypeEngine

from packsys.store.statements import statements
from packsys.store.tables import metadata
from packsys.store.types import AnyText, InvocationText, ValueText

# A name means the same in every table and statement: a parameter, or a result, called as a column has its type.
TYPES: Mapping[str, TypeEngine[Any]] = MappingProxyType(
    {column.name: column.type for table in metadata.sorted_tables for column in table.columns}
    | dict.fromkeys(("jobs", "keys", "calls", "workspaces"), ARRAY(AnyText()))
    | {"invocations": ARRAY(InvocationText())}
    | {"seconds": Float(), "lease": Float(), "delay": Float(), "grace": Float()}
    | {"attempts": Integer(), "limit": Integer(), "parked": Integer(), "code": AnyText(), "calls_back": Boolean()}
    | {"share": Integer(), "most": Integer(), "doublings": Integer(), "steps": Integer(), "hits": Integer()}
    | {"gone": ARRAY(AnyText()), "spared": ARRAY(AnyText()), "counted": ARRAY(BigInteger()), "states": ARRAY(AnyText())}
    | {"live": Integer(), "missing": Integer(), "doomed": Integer(), "nameless": Integer()}
    | dict.fromkeys(("came_keys", "came_hashes", "came_documents", "came_notes", "separator"), Text())
    | {"own": BigInteger(), "width": Integer(), "parts": ARRAY(AnyText()), "beginnings": ARRAY(ValueText())}
    | {"run_ids": ARRAY(AnyText()), "run_pages": ARRAY(Integer()), "fences": ARRAY(Integer())}
    | {"looped": Boolean(), "taken": Boolean(), "everything": Boolean(), "untried": Integer(), "complete": Boolean()}
)


def load(path: Path) -> Mapping[str, TextualSelect]:
    """Reads the statements of a file by name."""
    return MappingProxyType({name: _typed(sql) for name, sql in statements(path).items()})


def _typed(sql: str) -> TextualSelect:
    statement = text(sql)
    names = statement.compile().params
    return statement.bindparams(*(bindparam(name, type_=TYPES[name]) for name in names)).columns(**TYPES)


QUERIES = load(Path(__file__).with_name("queries.sql"))
