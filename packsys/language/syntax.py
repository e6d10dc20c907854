"""What is written: the tree that the parser builds.

Operators of one level stay flat, so that a sum of a thousand terms is one :class:`Infix`. Every node knows its
offsets in the formula, in code points, ``end`` exclusive. Trees may be some thousand nodes high (a chain of 256
steps inside each of 200 brackets): whoever walks one does it with :func:`packsys.language.walk.walk`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Number:
    """Is a number, percent already divided by 100."""

    value: int | float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Text:
    """Is a text, its escapes resolved."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Boolean:
    """Is ``true`` or ``false``."""

    value: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    """Is a name as people write it, in NFC; ``bracketed`` when it stood in ``[…]``."""

    text: str
    bracketed: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reference:
    """Is a ``$$[…]`` reference of seven fields.

    The flags have no documented meaning: they are kept, and nothing is decided by them.
    """

    kind: str
    ids: tuple[str, str, str]
    flags: tuple[bool, bool]
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Member:
    """Is ``receiver.name``."""

    receiver: Syntax
    name: Name | Reference
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Argument:
    """Is one argument of a call, with its label where it has one."""

    label: Name | None
    value: Syntax


@dataclass(frozen=True, slots=True)
class Call:
    """Is ``name(…)``, ``receiver.name(…)`` or, when ``qualified``, ``receiver::name(…)``."""

    receiver: Syntax | None
    name: Name | Reference
    qualified: bool
    arguments: tuple[Argument, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Prefix:
    """Is ``-x``, ``+x``, ``!x`` or ``not x``."""

    operator: str
    operand: Syntax
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Infix:
    """Is a run of operators of one level: one more operand than operators."""

    operators: tuple[str, ...]
    operands: tuple[Syntax, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Template:
    """Is text with holes: texts and formulas, joined."""

    parts: tuple[Syntax, ...]
    start: int
    end: int


Syntax: TypeAlias = Number | Text | Boolean | Name | Reference | Member | Call | Prefix | Infix | Template


@dataclass(frozen=True, slots=True)
class Lint:
    """Is something that is legal and probably not meant."""

    message: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """Is a formula's tree, with what its author should know."""

    tree: Syntax
    lints: tuple[Lint, ...] = ()
