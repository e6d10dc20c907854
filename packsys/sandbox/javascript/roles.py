"""Reads which properties of an object make its card and tell its history, as schemas of the Coda SDK say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from packsys import sdk
from packsys.sdk import PackDeclarationError

_Made = TypeVar("_Made")

_ROLES = {"title": "titleProperty", "snippet": "snippetProperty", "image": "imageProperty", "link": "linkProperty"}
_HISTORY = {
    "created_at": "createdAtProperty",
    "created_by": "createdByProperty",
    "modified_at": "modifiedAtProperty",
    "modified_by": "modifiedByProperty",
    "version": "versionProperty",
}


def extras(
    schema: Mapping[str, Any], names: Mapping[str, str], made: Callable[..., sdk.ObjectSchema]
) -> dict[str, Any]:
    """Reads what else a schema says: each may be wrong by itself."""
    featured = schema.get("featuredProperties") or schema.get("featured")
    found: dict[str, Any] = {
        "id": _role(schema, names, "idProperty", "id"),
        "display": _role(schema, names, "displayProperty", "primary"),
        "featured": [names[each] for each in _list(featured) if isinstance(each, str) and each in names],
        "attribution": _attribution(schema),
    }
    card: dict[str, Any] = {role: _line(schema.get(theirs), names) for role, theirs in _ROLES.items()}
    card["subtitles"] = [line for each in _list(schema.get("subtitleProperties")) if (line := _line(each, names))]
    history = {role: _line(schema.get(theirs), names) for role, theirs in _HISTORY.items()}
    cards = kept(lambda **each: made(card=sdk.Card(**each)), card)
    moments = {role: each.property for role, each in history.items() if each}
    past = kept(lambda **each: made(history=sdk.History(**each)), moments)
    return {**found, "card": sdk.Card(**cards) if cards else None, "history": sdk.History(**past) if past else None}


def kept(made: Callable[..., _Made], candidates: Mapping[str, Any]) -> dict[str, Any]:
    """Gives those of some arguments with which a thing can still be made, one after the other."""
    found: dict[str, Any] = {}
    for name, each in candidates.items():
        try:
            if each:
                made(**found, **{name: each})
                found[name] = each
        except PackDeclarationError:
            continue
    return found


def _role(schema: Mapping[str, Any], names: Mapping[str, str], *roles: str) -> str:
    named = next((schema[role] for role in roles if isinstance(schema.get(role), str)), "")
    return names.get(named, "")


def _line(written: Any, names: Mapping[str, str]) -> sdk.Line | None:
    given = written if isinstance(written, Mapping) else {"property": written}
    path, label, placeholder = (given.get(each) for each in ("property", "label", "placeholder"))
    if not isinstance(path, str) or "[" in path:
        return None  # a place in a list, for which there is no word
    return sdk.Line(
        names.get(path, path),
        label=label if isinstance(label, str) else "",
        placeholder=placeholder if isinstance(placeholder, str) else "",
    )


def _attribution(schema: Mapping[str, Any]) -> list[sdk.Attribution]:
    identity = schema.get("identity")
    inherited = identity.get("attribution") if isinstance(identity, Mapping) else None
    nodes = [each for each in _list(schema.get("attribution") or inherited) if isinstance(each, Mapping)]
    return [found for each in nodes[:20] if (found := _credit(each))]


def _credit(node: Mapping[str, Any]) -> sdk.Attribution | None:
    told = {name: each for name, each in node.items() if isinstance(each, str)}
    said = told.get("text") or told.get("anchorText") or told.get("anchorUrl")
    link, image = told.get("anchorUrl", "")[:300], told.get("imageUrl", "")[:300]
    return sdk.Attribution(text=said[:1000], link=link, image=image) if said else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
