"""Numbers, one by one."""

from __future__ import annotations

import math
from functools import reduce

from packsys.language.functions.aggregate import numbers
from packsys.language.functions.registry import may_take, strict, takes, takes_many
from packsys.language.operators import no_quotient, power
from packsys.language.signature import Kind, Shape
from packsys.values import MAX_BITS, Value, failure

_NUMBER, _BOOLEAN = Shape(Kind.NUMBER), Shape(Kind.BOOLEAN)


@strict(
    "AbsoluteValue",
    "Gives a number without its sign.",
    takes("number", Kind.NUMBER),
    examples={"AbsoluteValue(-3)": 3, "Abs(2)": 2},
    result=_NUMBER,
    aliases=("Abs",),
)
def absolute_value(number: float) -> Value:
    """Drops the sign."""
    return abs(number)


@strict(
    "Sign",
    "Gives 1 for a positive number, -1 for a negative one, 0 for zero.",
    takes("number", Kind.NUMBER),
    examples={"Sign(-7)": -1, "Sign(0)": 0},
    result=_NUMBER,
)
def sign(number: float) -> Value:
    """Tells the side of zero."""
    return (number > 0) - (number < 0)


@strict(
    "IsEven",
    "Tells whether a number is even, its decimal places cut off.",
    takes("number", Kind.NUMBER),
    examples={"IsEven(4)": True, "IsEven(-1)": False},
    result=_BOOLEAN,
)
def is_even(number: float) -> Value:
    """Divides by two."""
    return int(number) % 2 == 0


@strict(
    "IsOdd",
    "Tells whether a number is odd, its decimal places cut off.",
    takes("number", Kind.NUMBER),
    examples={"IsOdd(-1)": True, "IsOdd(2.5)": False},
    result=_BOOLEAN,
)
def is_odd(number: float) -> Value:
    """Divides by two."""
    return int(number) % 2 == 1


@strict(
    "Power",
    "Raises a number to a power, as ^ does.",
    takes("base", Kind.NUMBER),
    takes("exponent", Kind.NUMBER),
    examples={"Power(2, 10)": 1024},
    result=_NUMBER,
)
def power_(base: float, exponent: float) -> Value:
    """Raises a number, unless the result is too large."""
    return power(base, exponent)


@strict(
    "SquareRoot",
    "Gives the square root of a number that is not negative.",
    takes("number", Kind.NUMBER),
    examples={"SquareRoot(9)": 3},
    result=_NUMBER,
    aliases=("Sqrt",),
)
def square_root(number: float) -> Value:
    """Takes a root."""
    if number < 0:
        raise failure("Number", "A negative number has no square root.")
    return math.sqrt(number)


@strict(
    "Remainder",
    "Gives what remains after a division, with the divisor's sign.",
    takes("number", Kind.NUMBER),
    takes("divisor", Kind.NUMBER),
    examples={"Remainder(7, 3)": 1, "Remainder(-7, 3)": 2},
    result=_NUMBER,
    aliases=("Mod",),
)
def remainder(number: float, divisor: float) -> Value:
    """Divides and keeps the rest."""
    if divisor == 0:
        raise no_quotient()
    return number % divisor


@strict(
    "Quotient",
    "Gives how often a number goes into another, whole times.",
    takes("number", Kind.NUMBER),
    takes("divisor", Kind.NUMBER),
    examples={"Quotient(7, 2)": 3, "Quotient(-7, 2)": -3},
    result=_NUMBER,
)
def quotient(number: float, divisor: float) -> Value:
    """Divides and drops the rest."""
    if divisor == 0:
        raise no_quotient()
    whole = abs(number) // abs(divisor)
    return int(whole if number * divisor >= 0 else -whole)


@strict(
    "Exponent",
    "Raises e, 2.718281828…, to a power.",
    takes("number", Kind.NUMBER),
    examples={"Exponent(0)": 1, "Exponent(1)": 2.71828182845905},
    result=_NUMBER,
    aliases=("Exp",),
)
def exponent(number: float) -> Value:
    """Raises e."""
    return math.exp(number)


