"""The web's own names for packs that ask for them: ``URL``, ``TextEncoder``, timers and their like.

Coda's isolates have none of them, so that a pack finds none unless its maker or its publisher says so: by
``"web": true`` in ``pack.json``, or in a file ``packsys.json`` beside ``bundle.js``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from packsys.errors import BrokenPack

OPTIONS = "packsys.json"
ENTROPY = 32  # bytes that a call is given to draw from
WEB_NAMES = (
    "URL",
    "URLSearchParams",
    "TextEncoder",
    "TextDecoder",
    "setTimeout",
    "setInterval",
    "clearTimeout",
    "clearInterval",
    "atob",
    "btoa",
    "structuredClone",
    "crypto",
)
_CLOSED = "delete globalThis.__packsysHost;"


def wants_web(files: Mapping[str, bytes]) -> bool:
    """Tells whether a pack asks for the web's names; raises :class:`~packsys.errors.BrokenPack` for a wrong file."""
    name = OPTIONS if "bundle.js" in files else "pack.json"
    try:
        said = json.loads(files.get(name, b"{}"))
    except (ValueError, RecursionError) as error:
        raise BrokenPack(f"{name} cannot be read: {error}.") from error
    return isinstance(said, dict) and said.get("web") is True


def first_scripts(*, web: bool) -> list[str]:
    """Gives what runs before a pack: the polyfills, or what leaves no trace of them."""
    return list(_polyfills()) if web else [_CLOSED]


@cache
def _polyfills() -> tuple[str, ...]:
    return tuple(Path(__file__).with_name(name).read_text("utf-8") for name in ("web.js", "url.js"))
