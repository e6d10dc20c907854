"""Angles and their functions. Angles are in radians, unless a name says degrees."""

from __future__ import annotations

import math

from packsys.language.functions.registry import strict, takes
from packsys.language.signature import Kind, Shape
from packsys.values import Value, failure

_NUMBER = Shape(Kind.NUMBER)


@strict(
    "Degrees",
    "Gives an angle in degrees.",
    takes("radians", Kind.NUMBER),
    examples={"Degrees(Pi())": 180},
    result=_NUMBER,
)
def degrees(radians: float) -> Value:
    """Turns radians into degrees."""
    return math.degrees(radians)


@strict(
    "Radians",
    "Gives an angle in radians.",
    takes("degrees", Kind.NUMBER),
    examples={"Radians(180) = Pi()": True},
    result=_NUMBER,
)
def radians_(degrees: float) -> Value:
    """Turns degrees into radians."""
    return math.radians(degrees)


@strict(
    "Sine",
    "Gives the sine of an angle.",
    takes("radians", Kind.NUMBER),
    examples={"Sine(0)": 0},
    result=_NUMBER,
    aliases=("Sin",),
)
def sine(radians: float) -> Value:
    """Takes a sine."""
    return math.sin(radians)


@strict(
    "Cosine",
    "Gives the cosine of an angle.",
    takes("radians", Kind.NUMBER),
    examples={"Cosine(0)": 1},
    result=_NUMBER,
    aliases=("Cos",),
)
def cosine(radians: float) -> Value:
    """Takes a cosine."""
    return math.cos(radians)


@strict(
    "Tangent",
    "Gives the tangent of an angle.",
    takes("radians", Kind.NUMBER),
    examples={"Tangent(0)": 0},
    result=_NUMBER,
    aliases=("Tan",),
)
def tangent(radians: float) -> Value:
    """Takes a tangent."""
    return math.tan(radians)


@strict(
    "ArcSine",
    "Gives the angle that has a sine.",
    takes("number", Kind.NUMBER),
    examples={"Round(Degrees(ArcSine(1)), 9)": 90},
    result=_NUMBER,
    aliases=("Asin",),
)
def arc_sine(number: float) -> Value:
    """Looks for an angle."""
    return math.asin(_sine(number))


@strict(
    "ArcCosine",
    "Gives the angle that has a cosine.",
    takes("number", Kind.NUMBER),
    examples={"Round(Degrees(ArcCosine(-1)), 9)": 180},
    result=_NUMBER,
    aliases=("Acos",),
)
def arc_cosine(number: float) -> Value:
    """Looks for an angle."""
    return math.acos(_sine(number))


@strict(
    "ArcTangent",
    "Gives the angle that has a tangent.",
    takes("number", Kind.NUMBER),
    examples={"ArcTangent(0)": 0},
    result=_NUMBER,
    aliases=("Atan",),
)
def arc_tangent(number: float) -> Value:
    """Looks for an angle."""
    return math.atan(number)


def _sine(number: float) -> float:
    if not -1 <= number <= 1:
        raise failure("Number", "Sines and cosines are between -1 and 1.")
    return number
