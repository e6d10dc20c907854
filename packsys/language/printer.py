"""Writes parsed formulas: with the parentheses that they need and no others.

What is printed is read back as the same tree, for every tree that the parser builds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from packsys.language.parser.precedence import BINARY, POWER, PREFIX, SIGN
from packsys.language.syntax import (
    Argument,
    Boolean,
    Call,
    Infix,
    Member,
    Name,
    Number,
    Prefix,
    Reference,
    Syntax,
    Template,
    Text,
)
from packsys.language.walk import walk

_WHOLE: Final = 99  # the level of what needs no parentheses anywhere
_IN_TEXT = re.compile(r'["\n\t\r\0]|\{(?==)|\\(?![a-mo-qsv-zA-Z0-9(.])')
_ESCAPED = {"\n": r"\n", "\t": r"\t", "\r": r"\r", "\0": r"\u0000"}
_IN_NAME = re.compile(r"[\]\\]")


class Printed(NamedTuple):
    """Is a piece of a formula, and how tightly its outermost operator binds."""

    text: str
    level: int = _WHOLE


_Visit: TypeAlias = Generator[Syntax, Printed, Printed]


def printed(tree: Syntax) -> str:
    """Writes a formula as its tree says: names as names, references as references."""
    return walk(tree, _visit).text


def _visit(node: Syntax) -> Printed | _Visit:
    return _VISITS[type(node)](node)


def _number(node: Number) -> Printed:
    return Printed(repr(node.value))


def _text(node: Text) -> Printed:
    return Printed(f'"{_IN_TEXT.sub(_escaped, node.value)}"')


def _boolean(node: Boolean) -> Printed:
    return Printed("true" if node.value else "false")


def _name(node: Name) -> Printed:
    return Printed(f"[{_IN_NAME.sub(_escaped, node.text)}]" if node.bracketed else node.text)


def _reference(node: Reference) -> Printed:
    flags = ":".join("true" if flag else "false" for flag in node.flags)
    return Printed(f"$$[{node.kind}:{':'.join(node.ids)}:{flags}:{_IN_NAME.sub(_escaped, node.text)}]")


def _member(node: Member) -> _Visit:
    receiver = yield node.receiver
    name = yield node.name
    return Printed(f"{_within(receiver, POWER)}.{name.text}")


def _call(node: Call) -> _Visit:
    head = ""
    if node.receiver is not None:
        receiver = yield node.receiver
        head = _within(receiver, POWER) + ("::" if node.qualified else ".")
    name = yield node.name
    arguments = yield from _arguments(node.arguments)
    return Printed(f"{head}{name.text}({', '.join(arguments)})")


def _arguments(arguments: Sequence[Argument]) -> Generator[Syntax, Printed, list[str]]:
    texts: list[str] = []
    for argument in arguments:
        label = f"{_name(argument.label).text}: " if argument.label else ""
        value = yield argument.value
        texts.append(label + value.text)
    return texts


def _prefix(node: Prefix) -> _Visit:
    operand = yield node.operand
    level = PREFIX[node.operator]
    blank = " " if node.operator == "not" else ""
    return Printed(f"{node.operator}{blank}{_within(operand, level - 1)}", level)


def _infix(node: Infix) -> _Visit:
    level = BINARY[node.operators[0]]
    if level == POWER:
        base, exponent = (yield node.operands[0]), (yield node.operands[1])
        return Printed(f"{_within(base, POWER)}^{_within(exponent, SIGN - 1)}", POWER)
    first = yield node.operands[0]
    pieces = [_within(first, level)]
    for operator, operand in zip(node.operators, node.operands[1:], strict=True):
        other = yield operand
        pieces += (operator, _within(other, level))
    return Printed(" ".join(pieces), level)


def _template(node: Template) -> _Visit:
    pieces: list[str] = []
    literal = len(node.parts) == 1  # a text alone stands in a hole: otherwise it would be no template
    for part in node.parts:
        shown = yield part
        literal = isinstance(part, Text) and part.value != "" and not literal
        pieces.append(shown.text[1:-1] if literal else f"{{={shown.text}}}")
    return Printed(f'"{"".join(pieces)}"')


def _within(piece: Printed, level: int) -> str:
    return piece.text if piece.level > level else f"({piece.text})"


def _escaped(found: re.Match[str]) -> str:
    return _ESCAPED.get(found[0], "\\" + found[0])


_VISITS: Mapping[type[Any], Callable[[Any], Printed | _Visit]] = {
    Number: _number,
    Text: _text,
    Boolean: _boolean,
    Name: _name,
    Reference: _reference,
    Member: _member,
    Call: _call,
    Prefix: _prefix,
    Infix: _infix,
    Template: _template,
}
