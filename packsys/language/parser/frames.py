"""What the parser remembers while a bracket is open."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from packsys.language.syntax import Argument, Name, Reference, Syntax

Bracket: TypeAlias = Literal["formula", "group", "call", "hole"]


class Pending(NamedTuple):
    """Is an operator that waits for its right operand; ``level`` is its precedence."""

    level: int
    sign: str
    prefix: bool
    start: int


@dataclass(slots=True)
class Frame:
    """Is one open bracket: the operands and operators of the expression in it, so far.

    ``start`` and ``end`` are the offsets of the opening bracket; ``chain`` counts the steps of the dot chain that
    the last operand is.
    """

    bracket: Bracket
    start: int
    end: int
    operands: list[Syntax] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)
    chain: int = 0


@dataclass(slots=True)
class CallFrame(Frame):
    """Is an open call."""

    receiver: Syntax | None = None
    name: Name | Reference | None = None
    qualified: bool = False
    begin: int = 0
    steps: int = 0
    label: Name | None = None
    arguments: list[Argument] = field(default_factory=list)


@dataclass(slots=True)
class HoleFrame(Frame):
    """Is a text with an open hole; ``begin`` is where the text began."""

    begin: int = 0
    parts: list[Syntax] = field(default_factory=list)
