"""Looks into what a bundle declares about itself, in its own words. Any of it may be a lie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from packsys.errors import BrokenPack, NotConnected
from packsys.sandbox.errand import Errand
from packsys.sdk.targets import Aim


def declared(coda: Mapping[str, Any], kind: str, name: str) -> Mapping[str, Any]:
    """Finds what a bundle declares under a name; raises :class:`~packsys.errors.BrokenPack` when it is not there."""
    for each in _list(coda.get(kind)):
        if isinstance(each, Mapping) and each.get("name") == name:
            return each
    raise BrokenPack(f"The pack has no {name!r} among its {'formulas' if kind == 'formulas' else 'sync tables'}.")


def identity_of(coda: Mapping[str, Any], table: str) -> str:
    """Gives the name by which references know the rows of a table; blank where there is none."""
    if not is_table(coda, table):
        return ""
    found = declared(coda, "syncTables", table).get("identityName")
    return found if isinstance(found, str) else ""


def is_table(coda: Mapping[str, Any], name: str) -> bool:
    """Tells whether a bundle declares a sync table of this name."""
    tables = coda.get("syncTables")
    return isinstance(tables, list) and any(isinstance(each, Mapping) and each.get("name") == name for each in tables)


def authentication_of(coda: Mapping[str, Any], errand: Errand) -> str:
    """Gives the SDK's name of what signs the requests of a call."""
    if errand.account and coda.get("defaultAuthentication"):
        return "defaultUserAuthentication"
    return "systemAuthentication" if coda.get("systemConnectionAuthentication") else ""


def check_allowed(errand: Errand, coda: Mapping[str, Any], authentication: str) -> None:
    """Refuses an account of a kind that what is called does not work with."""
    match errand.target.aim:
        case Aim.FORMULA:
            found = declared(coda, "formulas", errand.target.name)
        case Aim.PAGE | Aim.UPDATE:
            found = declared(coda, "syncTables", errand.target.name).get("getter") or {}
        case _:
            return
    allowed = found.get("allowedAuthenticationNames")
    if isinstance(allowed, list) and authentication not in allowed:
        names = ", ".join(str(each) for each in allowed[:5])
        raise NotConnected(f"{errand.name} works only with accounts of the kind {names}: pass one of them.")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
