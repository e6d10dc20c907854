"""The parameters of a formula, as its function declares them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NoReturn, get_type_hints

from packsys.sdk import hints
from packsys.sdk.context import Context
from packsys.sdk.errors import PackDeclarationError
from packsys.sdk.inputs import Autocomplete, Between, Check, Matches, Suggested, Valid
from packsys.sdk.kinds import Kind
from packsys.sdk.names import check_description, check_name
from packsys.sdk.patterns import check_pattern
from packsys.sdk.schema import Type

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
    number has no fraction, and ``keyword`` parameters are given to the function by name. Parameters that repeat
    together share a ``group``: the NamedTuple that the function gets for each complete set.
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
    group: Callable[..., Any] | None = None
    autocomplete: Autocomplete | None = None
    suggested: Any = None
    checks: tuple[Check, ...] = ()


def hints_of(owner: str, function: Callable[..., Any]) -> Mapping[str, Any]:
    """Evaluates the hints of a function; refuses names that cannot be found."""
    try:
        return get_type_hints(function, include_extras=True)
    except (NameError, AttributeError, TypeError) as error:
        raise PackDeclarationError(
            f"A type hint of {owner} cannot be read ({error}): use names that the module defines or imports."
        ) from error


def read(owner: str, function: Callable[..., Any], hinted: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """Reads the parameters of a function, after its context; ``owner`` is written 'formula Greet'."""
    declared = [*inspect.signature(function).parameters.values()]
    if not declared or hinted.get(declared[0].name, declared[0].name) not in (Context, "context"):
        raise PackDeclarationError(
            f"{_begun(owner)} takes no context: make 'context: Context' the first parameter of its function."
        )
    parameters = tuple(found for each in declared[1:] for found in _parameters(owner, each, hinted.get(each.name)))
    _check_order(owner, parameters)
    return parameters


def _parameters(owner: str, declared: inspect.Parameter, hint: object) -> Iterator[Parameter]:
    repeats = declared.kind is inspect.Parameter.VAR_POSITIONAL
    if not (repeats and isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields")):
        yield _parameter(owner, declared, hint)
        return
    members = hints_of(owner, hint)
    for name in hint._fields:
        member = inspect.Parameter(name, inspect.Parameter.VAR_POSITIONAL)
        yield replace(_parameter(owner, member, members.get(name)), group=hint)


def _parameter(owner: str, declared: inspect.Parameter, hint: object) -> Parameter:
    what = f"Parameter {declared.name!r} of {owner}"
    check_name(f"A parameter of {owner}", declared.name)
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
    noted = _noted(what, hinted)
    _check_fits("the default", what, noted, default)
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
        autocomplete=noted.autocomplete,
        suggested=noted.suggested,
        checks=noted.checks,
    )


@dataclass(frozen=True, kw_only=True)
class _Noted:
    autocomplete: Autocomplete | None = None
    suggested: Any = None
    checks: tuple[Check, ...] = ()


def _noted(what: str, hinted: hints.Hinted) -> _Noted:
    noted = _Noted()
    for note in hinted.notes:
        match note:
            case Autocomplete():
                noted = replace(noted, autocomplete=note)
            case Suggested():
                noted = replace(noted, suggested=note.value)
            case Between() | Matches() | Valid():
                noted = replace(noted, checks=(*noted.checks, note))
            case _:
                raise PackDeclarationError(
                    f"{what} is annotated with {note!r}, which says nothing here: use a text for its description, "
                    "a type of the SDK, Autocomplete, Suggested, Between, Matches or Valid."
                )
    _check_notes(what, hinted.type, noted)
    return noted


def _check_notes(what: str, declared: Type, noted: _Noted) -> None:
    innermost = declared.item or declared
    if noted.autocomplete and innermost.kind not in (Kind.TEXT, Kind.NUMBER):
        raise PackDeclarationError(f"{what} is {declared}: autocomplete is for text and numbers, so leave it out.")
    for check in noted.checks:
        if isinstance(check, Between) and innermost.kind is not Kind.NUMBER:
            raise PackDeclarationError(f"{what} is {declared}: Between is for numbers; use Valid instead.")
        if isinstance(check, Matches):
            _check_pattern(what, declared, check)
    _check_fits("the suggested value", what, noted, noted.suggested)


def _check_pattern(what: str, declared: Type, check: Matches) -> None:
    if (declared.item or declared).kind is not Kind.TEXT:
        raise PackDeclarationError(f"{what} is {declared}: Matches is for text; use Between or Valid instead.")
    check_pattern(what, check.pattern)


def _check_fits(role: str, what: str, noted: _Noted, value: Any) -> None:
    for check in (*noted.checks, *([noted.autocomplete] if noted.autocomplete else [])):
        problem = "" if value is None else check.problem(value)
        if problem:
            raise PackDeclarationError(f"{what} has {role} {value!r}, but {problem}: correct one of the two.")


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


def _check_order(owner: str, parameters: tuple[Parameter, ...]) -> None:
    for late, early in _misplaced(parameters):
        raise PackDeclarationError(
            f"{_begun(owner)} declares {late.name!r}, which is required, after {early.name!r}, which is not: "
            "put the required parameters first."
        )
    following = [each for each in parameters if each.keyword]
    if following and any(each.variadic for each in parameters):
        raise PackDeclarationError(
            f"{_begun(owner)} declares {following[0].name!r} after a parameter that takes any number of values: "
            "put that one last."
        )


def _misplaced(parameters: tuple[Parameter, ...]) -> Iterator[tuple[Parameter, Parameter]]:
    for early, late in pairwise(parameters):
        if late.required and not early.required:
            yield late, early


def _begun(owner: str) -> str:
    return owner[0].upper() + owner[1:]
