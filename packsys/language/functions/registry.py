"""What a built-in function declares, and the library of all of them.

A function is added by declaring it in one of the modules of this package, nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType
from typing import Literal, TypeAlias

from packsys.language.blocked import Outcome
from packsys.language.bounds import Size
from packsys.language.locales import DEFAULT
from packsys.language.nodes import Lambda, Node
from packsys.language.signature import Kind, Parameter, Shape
from packsys.values import Value

Role: TypeAlias = Literal["decides", "branch"]
"""What a lazy function does with an argument: evaluates it, in order, to decide; or only when it is chosen."""

ANYTHING = Shape()
"""The shape of what is not known before it is there."""

Result: TypeAlias = Shape | Callable[[Sequence[Shape]], Shape]
"""The shape of a result, or what makes it of the arguments' shapes."""


Cost: TypeAlias = Callable[[Sequence[Size]], int]
"""Makes the steps that a function takes of its arguments' sizes."""


def broad(sizes: Sequence[Size]) -> int:
    """Is the cost of looking at arguments, and at the items of lists."""
    return sum(size.breadth for size in sizes)


def deep(sizes: Sequence[Size]) -> int:
    """Is the cost of looking at all that is inside of arguments."""
    return sum(size.weight for size in sizes)


@dataclass(frozen=True, slots=True)
class Each:
    """Asks the interpreter for an expression's value per item."""

    expression: Lambda
    items: Sequence[Value]


@dataclass(frozen=True, slots=True)
class InOrder:
    """Asks the interpreter for expressions one after the other: nothing of one starts before the last has ended."""

    expressions: Sequence[Node]


@dataclass(frozen=True, slots=True)
class Same:
    """Asks the interpreter whether two values are equal."""

    left: Value
    right: Value


Asked: TypeAlias = Node | Each | InOrder | Same
Steps: TypeAlias = Generator[Asked, Outcome, Outcome]


@dataclass(frozen=True)
class Clock:
    """Is the moment that ``Now()`` is in this job, in the job's time zone, its locale, and the place of the call.

    ``locale`` is a language tag (BCP 47). ``place`` is the call's offsets and the items around it: the same in every
    pass, and no other call's.
    """

    now: datetime
    locale: str = DEFAULT
    place: tuple[int, ...] = ()


@dataclass(frozen=True)
class Example:
    """Is a formula and its value; the tests run them all."""

    formula: str
    value: Value


@dataclass(frozen=True, kw_only=True)
class Function:
    """Declares one built-in function.

    A strict function has ``compute``, which takes the values of its arguments, made the kinds that the parameters
    say; what a lambda argument stands for is the list of its values, one per item of the first argument. A lazy one
    has ``steps``, a generator that takes the arguments as nodes, yields the ones it wants and gets their outcomes.

    The planner goes by four properties: ``lazy`` gives each argument's role (those of variadic sets repeat, and a last
    argument that completes no set is a branch), ``binds`` names the lambda parameter, a ``volatile``
    function gives another value tomorrow and takes the :class:`Clock` first, an ``action`` has effects. A ``document``
    function has no body: it needs a document around the formula. ``cost`` makes the steps of a call of the sizes of
    its arguments, beside what showing lists and objects as texts takes.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    examples: tuple[Example, ...]
    compute: Callable[..., Value] | None = None
    steps: Callable[..., Steps] | None = None
    aliases: tuple[str, ...] = ()
    result: Result = ANYTHING
    lazy: tuple[Role, ...] = ()
    binds: str | None = None
    volatile: bool = False
    action: bool = False
    document: bool = False
    cost: Cost = broad

    def roles(self, count: int) -> tuple[Role, ...]:
        """Gives the role of each of ``count`` arguments of a lazy function."""
        fixed = sum(not parameter.variadic for parameter in self.parameters)
        head, repeated = self.lazy[:fixed], self.lazy[fixed:]
        if not repeated:
            return head[:count]
        sets, rest = divmod(count - fixed, len(repeated))
        return head + repeated * sets + (("branch",) if rest else ())

    def parameter(self, place: int) -> Parameter:
        """Gives the parameter that takes the argument at a place; variadic ones take turns."""
        if place < len(self.parameters):
            return self.parameters[place]
        repeated = [parameter for parameter in self.parameters if parameter.variadic]
        return repeated[(place - len(self.parameters)) % len(repeated)]

    @property
    def usage(self) -> str:
        """Shows how it is called: ``Left(text, [count])``."""
        shown = [parameter.name if parameter.required else f"[{parameter.name}]" for parameter in self.parameters]
        more = ", …" if any(parameter.variadic for parameter in self.parameters) else ""
        return f"{self.name}({', '.join(shown)}{more})"


class Library:
    """Finds functions by any of their names, whatever the case."""

    def __init__(self, functions: Iterable[Function]) -> None:
        """Takes all functions; two with one name are refused."""
        self._functions: dict[str, Function] = {}
        for function in functions:
            for name in (function.name, *function.aliases):
                if self._functions.setdefault(name.casefold(), function) is not function:
                    raise ValueError(f"Two functions are called {name}.")

    def find(self, name: str) -> Function | None:
        """Finds a function by name or alias."""
        return self._functions.get(name.casefold())

    def names(self) -> list[str]:
        """Lists the functions' own names."""
        return [function.name for function in self.all()]

    def all(self) -> list[Function]:
        """Lists the functions by name."""
        return sorted({function.name: function for function in self._functions.values()}.values(), key=_name)


