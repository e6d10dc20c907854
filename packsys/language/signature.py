"""What the language must know about something that can be called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from packsys.values import Value


class Kind(StrEnum):
    """Names the kinds of values that a parameter takes or a call gives."""

    ANY = "any"
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    DURATION = "duration"
    OBJECT = "object"
    LIST = "list"


@dataclass(frozen=True)
class Shape:
    """Describes a value as far as it is known before it is there.

    ``item`` belongs to lists, ``properties`` to objects (``None``: not known); a property's name is the one
    that formulas use, in PascalCase.
    """

    kind: Kind = Kind.ANY
    item: Shape | None = None
    properties: Mapping[str, Shape] | None = None


@dataclass(frozen=True)
class Parameter:
    """Is one declared parameter; ``variadic`` ones come last and repeat in complete sets.

    A ``locale`` that is left out is the job's: its ``default`` is not used.
    """

    name: str
    shape: Shape = Shape()
    required: bool = True
    default: Value = None
    variadic: bool = False
    sparse: bool = False
    description: str = ""
    locale: bool = False


class Need(StrEnum):
    """Says whether a pack formula takes a connected account as its first parameter."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True)
class Signature:
    """Declares one formula of one pack release, as the language sees it.

    ``parameters`` leaves the account out: it is never passed to pack code.
    """

    pack_id: int
    pack: str
    version: str
    name: str
    parameters: tuple[Parameter, ...] = ()
    result: Shape = field(default_factory=Shape)
    account: Need = Need.NONE
    action: bool = False
    description: str = ""
