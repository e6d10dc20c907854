"""Reads files of SQL statements."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

LONGEST = 4096
"""Characters from which on the driver reads a statement anew each time it runs, which takes longer than most of them.

See ``MAX_CACHED_STATEMENT_LENGTH`` in psycopg.
"""

_HEADING = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_INDENT = re.compile(r"^[ ]+", re.MULTILINE)


def statements(path: Path) -> Mapping[str, str]:
    """Reads statements by name, without indents: each begins with ``-- name:`` and ends where the next begins."""
    parts = _HEADING.split(_INDENT.sub("", path.read_text(encoding="utf-8")))[1:]
    return MappingProxyType(dict(zip(parts[::2], parts[1::2], strict=True)))
