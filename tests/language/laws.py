"""The laws that hold for every formula, and formulas made of bytes to try them with.

A formula goes through the parser, the printer, both forms, the resolver, the planner, the interpreter and the editor.
Any exception but FormulaError is a finding, and so is a formula that takes longer than a second of CPU, a printed tree
that reads back as another one, a kept form that means something else.
"""

from __future__ import annotations

from contextlib import suppress
from time import process_time

from packsys.errors import FormulaError
from packsys.language.compile import compile_formula
from packsys.language.drawing import drawn
from packsys.language.editor import completions, diagnostics, hover, signature_help
from packsys.language.forms import readable, stored
from packsys.language.functions import LIBRARY
from packsys.language.limits import MAX_LENGTH, Budget
from packsys.language.nodes import Node
from packsys.language.parser import parse_formula, parse_template
from packsys.language.printer import printed
from packsys.planner.plan import plan_of
from packsys.planner.rounds import Wave
from tests.language.catalogue import SCOPE, answer, decide
from tests.language.trees import unplaced

PACKS = [f"{pack.name}{sign}{name}(" for pack in SCOPE.packs for name in pack.formulas for sign in ("::", ".")]
KEPT = [
    "$$[pack:1013:::false:false:GitHub]",
    "$$[packConnectionReference:8e11cd1b-c2e1-4306-9dac-0bd95ecd5084:1013:85.0.7:false:false:hereisfun]",
    "$$[variable::::true:false:Url]",
    "$$[column:a:b:c:false:false:x:y]",
    "$$[",
]
SIGNS = [*"+-*/^&=<>!(),.:[]{}\"'%\\ \n\t;?$#@~`|", "::", "!=", "<>", "==", "<=", ">=", "&&", "||", "//", "/*", "*/"]
VALUES = ["0", "1", "-3", "2.5", "1e300", ".5", "15%", "'a'", '"b {=1} c"', "{=", "}", "''", '"', r"\{=", r"\u00e9"]
NAMES = [
    "city",
    "[the c]",
    "c",
    "thisRow",
    "CurrentValue",
    "Stars",
    "Url",
    "x",
    "测试",
    "😀",
    "e\u0301",
    "（",
    "，",
    "“",
]
WORDS = [
    " and ",
    " or ",
    "not ",
    "true",
    "False",
    "account: ",
    "by: ",
    ".WithName(x, ",
    ".FormulaMap(",
    ".First()",
    ")",
]
PIECES = [*SIGNS, *VALUES, *NAMES, *WORDS, *KEPT, *PACKS, *(f"{name}(" for name in LIBRARY.names())]
SLOW = 1.0
"""Seconds of CPU that no formula may take in all its ways together, beside what a budget of steps allows."""

BUDGET = Budget(nodes=20_000, width=200, calls=50)


class Finding(AssertionError):
    """A formula breaks a law of the language."""


def formula_of(data: bytes) -> str:
    """Makes a formula of bytes: two make a piece each, and the first says whether to repeat or to close brackets."""
    if not data or data[0] < 16:
        return data[1:].decode("utf-8", "replace")
    pairs = zip(data[1::2], data[2::2], strict=False)
    text = "".join(PIECES[(high << 8 | low) % len(PIECES)] for high, low in pairs)
    if data[0] > 240 and text:
        text *= 1 + (data[0] - 240) ** 2 * 4
    elif data[0] > 96:
        text += ")" * max(0, text.count("(") - text.count(")"))
    return text[: MAX_LENGTH + 1]


def check(formula: str, place: int, *, slow: float = SLOW) -> None:
    """Sends one formula through everything; raises what is found, as taking more than ``slow`` seconds of CPU."""
    began = process_time()
    for look in (_print, _print_template, _run, _keep):
        with suppress(FormulaError):
            look(formula)
    _edit(formula, min(place, len(formula)))
    if (spent := process_time() - began) > slow:
        raise Finding(f"It takes {spent:.1f} seconds.")


def _print(formula: str) -> None:
    tree = parse_formula(formula).tree
    if unplaced(_read(printed(tree))) != unplaced(tree):
        raise Finding("What is printed is read back as another tree.")


def _print_template(formula: str) -> None:
    printed(parse_template(formula).tree)


def _read(formula: str) -> object:
    return parse_formula(formula).tree if len(formula) <= MAX_LENGTH else None


def _run(formula: str) -> None:
    tree = compile_formula(formula, SCOPE).tree
    drawn(tree)
    plan_of(tree)
    outcomes = {}
    for _ in range(3):
        match decide(tree, outcomes, budget=BUDGET):
            case Wave(calls):
                outcomes |= {call.key: answer(call) for call in calls}
            case _:
                return


def _keep(formula: str) -> None:
    meant = _meant(formula)
    kept = stored(formula, SCOPE)
    for form in (kept, readable(kept, SCOPE)):
        if len(form) <= MAX_LENGTH and unplaced(_meant(form)) != unplaced(meant):
            raise Finding("A form of the formula means something else.")


def _meant(formula: str) -> Node:
    return compile_formula(formula, SCOPE).tree


def _edit(formula: str, place: int) -> None:
    for mark in diagnostics(formula, SCOPE):
        if not 0 <= mark.start <= mark.end <= len(formula):
            raise Finding("A mark lies outside of the formula.")
    completions(formula, place, SCOPE)
    signature_help(formula, place, SCOPE)
    hover(formula, place, SCOPE)


def try_one(data: bytes, *, slow: float = SLOW) -> None:
    """Checks the formula that bytes make, and notes it when it breaks a law."""
    formula = formula_of(data)
    try:
        check(formula, data[0] * 7 % (len(formula) + 1) if data else 0, slow=slow)
    except Exception as problem:
        problem.add_note(f"formula: {formula[:2_000]!r}, {len(formula)} characters; bytes: {data[:400].hex()}")
        raise
