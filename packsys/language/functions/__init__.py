"""The built-in functions, a file for each family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from packsys.language.functions import (
    aggregate,
    calendar,
    date,
    document,
    duration,
    each,
    finance,
    kinds,
    link,
    list,
    logic,
    number,
    object,
    order,
    random,
    regex,
    rounding,
    search,
    statistics,
    substitution,
    text,
    trigonometry,
    writing,
)
from packsys.language.functions.registry import Function, Library, declared_in

FAMILIES: Final[Mapping[str, Sequence[Function]]] = {
    "Logic, names and actions": declared_in(logic),
    "Kinds of values": declared_in(kinds),
    "Lists": declared_in(list),
    "For each item": declared_in(each),
    "Order and repetition": declared_in(order),
    "Search": declared_in(search),
    "Objects and JSON": declared_in(object),
    "Text": declared_in(text),
    "Substitution": declared_in(substitution),
    "Writing": declared_in(writing),
    "Links": declared_in(link),
    "Regular expressions": declared_in(regex),
    "Numbers": declared_in(number),
    "Rounding": declared_in(rounding),
    "Aggregates": declared_in(aggregate),
    "Statistics": declared_in(statistics),
    "Trigonometry": declared_in(trigonometry),
    "Money": declared_in(finance),
    "Chance": declared_in(random),
    "Dates and times": declared_in(date),
    "Parts of dates": declared_in(calendar),
    "Durations and distances": declared_in(duration),
    "Documents": declared_in(document),
}
"""The functions by family, each in its file."""

LIBRARY: Final = Library(function for family in FAMILIES.values() for function in family)
"""Every built-in function; it never changes."""
