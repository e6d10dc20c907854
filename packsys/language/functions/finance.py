"""Money over time. Rates are per period; money that is paid out is negative."""

from __future__ import annotations

import math
from collections.abc import Sequence

from packsys.language.functions.aggregate import numbers
from packsys.language.functions.registry import broad, may_take, strict, takes, takes_many
from packsys.language.signature import Kind, Shape
from packsys.values import Value, failure

_NUMBER = Shape(Kind.NUMBER)
_DUE = may_take("due", Kind.BOOLEAN, default=False)
_STEPS = 200


@strict(
    "FutureValue",
    "Gives what savings come to: a payment each period, and an amount at the start; due: paid when a period begins.",
    takes("rate", Kind.NUMBER),
    takes("periods", Kind.NUMBER),
    takes("payment", Kind.NUMBER),
    may_take("presentValue", Kind.NUMBER, default=0),
    _DUE,
    examples={"Round(FutureValue(0.01, 12, -100), 2)": 1268.25, "FutureValue(0, 10, -5, -50)": 100},
    result=_NUMBER,
)
def future_value(rate: float, periods: float, payment: float, present: float, due: bool) -> Value:
    """Adds interest."""
    return -(present * _growth(rate, periods) + payment * _annuity(rate, periods, due))


@strict(
    "PresentValue",
    "Gives what payments are worth now: one each period, and an amount at the end; due: paid when a period begins.",
    takes("rate", Kind.NUMBER),
    takes("periods", Kind.NUMBER),
    takes("payment", Kind.NUMBER),
    may_take("futureValue", Kind.NUMBER, default=0),
    _DUE,
    examples={"Round(PresentValue(0.01, 12, -100), 2)": 1125.51},
    result=_NUMBER,
)
def present_value(rate: float, periods: float, payment: float, future: float, due: bool) -> Value:
    """Takes interest off."""
    return -(future + payment * _annuity(rate, periods, due)) / _growth(rate, periods)


@strict(
    "Payment",
    "Gives the payment of each period that repays a loan; due: paid when a period begins.",
    takes("rate", Kind.NUMBER),
    takes("periods", Kind.NUMBER),
    takes("presentValue", Kind.NUMBER),
    may_take("futureValue", Kind.NUMBER, default=0),
    _DUE,
    examples={"Round(Payment(0.01, 12, 1000), 2)": -88.85},
    result=_NUMBER,
)
def payment_(rate: float, periods: float, present: float, future: float, due: bool) -> Value:
    """Shares a loan out."""
    share = _annuity(rate, periods, due)
    if share == 0:
        raise failure("DivideByZero", "There are no periods to pay in.")
    return -(present * _growth(rate, periods) + future) / share


@strict(
    "NetPresentValue",
    "Gives what amounts at the end of each period are worth now.",
    takes("rate", Kind.NUMBER),
    takes_many("cashFlow"),
    examples={"Round(NetPresentValue(0.1, -100, 60, 70), 2)": 11.27},
    result=_NUMBER,
)
def net_present_value(rate: float, *flows: Value) -> Value:
    """Takes interest off each amount."""
    return _worth(rate, numbers(flows)) / _growth(rate, 1)


@strict(
    "InternalRateOfReturn",
    "Gives the rate at which amounts, one at the end of each period, are worth nothing now.",
    takes("cashFlows", Kind.LIST),
    may_take("guess", Kind.NUMBER, default=0.1),
    examples={"Round(InternalRateOfReturn(List(-100, 60, 70)), 4)": 0.1888},
    result=_NUMBER,
    cost=lambda sizes: broad(sizes) * _STEPS,
)
def internal_rate_of_return(flows: Sequence[Value], guess: float) -> Value:
    """Looks for the rate nearest to the guess, by halving an interval in which the worth changes its sign."""
    found = numbers(flows)
    low, high = _interval(found, guess)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _worth(low, found) * _worth(middle, found) > 0 else (low, middle)
    return (low + high) / 2


def _interval(flows: Sequence[float], guess: float) -> tuple[float, float]:
    for step in range(1, 60):
        low, high = max(-0.99, guess - 0.01 * 1.2**step), guess + 0.01 * 1.2**step
        if _worth(low, flows) * _worth(high, flows) <= 0:
            return low, high
    raise failure("Number", "There is no rate at which these amounts are worth nothing: some must be negative.")


def _worth(rate: float, flows: Sequence[float]) -> float:
    factor = 1 / _growth(rate, 1)
    return math.fsum(flow * factor**period for period, flow in enumerate(flows))


def _growth(rate: float, periods: float) -> float:
    if rate <= -1:
        raise failure("Number", "A rate is larger than -100%.")
    return math.pow(1 + rate, periods)  # ** would raise whole numbers exactly, to any size


def _annuity(rate: float, periods: float, due: bool) -> float:
    if rate == 0:
        return periods
    return (_growth(rate, periods) - 1) / rate * (1 + rate if due else 1)
