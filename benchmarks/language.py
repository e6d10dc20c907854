"""Measures how fast formulas are parsed, bound and printed, beside other ways to parse them, and how time grows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from time import process_time
from typing import Any

from benchmarks.figures import Figure, times
from packsys.language.compile import Compiler, compile_formula
from packsys.language.editor import assist
from packsys.language.parser import parse_formula
from packsys.language.printer import printed
from packsys.language.scope import FixedScope, KnownConnection, KnownPack
from packsys.language.signature import Kind, Need, Parameter, Shape, Signature

_ACCOUNT = "8e11cd1b-c2e1-4306-9dac-0bd95ecd5084"
_PACK = "$$[pack:1013:::false:false:GitHub]"
_CONNECTION = f"$$[packConnectionReference:{_ACCOUNT}:1013:85.0.7:false:false:hereisfun]"
REFERENCE = (
    f"{_PACK}::Repo({_PACK}::Repos({_CONNECTION}).First().$$[variable::::true:false:Url], "
    f"account: {_CONNECTION}).$$[variable::::true:false:FullName] + '测试'"
)
_REPO = Shape(Kind.OBJECT, properties={"Url": Shape(Kind.TEXT), "FullName": Shape(Kind.TEXT)})
_URL = (Parameter("url", Shape(Kind.TEXT)),)
SCOPE = FixedScope(
    packs=(
        KnownPack(
            id=1013,
            name="GitHub",
            formulas={
                "Repo": Signature(1013, "GitHub", "85.0.7", "Repo", _URL, _REPO, Need.OPTIONAL),
                "Repos": Signature(1013, "GitHub", "85.0.7", "Repos", (), Shape(Kind.LIST, item=_REPO), Need.OPTIONAL),
            },
        ),
    ),
    connections=(KnownConnection(id=_ACCOUNT, pack_id=1013, name="hereisfun"),),
)

GROWTH: dict[str, tuple[Callable[[int], str], int]] = {
    "a sum": (lambda n: "+".join(["a"] * n), 600),
    "arguments": (lambda n: "List(" + ", ".join(["f(1)"] * n) + ")", 60),
    "a chain": (lambda n: "a" + ".b()" * n, 60),
    "nesting": (lambda n: "(" * n + "1" + ")" * n, 48),
    "blanks": (lambda n: " " * n + "1", 16_000),
    "comments": (lambda n: "/*" + "*" * n + "*/ 1", 16_000),
    "a text": (lambda n: '"' + "a\\n" * n + '"', 5_000),
    "broken input": (lambda n: "f(" + "a + " * n + "?", 600),
    "open brackets": (lambda n: "[" * n, 16_000),
}
"""Input of n parts, and an n such that four times as much is within the limits."""


def run() -> Iterator[Figure]:
    """Parses and binds the reference formula, compares, and grows inputs fourfold."""
    ours = _rounds(lambda: parse_formula(REFERENCE))
    yield Figure("parse, a second", round(1 / min(ours)), "formulas")
    yield Figure(
        "parse and bind, a second", round(1 / min(_rounds(lambda: compile_formula(REFERENCE, SCOPE)))), "formulas"
    )
    remembered = Compiler()
    yield Figure(
        "compile what is remembered, a second",
        round(1 / min(_rounds(lambda: remembered.compile(REFERENCE, SCOPE)))),
        "formulas",
    )
    yield from _assistance()
    tree = parse_formula(REFERENCE).tree
    yield Figure("print, a second", round(1 / min(_rounds(lambda: printed(tree)))), "formulas")
    for name, parse in (("pyparsing's infix_notation", _infix_notation()), ("lark, LALR", _lark())):
        yield Figure("parse", times(ours, _rounds(partial(parse, REFERENCE))), "x", beside=name)
    for name, (text, size) in GROWTH.items():
        yield Figure(f"time for four times as much of {name} (goal: 6)", round(_growth(text, size), 2), "times")


def _growth(text: Callable[[int], str], size: int) -> float:
    # By turns, and the best of each: whatever else the machine does then falls on both.
    works = [partial(_read, text(n)) for n in (size, 4 * size)]
    rounds = [[_rounds(work, most=1)[0] for work in works] for _ in range(15)]
    return min(large for _, large in rounds) / min(small for small, _ in rounds)


TYPED = {
    "a right formula": f"List({', '.join([REFERENCE] * 3)}, [hereisfun], Rou",
    "a wrong one": f"List({', '.join([REFERENCE.replace('Url', 'Uhl')] * 3)}, Fliter(1, 2), 1 < 2 < 3, nope + , (Rou",
    "an open one": "GitHub::Repos([hereisfun]).Filter(FullName = 'packsys' and " * 17 + "Ful",
}
"""Formulas of some 1,000 characters, with the cursor at their end."""


def _assistance() -> Iterator[Figure]:
    for name, text in TYPED.items():
        spent = min(_rounds(partial(assist, text, len(text), SCOPE)))
        about = f"all an editor asks about {name} of {len(text):,} characters (goal: 10)"
        yield Figure(about, round(spent * 1_000, 1), "ms")


def _rounds(work: Callable[[], Any], *, most: int = 15) -> list[float]:
    """Gives the CPU seconds of one call, for some rounds of at least 20 milliseconds."""
    count = 1
    while (spent := _spent(work, count)) < 0.02:
        count *= 2
    return [spent / count, *(_spent(work, count) / count for _ in range(most - 1))]


def _spent(work: Callable[[], Any], count: int) -> float:
    began = process_time()
    for _ in range(count):
        work()
    return process_time() - began


def _read(text: str) -> None:
    from packsys.errors import FormulaError

    try:
        parse_formula(text)
    except FormulaError as refused:
        refused.render()


def _infix_notation() -> Callable[[str], Any]:
    import pyparsing as pp

    formula, name = pp.Forward(), pp.Regex(r"\$\$\[[^\]]*\]|\[[^\]]*\]|[^\W\d]\w*")
    argument = pp.Optional(name + pp.Regex(":(?!:)")) + formula
    arguments = "(" + pp.Optional(pp.DelimitedList(argument)) + ")"
    first = name + pp.Optional(arguments) | pp.Regex(r"[0-9]+(\.[0-9]+)?|\"[^\"]*\"|'[^']*'") | "(" + formula + ")"
    chain = first + pp.ZeroOrMore(pp.one_of(":: .") + name + pp.Optional(arguments))
    levels = [("^", 2, pp.OpAssoc.RIGHT), (pp.one_of("- + !"), 1, pp.OpAssoc.RIGHT)]
    runs = [(pp.one_of(signs), 2, pp.OpAssoc.LEFT) for signs in ("* /", "+ -", "&", "= != <> < <= > >=", "&&", "||")]
    formula <<= pp.infix_notation(chain, [*levels, *runs])  # type: ignore[no-untyped-call]  # pyparsing leaves it so
    return lambda text: formula.parse_string(text, parse_all=True)


def _lark() -> Callable[[str], Any]:
    from lark import Lark

    grammar = r"""
        ?start: any
        ?any: all ("||" all)*
        ?all: compare ("&&" compare)*
        ?compare: join (COMPARE join)?
        ?join: sum ("&" sum)*
        ?sum: term (("+"|"-") term)*
        ?term: sign (("*"|"/") sign)*
        ?sign: ("-"|"+"|"!") sign | power
        ?power: chain ("^" sign)?
        ?chain: first | chain "::" NAME arguments | chain "." NAME [arguments]
        ?first: NUMBER | TEXT | "(" any ")" | NAME [arguments]
        arguments: "(" [argument ("," argument)*] ")"
        argument: [NAME ":"] any
        COMPARE: "=" | "!=" | "<>" | "<=" | ">=" | "<" | ">"
        NAME: /\$\$\[[^\]]*\]|\[[^\]]*\]|[^\W\d]\w*/
        NUMBER: /[0-9]+(\.[0-9]+)?/
        TEXT: /"[^"]*"|'[^']*'/
        %ignore /\s+/
    """
    return Lark(grammar, parser="lalr").parse
