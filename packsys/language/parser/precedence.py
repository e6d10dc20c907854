"""Which operator takes its operands first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from packsys.errors import FormulaError
from packsys.language.parser.frames import Frame, Pending
from packsys.language.syntax import Infix, Lint, Prefix, Syntax

OR, AND, NOT, COMPARE, JOIN, SUM, TERM, SIGN, POWER = range(1, 10)
"""The levels of operators, loosest first."""

BINARY = {
    "or": OR,
    "||": OR,
    "and": AND,
    "&&": AND,
    **dict.fromkeys(("=", "==", "!=", "<>", "<", "<=", ">", ">="), COMPARE),
    "&": JOIN,
    "+": SUM,
    "-": SUM,
    "*": TERM,
    "/": TERM,
    "^": POWER,
}

PREFIX = {"not": NOT, "-": SIGN, "+": SIGN, "!": SIGN}


@dataclass(slots=True)
class Reduced:
    """Counts the levels of nesting that ended, and keeps what the author should know."""

    levels: int = 0
    lints: list[Lint] = field(default_factory=list)


def reduce(frame: Frame, level: int, formula: str) -> Reduced:
    """Gives their operands to the operators that bind tighter than ``level``.

    A run of operators of one level becomes one node; powers group from the right. Raises FormulaError for a chain
    of comparisons.
    """
    reduced = Reduced()
    while frame.pending and frame.pending[-1].level > level:
        if frame.pending[-1].prefix:
            _prefix(frame, formula, reduced)
        elif frame.pending[-1].level == POWER:
            _power(frame, formula, reduced)
        else:
            _run(frame, formula)
    return reduced


def _prefix(frame: Frame, formula: str, reduced: Reduced) -> None:
    operator = frame.pending.pop()
    operand = frame.operands.pop()
    node = Prefix(operator.sign, operand, operator.start, operand.end)
    reduced.levels += 1
    reduced.lints += _doubts(node, operand, formula)
    frame.operands.append(node)


def _power(frame: Frame, formula: str, reduced: Reduced) -> None:
    frame.pending.pop()
    exponent, base = frame.operands.pop(), frame.operands.pop()
    node = Infix(("^",), (base, exponent), base.start, exponent.end)
    reduced.levels += 1
    reduced.lints += _doubts(node, exponent, formula)
    frame.operands.append(node)


def _run(frame: Frame, formula: str) -> None:
    count = _length(frame.pending)
    signs = tuple(operator.sign for operator in frame.pending[-count:])
    operands = tuple(frame.operands[-count - 1 :])
    if count > 1 and frame.pending[-1].level == COMPARE:
        raise _chained(signs, operands, formula)
    del frame.pending[-count:], frame.operands[-count - 1 :]
    frame.operands.append(Infix(signs, operands, operands[0].start, operands[-1].end))


def _length(pending: Sequence[Pending]) -> int:
    count = 0
    for operator in reversed(pending):
        if operator.level != pending[-1].level:
            break
        count += 1
    return count


def _doubts(node: Syntax, operand: Syntax, formula: str) -> list[Lint]:
    # Spreadsheets read -2^2 as (-2)^2 and 2^3^2 as (2^3)^2.
    if not isinstance(operand, Infix) or operand.operators != ("^",) or formula[operand.start] == "(":
        return []
    before = formula[node.start : operand.start].strip()
    inner = formula[operand.start : operand.end]
    return [Lint(f"{before}{inner} is read as {before}({inner})", node.start, node.end)]


def _chained(signs: tuple[str, ...], operands: tuple[Syntax, ...], formula: str) -> FormulaError:
    parts = [formula[operand.start : operand.end] for operand in operands]
    fix = " and ".join(f"{parts[index]} {sign} {parts[index + 1]}" for index, sign in enumerate(signs))
    return FormulaError(
        "A comparison takes two values" if len(fix) > 200 else f"Comparisons do not chain: write {fix}",
        formula=formula,
        start=operands[0].start,
        end=operands[-1].end,
        fix=fix,
    )
