"""Writes the reference of the built-in functions, of what they declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from packsys.language.functions import FAMILIES
from packsys.language.functions.registry import Function
from packsys.language.printer import printed
from packsys.language.syntax import Text
from packsys.values import Value, text_of

BEGIN: Final = "<!-- The rest is written by packsys.language.reference.update(): do not edit it. -->"


def reference() -> str:
    """Writes all functions as Markdown, family by family: how each is called, what it gives, and examples."""
    return "\n".join(line for title, family in FAMILIES.items() for line in _family(title, family))


def update(page: Path) -> None:
    """Puts the reference behind the mark in a page."""
    written = page.read_text("utf-8").split(BEGIN)[0]
    page.write_text(f"{written}{BEGIN}\n\n{reference()}", "utf-8")


def literal(value: Value) -> str:
    """Writes a value as a formula that gives it."""
    match value:
        case None:
            return "Blank()"
        case str():
            return printed(Text(value, 0, 0))
        case list() | tuple():
            return f"List({', '.join(map(literal, value))})"
        case Mapping():
            return f"Object({', '.join(f'{literal(key)}, {literal(item)}' for key, item in value.items())})"
        case datetime():
            return f"DateTime({', '.join(map(str, value.timetuple()[:6]))})"
        case date():
            return f"Date({value.year}, {value.month}, {value.day})"
        case timedelta():
            return f"Duration({value.days}, 0, 0, {text_of(value.seconds + value.microseconds / 1e6)})"
    return text_of(value)


def _family(title: str, functions: Sequence[Function]) -> Iterator[str]:
    yield f"### {title}\n"
    for function in sorted(functions, key=lambda function: function.name):
        yield from _function(function)


def _function(function: Function) -> Iterator[str]:
    yield f"**`{function.usage}`** {function.description}{_remarks(function)}\n"
    if function.examples:
        yield "```formula"
        yield from (f"{example.formula} → {literal(example.value)}" for example in function.examples)
        yield "```\n"


def _remarks(function: Function) -> str:
    remarks = [
        f"Also called {' and '.join(function.aliases)}." if function.aliases else "",
        "Without a locale it goes by the job's." if any(each.locale for each in function.parameters) else "",
        f"`{function.binds}` is an expression over `CurrentValue`." if function.binds else "",
        "It evaluates only the arguments that it needs." if function.lazy and not function.action else "",
        "It gives another value another time." if function.volatile else "",
        "It is an action: for buttons and automations." if function.action else "",
        "It needs a document." if function.document else "",
    ]
    return "".join(f" {remark}" for remark in remarks if remark)
