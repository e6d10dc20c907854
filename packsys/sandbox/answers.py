"""What a pack answers when it is asked for anything but a formula.

It is written where the pack runs and read by the host, who was told it by a stranger: each part is checked, and made
anew. Packs that run in this process go the same way, so that they give the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from packsys import sdk
from packsys.catalog.types import describe_schema, read_schema
from packsys.errors import ResultMismatch
from packsys.sandbox.errand import Errand
from packsys.sandbox.faults import clean
from packsys.sdk.targets import Aim

MOST_OFFERED = 10_000
"""Choices or tables in one answer."""

LONGEST_TEXT = 2_000
"""Characters of a name, an id or an address."""

MOST_MEMBERS = 20_000
"""Members of objects and lists in one schema: reading one takes far longer than writing it."""


def written(aim: Aim, found: Any, tell: Callable[[BaseException], object]) -> object:
    """Writes what a pack's function gave as a message holds it; ``tell`` describes an exception."""
    match aim:
        case Aim.PAGE:
            return vars(found)
        case Aim.UPDATE:
            return [{"raised": tell(each)} if isinstance(each, Exception) else {"row": each} for each in found]
        case Aim.TABLES | Aim.SEARCH_TABLES:
            return [vars(each) if isinstance(each, sdk.TableAddress) else each for each in found]
        case Aim.TABLE_SCHEMA:
            return describe_schema(found) if isinstance(found, sdk.ObjectSchema) else found
        case _:
            return found


def read(message: Any, errand: Errand, *, said: Callable[[Any], str]) -> Any:
    """Reads an answer as :meth:`packsys.ports.PackRunner.ask` gives it.

    ``said`` gives the sentence for an exception that was told. Raises :class:`~packsys.errors.ResultMismatch` with
    what is wrong.
    """
    try:
        match errand.target.aim:
            case Aim.PAGE:
                return _page(message)
            case Aim.UPDATE:
                return _outcomes(message, len(errand.arguments["updates"]), said)
            case Aim.AUTOCOMPLETE | Aim.OPTIONS | Aim.ENDPOINTS:
                return [_choice(each) for each in _listed("choices", message)]
            case Aim.TABLES | Aim.SEARCH_TABLES:
                return [_address(each) for each in _listed("tables", message)]
            case Aim.TABLE_SCHEMA:
                return _schema(message)
            case _:
                return _text(message)
    except _Wrong as wrong:
        raise ResultMismatch(f"{errand.name} gave {wrong}.") from None


class _Wrong(Exception):
    """An answer is wrong; the message is the end of a sentence."""


def members(value: Any) -> int:
    """Counts the members of an object or a list, and of those in it."""
    found, rest = 0, [value]
    while rest:
        each = rest.pop()
        inner = each.values() if isinstance(each, Mapping) else each if isinstance(each, list) else ()
        found += len(inner)
        rest.extend(inner)
    return found


def _page(message: Any) -> sdk.Page:
    match message:
        case {"rows": list(rows), "deleted": list(deleted), "incomplete": bool(incomplete)}:
            _need(all(isinstance(row, dict) for row in rows), "a page with a row that is no object: give mappings")
            _need(all(type(each) in (str, int) for each in deleted), "a page whose 'deleted' are no ids: give text")
        case _:
            raise _Wrong("no page: give Page(rows, …) with a list of rows")
    try:
        return sdk.Page(
            rows,
            continuation=message.get("continuation"),
            completion=message.get("completion"),
            incomplete=incomplete,
            deleted=tuple(deleted),
            partitions=message.get("partitions") or {},
        )
    except ValueError as error:
        raise _Wrong(f"a page that cannot be: {clean(str(error)).rstrip('.')}") from None


def _outcomes(message: Any, updates: int, said: Callable[[Any], str]) -> list[Any]:
    outcomes = _listed("updates", message)
    _need(len(outcomes) == updates, f"{len(outcomes)} results for {updates} updates: give one for each, in their order")
    return [_outcome(each, said) for each in outcomes]


def _outcome(message: Any, said: Callable[[Any], str]) -> Any:
    match message:
        case {"row": dict(row)}:
            return row
        case {"raised": told}:
            return sdk.UserVisibleError(said(told))
        case _:
            raise _Wrong("an update that is neither a row nor an exception: give either")


def _choice(message: Any) -> dict[str, Any]:
    match message:
        case {"display": str(display), "value": None | bool() | int() | float() | str() | dict() | list() as value}:
            _need(_is_plain(value), "a choice whose value is not plain JSON: give text or numbers")
            return {"display": clean(display), "value": value}
        case _:
            raise _Wrong("a choice that is none: give values, or Choice(display=…, value=…)")


def _is_plain(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()  # half a surrogate pair has no UTF-8
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _address(message: Any) -> sdk.TableAddress:
    match message:
        case {"url": str(url), "name": str(name), "has_tables": bool(has_tables)} if max(len(url), len(name)) <= (
            LONGEST_TEXT
        ):
            return sdk.TableAddress(url=clean(url), name=clean(name), has_tables=has_tables)
        case _:
            raise _Wrong("a table that is none: give TableAddress(url=…, name=…)")


def _schema(message: Any) -> dict[str, Any]:
    _need(isinstance(message, dict), "no schema: give an ObjectSchema")
    _need(members(message) <= MOST_MEMBERS, f"a schema of more than {MOST_MEMBERS} members: leave properties out")
    try:
        schema = read_schema(message)
        made = describe_schema(schema)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, sdk.PackDeclarationError) as error:
        raise _Wrong(f"a schema that is none ({type(error).__name__}: {clean(str(error))[:LONGEST_TEXT]})") from None
    _need(bool(schema.id), f"the schema {schema.name}, which cannot tell its rows apart: name its id")
    return made


def _text(message: Any) -> str:
    if type(message) is int:
        return str(message)
    _need(isinstance(message, str) and len(message) <= LONGEST_TEXT, f"no text of at most {LONGEST_TEXT} characters")
    return clean(message)


def _listed(what: str, message: Any) -> Sequence[Any]:
    _need(isinstance(message, list), f"no list of {what}")
    _need(len(message) <= MOST_OFFERED, f"{len(message)} {what}: give {MOST_OFFERED} at most")
    return list(message)


def _need(holds: bool, otherwise: str) -> None:
    if not holds:
        raise _Wrong(otherwise)
