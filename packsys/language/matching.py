"""Which argument goes to which parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from packsys.language.scope import same_name
from packsys.language.signature import Parameter
from packsys.language.suggestions import listed, near

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Labelled(Generic[Thing]):
    """Is one argument: its label, where it has one, and its place in the formula."""

    label: str | None
    thing: Thing
    start: int
    end: int


@dataclass(frozen=True)
class Matched(Generic[Thing]):
    """Is what the parameters get: one or nothing for each fixed one, and what is left for the variadic ones."""

    fixed: tuple[Thing | None, ...]
    rest: tuple[Thing, ...]


class Mismatch(ValueError):
    """Says which argument is wrong and why."""

    def __init__(self, message: str, place: tuple[int, int] | None = None, suggestions: tuple[str, ...] = ()) -> None:
        """Takes the sentence, and the offsets of the argument where it is about one."""
        super().__init__(message)
        self.message = message
        self.place = place
        self.suggestions = suggestions


def match(name: str, parameters: Sequence[Parameter], arguments: Sequence[Labelled[Thing]]) -> Matched[Thing]:
    """Takes the named arguments out of the parameter list and fills what is left by position.

    ``name`` is what is called, for the sentences. Raises :class:`Mismatch`.
    """
    fixed = [parameter for parameter in parameters if not parameter.variadic]
    taken = _named(name, parameters, arguments)
    free = [index for index in range(len(fixed)) if index not in taken]
    positional = [argument for argument in arguments if argument.label is None]
    taken |= dict(zip(free, positional, strict=False))
    _check_missing(name, fixed, set(taken))
    rest = positional[len(free) :]
    if rest and len(fixed) == len(parameters):
        raise Mismatch(_too_many(name, fixed), (rest[0].start, rest[0].end))
    things = [taken[index].thing if index in taken else None for index in range(len(fixed))]
    return Matched(tuple(things), tuple(argument.thing for argument in rest))


def _named(
    name: str, parameters: Sequence[Parameter], arguments: Sequence[Labelled[Thing]]
) -> dict[int, Labelled[Thing]]:
    fixed = [parameter.name for parameter in parameters if not parameter.variadic]
    taken: dict[int, Labelled[Thing]] = {}
    for argument in arguments:
        if argument.label is not None:
            index = _index(name, argument.label, fixed, argument)
            if index in taken:
                raise Mismatch(f"{name} got {fixed[index]!r} twice", (argument.start, argument.end))
            taken[index] = argument
    return taken


def _index(name: str, label: str, names: Sequence[str], argument: Labelled[Thing]) -> int:
    for index, known in enumerate(names):
        if same_name(known, label):
            return index
    message = f"{name} has no parameter {label!r} that can be named; it has {listed(names)}"
    raise Mismatch(message, (argument.start, argument.end), tuple(f"{other}:" for other in near(label, names)))


def _check_missing(name: str, fixed: Sequence[Parameter], taken: set[int]) -> None:
    missing = [f"'{p.name}'" for index, p in enumerate(fixed) if p.required and index not in taken]
    if missing:
        raise Mismatch(f"{name} needs {' and '.join(missing)}: {_usage(name, fixed)}")


def _too_many(name: str, fixed: Sequence[Parameter]) -> str:
    most = len(fixed)
    count = "no arguments" if most == 0 else f"{most} argument{'s' if most > 1 else ''} at most"
    return f"{name} takes {count}: {_usage(name, fixed)}"


def _usage(name: str, fixed: Sequence[Parameter]) -> str:
    shown = [parameter.name if parameter.required else f"[{parameter.name}]" for parameter in fixed]
    return f"{name}({', '.join(shown)})"
