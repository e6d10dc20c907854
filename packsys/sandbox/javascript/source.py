"""Reads the files of a pack in JavaScript, and keeps its scripts where an isolate finds them."""

from __future__ import annotations

import json
import os
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packsys.catalog.bundle import LARGEST_FILE
from packsys.errors import BrokenPack
from packsys.sandbox.javascript.definition import as_coda, read_definition, scripts_of
from packsys.sandbox.javascript.web import first_scripts, wants_web


@dataclass(frozen=True)
class Loaded:
    """Is a pack version whose scripts wait in a file without a name; ``coda`` is what its JSON file declares."""

    key: tuple[int, str]
    scripts: int
    coda: Mapping[str, Any] | None
    web: bool = False


def prepared(key: tuple[int, str], files: Mapping[str, bytes]) -> Loaded:
    """Puts a pack's scripts in their file; raises :class:`~packsys.errors.BrokenPack` for files that hold no pack."""
    scripts, coda = _scripts(files)
    web = wants_web(files)
    loaded = Loaded(key, _written([*first_scripts(web=web), *scripts]), coda, web)
    weakref.finalize(loaded, os.close, loaded.scripts)  # and not before: another thread may be handing it on
    return loaded


def _scripts(files: Mapping[str, bytes]) -> tuple[Sequence[str], Mapping[str, Any] | None]:
    if "bundle.js" in files:
        return [_text(files["bundle.js"])], None
    if "pack.json" in files:
        definition = read_definition(files["pack.json"])
        return scripts_of(definition), as_coda(definition)
    raise BrokenPack("The pack has neither a bundle.js nor a pack.json.")


def _text(bundle: bytes) -> str:
    """Reads a bundle; refuses what is too large to be one, or no text, before it is run."""
    if len(bundle) > LARGEST_FILE:
        raise BrokenPack(
            f"The bundle.js has {len(bundle)} bytes, and {LARGEST_FILE} are the most: leave out what it does not need, "
            "and build it minified."
        )
    try:
        text = bundle.decode("utf-8")
    except UnicodeDecodeError:
        raise BrokenPack("The bundle.js is no text in UTF-8: give the file that 'packs build' wrote.") from None
    if not text.strip():
        raise BrokenPack("The bundle.js is empty: give the file that 'packs build' wrote.")
    return text


def _written(scripts: Sequence[str]) -> int:
    """Keeps scripts in a file that has no name, which a jailed process can be handed."""
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps(scripts).encode())
        file.flush()
        return os.dup(file.fileno())
