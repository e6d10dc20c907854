"""Reads files of SQL statements."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

_HEADING = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def statements(path: Path) -> Mapping[str, str]:
    """Reads statements by name: each begins with ``-- name:`` and ends where the next begins."""
    parts = _HEADING.split(path.read_text(encoding="utf-8"))[1:]
    return MappingProxyType(dict(zip(parts[::2], parts[1::2], strict=True)))
