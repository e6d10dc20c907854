"""The kinds of values, and the failure that carries an error value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

from packsys.errors import Actor, PacksysError
from packsys.taxonomy import Category, recovery


@dataclass(frozen=True)
class Account:
    """Points at a connected account; the only thing about it that a formula can hold is its id."""

    id: str


@dataclass(frozen=True)
class Origin:
    """Says where an error value was born: offsets in the formula, and the call that failed."""

    start: int = 0
    end: int = 0
    call: str = ""


@dataclass(frozen=True)
class ErrorValue:
    """Is a failure as a value: strict functions pass it on, ``IfError`` mends it."""

    code: str
    message: str
    actor: Actor = Actor.AUTHOR
    retryable: bool = False
    retry_after: float | None = None
    origin: Origin | None = None

    @property
    def advice(self) -> str:
        """Says what helps, to the one who must act."""
        return recovery(self.code).advice

    @property
    def category(self) -> Category:
        """Gives the kind of trouble that this is."""
        return recovery(self.code).category

    @classmethod
    def of(cls, error: PacksysError, origin: Origin | None = None) -> ErrorValue:
        """Turns an exception of the house into the value that travels."""
        return cls(
            code=error.code,
            message=error.message,
            actor=error.actor,
            retryable=error.retryable,
            retry_after=error.retry_after,
            origin=origin,
        )


Value: TypeAlias = (
    bool
    | int
    | float
    | str
    | date
    | datetime
    | timedelta
    | Account
    | ErrorValue
    | Sequence["Value"]
    | Mapping[str, "Value"]
    | None
)

Json: TypeAlias = bool | int | float | str | list[Any] | dict[str, Any] | None


class Failure(ValueError):
    """Carries an error value out of a computation, to the call or operator whose result it becomes."""

    def __init__(self, error: ErrorValue) -> None:
        """Takes the error value."""
        super().__init__(error.message)
        self.error = error


def failure(code: str, message: str) -> Failure:
    """Makes the failure of a computation, to be raised."""
    return Failure(ErrorValue(code, message))


def kind_of(value: Value) -> str:
    """Names a value's kind for a sentence: ``a text``, ``a list``."""
    names: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "a boolean"),
        ((int, float), "a number"),
        (str, "a text"),
        (datetime, "a point in time"),
        (date, "a date"),
        (timedelta, "a duration"),
        (Account, "an account"),
        (ErrorValue, "an error"),
        ((list, tuple), "a list"),
    )
    return "blank" if value is None else next((name for kind, name in names if isinstance(value, kind)), "an object")


def is_blank(value: Value) -> bool:
    """Tells whether a value counts as nothing: blank, the empty text and the empty list."""
    return value is None or (isinstance(value, (str, list, tuple)) and not value)
