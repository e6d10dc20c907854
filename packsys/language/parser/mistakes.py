"""What the parser says to a token that cannot stand where it stands."""

from __future__ import annotations

from packsys.errors import FormulaError
from packsys.language.parser.frames import Frame
from packsys.language.parser.tokens import Token

_INSIDE = "an operator, ',' or ')'"
_CLOSING = {"group": ")", "call": ")", "hole": "}"}


def no_value(token: Token, formula: str) -> FormulaError:
    """Refuses what no value begins with."""
    return FormulaError(
        f"Expected a value but found {shown(token)}",
        formula=formula,
        start=token.start,
        end=token.end,
        expected=("a value",),
        found=shown(token),
    )


def unexpected(token: Token, formula: str, *, inside: bool) -> FormulaError:
    """Refuses what cannot follow a value, ``inside`` a bracket or outside all of them."""
    return FormulaError(
        f"Expected {_INSIDE if inside else 'an operator'} but found {shown(token)}",
        formula=formula,
        start=token.start,
        end=token.end,
        expected=("an operator", "','", "')'") if inside else ("an operator",),
        found=shown(token),
    )


def unclosed(frame: Frame, formula: str) -> FormulaError:
    """Points at a bracket that is open when the formula ends."""
    sign = _CLOSING[frame.bracket]
    return FormulaError(
        f"This '{formula[frame.start : frame.end]}' is never closed: a '{sign}' is missing",
        formula=formula,
        start=frame.start,
        end=frame.end,
        expected=(sign,),
        found="the end of the formula",
    )


def shown(token: Token) -> str:
    """Names a token for a sentence."""
    match token.kind:
        case "end":
            return "the end of the formula"
        case "text" | "open":
            return "a text"
        case "middle" | "close":
            return "'}'"
        case _:
            return repr(token.text[:40])
