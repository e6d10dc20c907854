"""What was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_HABITS: Final = {
    "countif": "CountIf",
    "foreach": "FormulaMap",
    "iferr": "IfError",
    "ifs": "SwitchIf",
    "iif": "If",
    "indexof": "Contains",
    "isempty": "IsBlank",
    "isnull": "IsBlank",
    "map": "FormulaMap",
    "replace": "SubstituteAll",
    "select": "FormulaMap",
    "size": "CountAll",
    "strlen": "Length",
    "substr": "Middle",
    "substring": "Middle",
    "textjoin": "Join",
    "tolower": "Lower",
    "toupper": "Upper",
    "vlookup": "Filter",
    "where": "Filter",
}
"""What people write who come from spreadsheets and other languages; spelling alone would not find it."""


def near(name: str, names: Iterable[str], *, most: int = 3) -> tuple[str, ...]:
    """Lists the names that look most like one, best first."""
    from difflib import get_close_matches  # noqa: PLC0415 - only an error pays for it

    known = {other.casefold(): other for other in names}
    habit = known.get(_HABITS.get(name.casefold(), "").casefold())
    found = [known[match] for match in get_close_matches(name.casefold(), known, most)]
    return tuple(dict.fromkeys(([habit] if habit else []) + found))[:most]


def listed(names: Iterable[str], *, most: int = 8) -> str:
    """Lists names for a sentence, the first few of them."""
    known = list(names)
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return (", ".join(known[:most]) or "none") + more