def _name(function: Function) -> str:
    return function.name


def takes(name: str, kind: Kind = Kind.ANY) -> Parameter:
    """Declares a parameter."""
    return Parameter(name, Shape(kind))


def may_take(name: str, kind: Kind = Kind.ANY, *, default: Value = None) -> Parameter:
    """Declares a parameter that can be left out."""
    return Parameter(name, Shape(kind), required=False, default=default)


def may_take_locale() -> Parameter:
    """Declares a parameter that is the job's locale where it is left out."""
    return Parameter("locale", Shape(Kind.TEXT), required=False, locale=True)


def takes_many(name: str, kind: Kind = Kind.ANY) -> Parameter:
    """Declares a parameter that repeats."""
    return Parameter(name, Shape(kind), required=False, variadic=True)


def strict(
    name: str,
    description: str,
    *parameters: Parameter,
    examples: Mapping[str, Value],
    aliases: tuple[str, ...] = (),
    result: Result = ANYTHING,
    binds: str | None = None,
    volatile: bool = False,
    action: bool = False,
    cost: Cost = broad,
) -> Callable[[Callable[..., Value]], Function]:
    """Declares a strict function, whose body is the decorated Python function."""

    def declare(compute: Callable[..., Value]) -> Function:
        return Function(
            name=name,
            description=description,
            parameters=parameters,
            examples=tuple(Example(formula, value) for formula, value in examples.items()),
            compute=compute,
            aliases=aliases,
            result=result,
            binds=binds,
            volatile=volatile,
            action=action,
            cost=cost,
        )

    return declare


def lazy(
    name: str,
    description: str,
    *parameters: Parameter,
    roles: tuple[Role, ...],
    examples: Mapping[str, Value],
    result: Result = ANYTHING,
    action: bool = False,
) -> Callable[[Callable[..., Steps]], Function]:
    """Declares a lazy function, whose steps are the decorated generator."""

    def declare(steps: Callable[..., Steps]) -> Function:
        return Function(
            name=name,
            description=description,
            parameters=parameters,
            examples=tuple(Example(formula, value) for formula, value in examples.items()),
            steps=steps,
            result=result,
            lazy=roles,
            action=action,
        )

    return declare


def declared_in(*modules: ModuleType) -> list[Function]:
    """Lists the functions that modules declare."""
    return [value for module in modules for value in vars(module).values() if isinstance(value, Function)]


def first_list(shapes: Sequence[Shape]) -> Shape:
    """Gives the shape of the first argument, as a list."""
    return shapes[0] if shapes[0].kind is Kind.LIST else Shape(Kind.LIST)


def first_item(shapes: Sequence[Shape]) -> Shape:
    """Gives the shape of an item of the first argument."""
    return shapes[0].item or Shape()


def list_of_last(shapes: Sequence[Shape]) -> Shape:
    """Gives a list of what the last argument is."""
    return Shape(Kind.LIST, item=shapes[-1])


def same(position: int) -> Callable[[Sequence[Shape]], Shape]:
    """Gives the shape that the arguments from a position on share, or nothing known when they differ."""

    def shape(shapes: Sequence[Shape]) -> Shape:
        wanted = shapes[position:]
        return wanted[0] if wanted and all(other == wanted[0] for other in wanted) else Shape()

    return shape
