"""Notices when the files of a pack change."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path


def changes(
    path: Path, *, pause: Callable[[float], object] = time.sleep, interval: float = 0.5
) -> Iterator[Mapping[Path, int]]:
    """Gives the state of the files at once, and again after every change, looking every ``interval`` seconds."""
    seen: Mapping[Path, int] | None = None
    while True:
        found = _state(path if path.is_dir() else path.parent)
        if found != seen:
            seen = found
            yield found
        pause(interval)


def _state(folder: Path) -> Mapping[Path, int]:
    files = (each for each in folder.rglob("*") if each.suffix in (".py", ".js", ".json", ".ts"))
    return {each: each.stat().st_mtime_ns for each in files if each.is_file()}
