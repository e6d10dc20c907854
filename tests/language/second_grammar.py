"""The grammar once more, as the specification writes it, in plain pyparsing: slow, recursive, and easy to compare.

It builds the same trees as the parser, without their places.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import pyparsing as pp

from packsys.language.parser.escapes import name_of_chunk, text_of_chunk
from packsys.language.syntax import (
    Argument,
    Boolean,
    Call,
    Infix,
    Member,
    Name,
    Number,
    Prefix,
    Reference,
    Syntax,
    Template,
    Text,
)
from packsys.values import tidy

SKIP = r"(?>(?:\s|//[^\n]*|/\*(?s:.*?)\*/)*)"
WORD = r"[^\W\d][\w\u0300-\u036f]*"
INSIDE = r"(?:[^\]\\]|\\(?s:.))*"


def token(pattern: str) -> pp.ParserElement:
    """Matches a token behind blanks and comments, and gives what it says."""
    element = pp.Regex(f"{SKIP}(?P<said>{pattern})").leave_whitespace()
    return element.add_parse_action(lambda s, at, found: found["said"])


def sign(text: str) -> pp.ParserElement:
    return token(re.escape(text)).suppress()


def reference(found: str) -> Reference:
    kind, one, two, three, first, second, text = found[3:-1].split(":", 6)
    return Reference(kind, (one, two, three), (first == "true", second == "true"), name_of_chunk(text), 0, 0)


def number(found: str) -> Number:
    digits = found.rstrip("%")
    value = tidy(int(digits) if digits.isdigit() else float(digits))
    return Number(tidy(value / 100) if found.endswith("%") else value, 0, 0)


def run(found: Sequence[Any]) -> Syntax:
    """Makes one node of operands with operators between them."""
    if len(found) == 1:
        return found[0]
    return Infix(tuple(operator.lower() for operator in found[1::2]), tuple(found[::2]), 0, 0)


def chain(found: Sequence[Any]) -> Syntax:
    """Applies members and calls to what they stand behind."""
    receiver = found[0]
    for dot, name, arguments in found[1:]:
        member = Member(receiver, name, 0, 0)
        receiver = member if arguments is None else Call(receiver, name, dot == "::", arguments, 0, 0)
    return receiver


def text(quote: str, expression: pp.ParserElement) -> pp.ParserElement:
    """Matches a text in quotes, with or without holes."""
    chunk = pp.Regex(rf"(?:[^{quote}\\{{]|\\(?s:.)|\{{(?!=)|{quote}{quote})+").leave_whitespace()
    chunk.add_parse_action(lambda s, at, found: Text(text_of_chunk(found[0], quote), 0, 0))
    hole = pp.Literal("{=").leave_whitespace().suppress() + expression + sign("}")
    hole.add_parse_action(lambda s, at, found: ("hole", found[0]))
    whole = sign(quote) + pp.ZeroOrMore(hole | chunk) + pp.Literal(quote).leave_whitespace().suppress()
    return whole.add_parse_action(lambda s, at, found: template(list(found)))


def template(parts: Sequence[Any]) -> Syntax:
    if any(isinstance(part, tuple) for part in parts):
        return Template(tuple(part[1] if isinstance(part, tuple) else part for part in parts), 0, 0)
    return parts[0] if parts else Text("", 0, 0)


def grammar() -> pp.ParserElement:
    """Builds the grammar of a formula."""
    expression = pp.Forward()
    word = token(WORD).add_parse_action(lambda s, at, t: Name(unicodedata.normalize("NFC", t[0]), False, 0, 0))
    bracket = token(rf"\[{INSIDE}\]").add_parse_action(lambda s, at, t: Name(name_of_chunk(t[0][1:-1]), True, 0, 0))
    stored = token(rf"\$\$\[{INSIDE}\]").add_parse_action(lambda s, at, t: reference(t[0]))
    name = stored | bracket | word

    label = (bracket | word) + token(":(?!:)").suppress()
    argument = (pp.Group(label) | pp.Empty().add_parse_action(lambda: [[]])) + expression
    argument.add_parse_action(lambda s, at, t: Argument(t[0][0] if t[0] else None, t[1]))
    arguments = sign("(") + pp.Optional(pp.DelimitedList(argument, delim=sign(","))) + sign(")")
    arguments.add_parse_action(lambda s, at, t: [tuple(t)])

    called = (name + arguments).add_parse_action(lambda s, at, t: Call(None, t[0], False, t[1], 0, 0))
    free = rf"(?!(?i:and|or|not|true|false)(?!\w)){WORD}"
    alone = token(free).add_parse_action(lambda s, at, t: Name(unicodedata.normalize("NFC", t[0]), False, 0, 0))
    boolean = token(r"(?i:true|false)(?!\w)").add_parse_action(lambda s, at, t: Boolean(t[0].lower() == "true", 0, 0))
    digits = token(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?%?").add_parse_action(
        lambda s, at, t: number(t[0])
    )
    group = sign("(") + expression + sign(")")
    primary = (
        digits | text('"', expression) | text("'", expression) | group | called | boolean | stored | bracket | alone
    )

    through = (token("::") + name + arguments).add_parse_action(lambda s, at, t: [tuple(t)])
    behind = (token(r"\.(?![0-9])") + name + pp.Optional(arguments, default=None)).add_parse_action(
        lambda s, at, t: [tuple(t)]
    )
    postfix = (primary + pp.ZeroOrMore(through | behind)).add_parse_action(lambda s, at, t: chain(t))

    unary = pp.Forward()
    power = (postfix + pp.Optional(token(r"\^") + unary)).add_parse_action(lambda s, at, t: run(t))
    unary <<= (token("[-+!]") + unary).add_parse_action(lambda s, at, t: Prefix(t[0], t[1], 0, 0)) | power
    level = unary
    for operators in (r"[*/]", r"[-+]", "&(?!&)"):
        level = (level + pp.ZeroOrMore(token(operators) + level)).add_parse_action(lambda s, at, t: run(t))
    level = (level + pp.Optional(token("==|=|!=|<>|<=|>=|<|>") + level)).add_parse_action(lambda s, at, t: run(t))
    negation = pp.Forward()
    word_not = token(rf"(?i:not)(?!\w)(?!{SKIP}\()")
    negation <<= (word_not + negation).add_parse_action(lambda s, at, t: Prefix("not", t[1], 0, 0)) | level
    level = negation
    for operators in (r"&&|(?i:and)(?!\w)", r"\|\||(?i:or)(?!\w)"):
        level = (level + pp.ZeroOrMore(token(operators) + level)).add_parse_action(lambda s, at, t: run(t))
    expression <<= level
    return pp.Optional(sign("=")) + expression + token(r"\Z").suppress()


GRAMMAR = grammar()


def read(formula: str) -> Syntax | None:
    """Reads a formula, or gives nothing when it is none."""
    try:
        return GRAMMAR.parse_string(formula)[0]
    except pp.ParseException:
        return None
