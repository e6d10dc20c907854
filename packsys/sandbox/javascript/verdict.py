"""Turns what a pack in JavaScript raised into the errors of the house."""

from __future__ import annotations

import re
from collections.abc import Mapping

from packsys.errors import BrokenPack, PackRaised, PermissionRefused, UserVisible
from packsys.sandbox.faults import LONGEST_MESSAGE, Fault, fault
from packsys.sandbox.javascript.web import WEB_NAMES
from packsys.sandbox.javascript.wire import Raised

_MISSING = re.compile(r"ReferenceError: (\w+) is not defined")
_OF_NODE = ("require", "process", "__dirname", "window", "document")


def verdict(call: str, raised: Raised, causes: Mapping[int, BaseException]) -> Fault:
    """Gives the error of the house; ``causes`` are the errors that the host itself gave to the call's requests.

    The pack is believed where it speaks for itself: a message for the user, scopes that it misses. What happened
    to a request only the host knows: a status, or an address out of reach, is taken from ``causes``, so that a
    pack cannot make an account look refused.
    """
    if raised.for_user:
        return UserVisible(_capped(raised.message) or None)
    cause = causes.get(raised.request or 0)
    if cause is not None:
        return fault(call, cause)
    match raised.name:
        case "BrokenPack":
            return BrokenPack(_capped(raised.message))
        case "MissingScopesError":
            return PermissionRefused(f"The account lacks a right that {call} needs: connect it again and grant it.")
        case _:
            said = f": {raised.message}" if raised.message else "."
            return PackRaised(_capped(f"{call} raised {raised.name}{said}"))


def unloadable(said: str) -> BrokenPack:
    """Says why a pack cannot be loaded, and what to do; ``said`` is the first line of the engine's message."""
    missing = _MISSING.search(said)
    name = missing[1] if missing else ""
    if name in WEB_NAMES:
        advice = f"packs find no {name} unless they are published with the web's names, or leave it out"
    elif name in _OF_NODE or "import statement outside" in said or "Unexpected token 'export'" in said:
        advice = "it is no bundle of its own yet: build it with 'packs build' of the Coda SDK"
    elif "SyntaxError" in said:
        advice = "it is no JavaScript that V8 understands: build it again"
    else:
        advice = "its code raises while it is loaded, before any formula runs: try it with 'packs validate'"
    return BrokenPack(_capped(f"The pack cannot be loaded: {advice}. The engine says: {said}"))


def _capped(text: str) -> str:
    return text if len(text) <= LONGEST_MESSAGE else f"{text[: LONGEST_MESSAGE - 1]}…"
