"""One formula of a pack: what it takes, what it gives, and the terms on which it runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from packsys.sdk import hints, parameters
from packsys.sdk.errors import PackDeclarationError
from packsys.sdk.kinds import Kind
from packsys.sdk.limits import Isolation, RateLimit, check_isolation, check_rate_limit
from packsys.sdk.names import check_description, check_name, pascal
from packsys.sdk.parameters import Parameter
from packsys.sdk.schema import Anything, ObjectSchema, Type, as_type

LONGEST_TIMEOUT = 60.0  # seconds, as in the packs that people know
MOST_ATTEMPTS = 10
MOST_TTL = 86_400  # seconds; a day, as in the packs that people know

Need: TypeAlias = Literal["none", "optional", "required"]


@dataclass(frozen=True, kw_only=True)
class Example:
    """Shows one use: the arguments in order, the account left out, and what comes back."""

    arguments: Sequence[object]
    result: object


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Says how a formula is run; None stands for what is usual.

    ``cache_ttl`` (how long a result may be used again, 0), ``cache_stale`` (how long it may be used after that, while
    another is made, 0) and ``timeout`` (30) are seconds, ``attempts`` counts the first try (4). ``connection`` says
    whether a connected account is needed. ``rate_limit`` comes on top of the pack's own, ``isolation`` in its place.
    """

    cache_ttl: float = 0.0
    timeout: float = 30.0
    attempts: int | None = None
    connection: Need | None = None
    is_action: bool = False
    rate_limit: RateLimit | None = None
    isolation: Isolation = "fresh"
    cache_stale: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Formula:
    """Is one formula; ``function`` takes the context and then the parameters."""

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    result: Type
    function: Callable[..., Any]
    cache_ttl: float
    timeout: float
    attempts: int
    connection: Need
    is_action: bool
    examples: tuple[Example, ...]
    rate_limit: RateLimit | None = None
    isolation: Isolation = "fresh"
    cache_stale: float = 0.0


def declare(
    function: Callable[..., Any],
    *,
    terms: Terms,
    authenticated: bool,
    name: str = "",
    description: str = "",
    result: Type | ObjectSchema | None = None,
    examples: Sequence[Example] = (),
) -> Formula:
    """Makes a formula of a function, or refuses it with :class:`packsys.sdk.PackDeclarationError`.

    The name is the function's in PascalCase, the description the first paragraph of its docstring.
    """
    called = name or pascal(function.__name__)
    check_name("A formula", called)
    _check_function(called, function)
    check_terms(f"Formula {called}", terms, authenticated)
    said = description or _first_paragraph(function)
    check_description(f"Formula {called}", said)
    hinted = parameters.hints_of(f"formula {called}", function)
    takes = parameters.read(f"formula {called}", function, hinted)
    gives = _result(called, result, hinted, terms.is_action)
    _check_examples(called, takes, examples)
    return Formula(
        name=called,
        description=said,
        parameters=takes,
        result=gives,
        function=function,
        cache_ttl=float(terms.cache_ttl),
        timeout=float(terms.timeout),
        attempts=terms.attempts or (1 if terms.is_action else 4),
        connection=terms.connection or ("required" if authenticated else "none"),
        is_action=terms.is_action,
        examples=tuple(examples),
        rate_limit=terms.rate_limit,
        isolation=terms.isolation,
        cache_stale=float(terms.cache_stale),
    )


def _first_paragraph(function: Callable[..., Any]) -> str:
    return " ".join((inspect.getdoc(function) or "").split("\n\n", 1)[0].split())


def _check_function(formula: str, function: Callable[..., Any]) -> None:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise PackDeclarationError(f"Formula {formula} is asynchronous: write 'def' and call context.fetch plainly.")
    if inspect.isgeneratorfunction(function):
        raise PackDeclarationError(f"Formula {formula} yields its result: collect it in a list and return that.")


