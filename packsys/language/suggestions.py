"""What was probably meant."""

from __future__ import annotations

from collections.abc import Iterable

from packsys.language.habits import HABITS


def near(name: str, names: Iterable[str], *, most: int = 3) -> tuple[str, ...]:
    """Lists the names that look most like one, best first."""
    from difflib import get_close_matches  # noqa: PLC0415 - only an error pays for it

    known = {other.casefold(): other for other in names}
    habits = [known[habit.casefold()] for habit in _habits(name.casefold()) if habit.casefold() in known]
    found = [known[match] for match in get_close_matches(name.casefold(), known, most)]
    return tuple(dict.fromkeys(habits + found))[:most]


def _habits(word: str) -> tuple[str, ...]:
    return HABITS.get(word) or HABITS.get(word.replace("_", "")) or HABITS.get(word.replace(".", "")) or ()


def listed(names: Iterable[str], *, most: int = 8) -> str:
    """Lists names for a sentence, the first few of them."""
    known = list(names)
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return (", ".join(known[:most]) or "none") + more
