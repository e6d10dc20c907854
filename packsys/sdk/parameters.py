"""The parameters of a formula, as its function declares them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NoReturn, get_type_hints

from packsys.sdk import hints
from packsys.sdk.context import Context
from packsys.sdk.errors import PackDeclarationError
from packsys.sdk.names import check_description, check_name
from packsys.sdk.schema import Kind, Type

_DEFAULTS: Mapping[Kind, tuple[type, ...]] = {
    Kind.TEXT: (str,),
    Kind.NUMBER: (int, float),
    Kind.BOOLEAN: (bool,),
    Kind.LIST: (list, tuple),
    Kind.ANY: (str, int, float, bool),
}


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """Is one parameter of a formula.

    A ``variadic`` one comes last and takes any number of values, a ``sparse`` list may hold blanks, a ``whole``
    number has no fraction, and ``keyword`` parameters are given to the function by name.
    """

    name: str
    type: Type
    description: str
    required: bool = True
    default: Any = None
    variadic: bool = False
    sparse: bool = False
    whole: bool = False
    keyword: bool = False


def hints_of(formula: str, function: Callable[..., Any]) -> Mapping[str, Any]:
    """Evaluates the hints of a function; refuses names that cannot be found."""
    try:
        return get_type_hints(function, include_extras=True)
    except (NameError, AttributeError, TypeError) as error:
        raise PackDeclarationError(
            f"A type hint of formula {formula} cannot be read ({error}): use names that the module defines or imports."
        ) from error


def read(formula: str, function: Callable[..., Any], hinted: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """Reads the parameters of a formula's function, after its context."""
    declared = [*inspect.signature(function).parameters.values()]
    if not declared or hinted.get(declared[0].name, declared[0].name) not in (Context, "context"):
        raise PackDeclarationError(
            f"Formula {formula} takes no context: make 'context: Context' the first parameter of its function."
        )
    parameters = tuple(_parameter(formula, each, hinted.get(each.name)) for each in declared[1:])
    _check_order(formula, parameters)
    return parameters


def _parameter(formula: str, declared: inspect.Parameter, hint: object) -> Parameter:
    what = f"Parameter {declared.name!r} of formula {formula}"
    check_name(f"A parameter of formula {formula}", declared.name)
    if declared.kind is inspect.Parameter.VAR_KEYWORD:
        raise PackDeclarationError(f"{what} takes any keyword: name each parameter, since formulas check names.")
    if declared.name == "account":
        raise PackDeclarationError(f"{what} has the name of the connected account: call it something else.")
    hinted = _hinted(what, hint)
    check_description(what, hinted.description)
    variadic = declared.kind is inspect.Parameter.VAR_POSITIONAL
    required = declared.default is inspect.Parameter.empty and not variadic
    default = None if required or variadic else declared.default
    _check_default(what, hinted, required or variadic, default)
    return Parameter(
        name=declared.name,
        type=hinted.type,
        description=hinted.description,
        required=required,
        default=list(default) if isinstance(default, tuple) else default,
        variadic=variadic,
        sparse=hinted.sparse,
        whole=hinted.whole,
        keyword=declared.kind is inspect.Parameter.KEYWORD_ONLY,
    )


def _hinted(what: str, hint: object) -> hints.Hinted:
    if hint is None:
        raise PackDeclarationError(f'{what} has no type: write it as {{name}}: Annotated[str, "What it is."].')
    hinted = hints.read(hint)
    if hinted is None:
        _refuse_type(what, f"has the type {hint!r}")
    innermost = hinted.type.item or hinted.type
    if innermost.kind is Kind.OBJECT:
        _refuse_type(what, "is an object")
    if innermost.kind is Kind.LIST:
        _refuse_type(what, "is a list of lists")
    return hinted


def _refuse_type(what: str, wrong: str) -> NoReturn:
    raise PackDeclarationError(
        f"{what} {wrong}, which a formula cannot pass: "
        "take text, a number, a boolean, a date, a duration, or a list of these."
    )


def _check_default(what: str, hinted: hints.Hinted, absent: bool, default: Any) -> None:
    if absent or (default is None and hinted.nullable):
        return
    allowed = _DEFAULTS.get(hinted.type.kind, ())
    misfit = isinstance(default, bool) and bool not in allowed
    if misfit or not isinstance(default, allowed):
        raise PackDeclarationError(
            f"{what} has the default {default!r}, which is not {hinted.type}: correct it, or use '| None' and None."
        )


def _check_order(formula: str, parameters: tuple[Parameter, ...]) -> None:
    for late, early in _misplaced(parameters):
        raise PackDeclarationError(
            f"Formula {formula} declares {late.name!r}, which is required, after {early.name!r}, which is not: "
            "put the required parameters first."
        )
    following = [each for each in parameters if each.keyword]
    if following and any(each.variadic for each in parameters):
        raise PackDeclarationError(
            f"Formula {formula} declares {following[0].name!r} after a parameter that takes any number of values: "
            "put that one last."
        )


def _misplaced(parameters: tuple[Parameter, ...]) -> Iterator[tuple[Parameter, Parameter]]:
    for early, late in pairwise(parameters):
        if late.required and not early.required:
            yield late, early