def check_terms(what: str, terms: Terms, authenticated: bool) -> None:
    """Refuses terms that contradict each other or cannot be kept; ``what`` is written 'Formula Greet'."""
    refusals = {
        f"has the cache_ttl {terms.cache_ttl}: give the seconds for which a result may be kept, 0 to {MOST_TTL}": (
            not 0 <= terms.cache_ttl <= MOST_TTL
        ),
        "is an action and has a cache_ttl: leave it out, since an action is never answered from a cache": (
            terms.is_action and terms.cache_ttl > 0
        ),
        f"has the cache_stale {terms.cache_stale}: give 0 to {MOST_TTL} seconds, and a cache_ttl besides": not (
            terms.cache_stale == 0 or (0 < terms.cache_stale <= MOST_TTL and terms.cache_ttl > 0)
        ),
        f"has the timeout {terms.timeout}: give more than 0 and at most {LONGEST_TIMEOUT:g} seconds": not (
            0 < terms.timeout <= LONGEST_TIMEOUT
        ),
        f"has {terms.attempts} attempts: give 1 to {MOST_ATTEMPTS}, the first try included": (
            terms.attempts is not None and not 1 <= terms.attempts <= MOST_ATTEMPTS
        ),
        "is an action with several attempts: leave attempts out, since an action is never repeated by itself": (
            terms.is_action and (terms.attempts or 1) > 1
        ),
        f"says connection={terms.connection!r}: say 'none', 'optional' or 'required'": (
            terms.connection not in (None, "none", "optional", "required")
        ),
        "asks for a connection, but its pack declares no authentication: declare one, or leave connection out": (
            terms.connection in ("optional", "required") and not authenticated
        ),
    }
    for wrong, refused in refusals.items():
        if refused:
            raise PackDeclarationError(f"{what} {wrong}.")
    check_isolation(what, terms.isolation)
    if terms.rate_limit is not None:
        check_rate_limit(what, terms.rate_limit)


def _result(formula: str, given: Type | ObjectSchema | None, hinted: Mapping[str, Any], is_action: bool) -> Type:
    hint = hints.read(hinted["return"]) if "return" in hinted else None
    if given is None:
        return _result_of_hint(formula, hinted, hint, is_action)
    result = as_type(given)
    if not isinstance(result, Type):
        raise PackDeclarationError(
            f"Formula {formula} has the result {given!r}: use a type of the SDK, such as Text or an ObjectSchema."
        )
    if hint is not None and _contradict(result, hint.type):
        raise PackDeclarationError(
            f"Formula {formula} declares {result} as its result, but its function says that it returns {hint.type}: "
            "make the two agree."
        )
    return result


def _result_of_hint(formula: str, hinted: Mapping[str, Any], hint: hints.Hinted | None, is_action: bool) -> Type:
    if is_action and hint is not None and hinted["return"] is type(None):
        return Anything
    if hint is None or hinted["return"] is type(None):
        raise PackDeclarationError(
            f"Formula {formula} does not say what it gives: write a return hint such as '-> str', or result=."
        )
    if (hint.type.item or hint.type) == Type(kind=Kind.OBJECT):
        raise PackDeclarationError(
            f"Formula {formula} gives objects that nobody knows: declare them with an ObjectSchema and say result=."
        )
    return hint.type


def _contradict(result: Type, hinted: Type) -> bool:
    if Kind.ANY in (result.kind, hinted.kind):
        return False
    return any((result.kind is each) is not (hinted.kind is each) for each in (Kind.LIST, Kind.OBJECT))


def _check_examples(formula: str, takes: tuple[Parameter, ...], examples: Sequence[Example]) -> None:
    least = sum(each.required for each in takes)
    for example in examples:
        count = len(example.arguments)
        if count < least or (count > len(takes) and not any(each.variadic for each in takes)):
            raise PackDeclarationError(
                f"An example of formula {formula} has {count} arguments: "
                f"it takes {least} to {len(takes)}, without the account."
            )
        if example.result is None:
            raise PackDeclarationError(f"An example of formula {formula} shows no result: give one.")
