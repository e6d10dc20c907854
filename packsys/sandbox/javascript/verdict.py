"""Turns what a pack in JavaScript raised into the errors of the house."""

from __future__ import annotations

from collections.abc import Mapping

from packsys.errors import BrokenPack, PackRaised, PermissionRefused, UserVisible
from packsys.sandbox.faults import LONGEST_MESSAGE, Fault, fault
from packsys.sandbox.javascript.wire import Raised


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


def _capped(text: str) -> str:
    return text if len(text) <= LONGEST_MESSAGE else f"{text[: LONGEST_MESSAGE - 1]}…"
