"""Random trees, as the parser could have built them, and trees without their places."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from hypothesis import strategies as st

from packsys.language.parser.precedence import BINARY, COMPARE, POWER, PREFIX
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

_IDENT = st.sampled_from(["a", "Repos", "测试", "x_1", "CurrentValue", "é"])
_ANY = st.text("ab \\\"'{}=[]:\n\t\r\0/*%$nu+測😀(.", max_size=6)
_TEXTS = _ANY.map(lambda text: Text(text, 0, 0))
_NAMES = st.one_of(
    _IDENT.map(lambda text: Name(text, False, 0, 0)),
    st.text("ab \\]=[,.:é", min_size=1, max_size=5).map(lambda text: Name(text, True, 0, 0)),
)
_WORDS = st.sampled_from(["and", "Or", "not", "true"]).map(lambda text: Name(text, False, 0, 0))
_REFERENCES = st.builds(
    lambda kind, ids, flags, text: Reference(kind, ids, flags, text, 0, 0),
    st.sampled_from(["pack", "variable", "packConnectionReference", "grid"]),
    st.tuples(*[st.text("a1-", max_size=3)] * 3),
    st.tuples(st.booleans(), st.booleans()),
    st.text("ab:]\\ ", max_size=4),
)
_NUMBERS = st.one_of(
    st.integers(0, 10**30).map(lambda value: Number(value, 0, 0)),
    st.floats(0, 1e300).map(lambda value: Number(tidy(value), 0, 0)),
)
_LEAVES = st.one_of(_NUMBERS, _TEXTS, st.booleans().map(lambda value: Boolean(value, 0, 0)), _NAMES, _REFERENCES)


def _calls(inner: st.SearchStrategy[Syntax]) -> st.SearchStrategy[Syntax]:
    arguments = st.lists(st.builds(Argument, st.none() | _NAMES | _WORDS, inner), max_size=3).map(tuple)
    return st.one_of(
        st.builds(lambda name, given: Call(None, name, False, given, 0, 0), _NAMES | _REFERENCES | _WORDS, arguments),
        st.builds(
            lambda receiver, name, qualified, given: Call(receiver, name, qualified, given, 0, 0),
            *(inner, _NAMES | _REFERENCES | _WORDS, st.booleans(), arguments),
        ),
        st.builds(lambda receiver, name: Member(receiver, name, 0, 0), inner, _NAMES | _REFERENCES | _WORDS),
    )


def _operators(inner: st.SearchStrategy[Syntax]) -> st.SearchStrategy[Syntax]:
    def run(level: int) -> st.SearchStrategy[Syntax]:
        signs = st.sampled_from([sign for sign, known in BINARY.items() if known == level])
        most = 1 if level in (COMPARE, POWER) else 3
        return st.lists(st.tuples(signs, inner), min_size=1, max_size=most).flatmap(
            lambda pairs: inner.map(
                lambda first: Infix(tuple(s for s, _ in pairs), (first, *(operand for _, operand in pairs)), 0, 0)
            )
        )

    return st.sampled_from(sorted({*BINARY.values()})).flatmap(run)


def _prefixes(inner: st.SearchStrategy[Syntax]) -> st.SearchStrategy[Syntax]:
    signs = st.sampled_from(sorted(PREFIX))
    return st.builds(lambda sign, operand: Prefix(sign, operand, 0, 0), signs, inner).filter(_legible)


def _legible(node: Prefix) -> bool:
    # 'not' directly before a bracket is the function: no formula has such a tree.
    return node.operator != "not" or not begins_with_bracket(node.operand, PREFIX["not"])


def begins_with_bracket(node: Syntax, level: int) -> bool:
    """Tells whether a node begins with a bracket where only what binds tighter than ``level`` goes without."""
    match node:
        case Infix():
            own = BINARY[node.operators[0]]
            return own < level or begins_with_bracket(node.operands[0], own + 1)
        case Prefix():
            return PREFIX[node.operator] < level
        case Member() | Call() if node.receiver is not None:
            return begins_with_bracket(node.receiver, POWER + 1)
    return False


def _templates(inner: st.SearchStrategy[Syntax]) -> st.SearchStrategy[Syntax]:
    return st.lists(inner, min_size=1, max_size=4).map(lambda parts: Template(tuple(parts), 0, 0))


def trees(leaves: st.SearchStrategy[Syntax] = _LEAVES) -> st.SearchStrategy[Syntax]:
    """Draws trees."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(_calls(inner), _operators(inner), _prefixes(inner), _templates(inner)),
        max_leaves=12,
    )


def unplaced(node: Any) -> Any:
    """Gives a tree without the places of its nodes."""
    if isinstance(node, tuple):
        return tuple(map(unplaced, node))
    if not hasattr(node, "__dataclass_fields__"):
        return node
    changed = {field.name: unplaced(getattr(node, field.name)) for field in fields(node)}
    return replace(node, **(changed | dict.fromkeys({"start", "end"} & changed.keys(), 0)))