@strict(
    "Ln",
    "Gives the natural logarithm of a positive number.",
    takes("number", Kind.NUMBER),
    examples={"Ln(1)": 0},
    result=_NUMBER,
)
def ln(number: float) -> Value:
    """Takes the logarithm to the base e."""
    return math.log(_positive(number))


@strict(
    "Log",
    "Gives the logarithm of a positive number, to the base 10 or another.",
    takes("number", Kind.NUMBER),
    may_take("base", Kind.NUMBER, default=10),
    examples={"Log(1000)": 3, "Log(8, 2)": 3},
    result=_NUMBER,
)
def log(number: float, base: float) -> Value:
    """Takes a logarithm."""
    if base == 1:
        raise failure("DivideByZero", "There are no logarithms to the base 1.")
    return math.log(_positive(number)) / math.log(_positive(base))


@strict(
    "Log10",
    "Gives the logarithm of a positive number to the base 10.",
    takes("number", Kind.NUMBER),
    examples={"Log10(0.1)": -1},
    result=_NUMBER,
)
def log10(number: float) -> Value:
    """Takes the logarithm to the base 10."""
    return math.log10(_positive(number))


@strict(
    "Factorial",
    "Multiplies the whole numbers from 1 up to one, its decimal places cut off.",
    takes("number", Kind.NUMBER),
    examples={"Factorial(5)": 120, "Factorial(0)": 1},
    result=_NUMBER,
)
def factorial(number: float) -> Value:
    """Multiplies up, as far as a formula can hold the result."""
    if number < 0:
        raise failure("Number", "A negative number has no factorial.")
    if number >= 171:
        raise OverflowError
    return math.factorial(int(number))


@strict(
    "Combinations",
    "Counts the ways to choose some of a number of things, their order not counting.",
    takes("n", Kind.NUMBER),
    takes("k", Kind.NUMBER),
    examples={"Combinations(49, 6)": 13983816},
    result=_NUMBER,
)
def combinations(n: float, k: float) -> Value:
    """Counts choices, as far as a formula can hold the result."""
    things, chosen = int(n), int(k)
    if not 0 <= chosen <= things:
        raise failure("Number", "One chooses none, some or all of the things that there are.")
    chosen = min(chosen, things - chosen)
    if chosen and chosen * math.log2(things / chosen) > MAX_BITS:  # it is more than (n / k) to the power k
        raise OverflowError
    return math.comb(things, chosen)


@strict(
    "GreatestCommonDivisor",
    "Gives the largest whole number that divides others, their decimal places cut off.",
    takes_many("value"),
    examples={"GreatestCommonDivisor(24, 36)": 12},
    result=_NUMBER,
    aliases=("GCD",),
)
def greatest_common_divisor(*values: Value) -> Value:
    """Looks for a common divisor."""
    return math.gcd(*_wholes(values))


@strict(
    "LeastCommonMultiple",
    "Gives the smallest number that others divide, their decimal places cut off.",
    takes_many("value"),
    examples={"LeastCommonMultiple(4, 6)": 12},
    result=_NUMBER,
    aliases=("LCM",),
)
def least_common_multiple(*values: Value) -> Value:
    """Looks for a common multiple."""
    return reduce(_multiple, _wholes(values), 1)


@strict("Pi", "Gives π.", examples={"Pi()": 3.14159265358979}, result=_NUMBER)
def pi() -> Value:
    """Gives π."""
    return math.pi


def _positive(number: float) -> float:
    if number <= 0:
        raise failure("Number", "Only positive numbers have a logarithm.")
    return number


def _wholes(values: tuple[Value, ...]) -> list[int]:
    found = [int(number) for number in numbers(values)]
    if any(number < 0 for number in found):
        raise failure("Number", "Divisors and multiples are those of numbers that are not negative.")
    return found


def _multiple(one: int, other: int) -> int:
    found = math.lcm(one, other)
    if found.bit_length() > MAX_BITS:
        raise OverflowError
    return found
