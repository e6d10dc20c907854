"""A bound formula and a call, written and read back."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.errors import HouseError
from packsys.language.codec import dumps, invocation_from_json, invocation_to_json, loads
from packsys.language.compile import compile_formula
from packsys.language.invocation import Invocation
from packsys.language.nodes import (
    AccountRef,
    Constant,
    FunctionCall,
    Given,
    Lambda,
    Let,
    Local,
    Member,
    Node,
    Operation,
    PackCall,
    TableRead,
    Variable,
)
from packsys.language.signature import Kind, Need, Parameter, Shape
from packsys.values import Account, Value
from tests.language.catalogue import SCOPE
from tests.language.test_interpreter import DEEP

places = st.integers(0, 70_000)
words = st.text(max_size=5)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
constants: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.booleans(), numbers, words, st.dates(), st.timedeltas(), words.map(Account)
)
shapes = st.builds(Shape, st.sampled_from(Kind), st.none() | st.builds(Shape, st.sampled_from(Kind)))
parameters = st.builds(Parameter, words, shapes, st.booleans(), constants, st.booleans(), st.booleans())


def _larger(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    many = st.lists(inner, max_size=3).map(tuple)
    given_ = st.lists(st.builds(Given, parameters, many), max_size=2).map(tuple)
    return st.one_of(
        st.builds(TableRead, words, words, st.just({"give": "rows"}), many, st.none() | inner, places, places),
        st.builds(Member, inner, words, places, places),
        st.builds(Operation, st.lists(words).map(tuple), many, places, places),
        st.builds(FunctionCall, words, st.lists(st.none() | inner, max_size=3).map(tuple), places, places),
        st.builds(Let, places, words, inner, inner, places, places),
        st.builds(Lambda, places, words, inner, st.booleans(), places, places),
        st.builds(
            PackCall,
            places,
            words,
            words,
            words,
            st.sampled_from(Need),
            st.booleans(),
            st.none() | inner,
            given_,
            places,
            places,
        ),
    )


leaves = st.one_of(
    st.builds(Constant, constants, places, places),
    st.builds(AccountRef, words, places, words, places, places),
    st.builds(Variable, words, places, places),
    st.builds(Local, places, words, places, places),
)
nodes: st.SearchStrategy[Node] = st.recursive(leaves, _larger, max_leaves=15)


@given(nodes)
def test_a_tree_that_was_written_reads_back_the_same(tree: Node) -> None:
    assert loads(dumps(tree)) == tree


@pytest.mark.parametrize("name", DEEP)
def test_the_written_form_is_flat_however_deep_the_tree(name: str) -> None:
    written = dumps(compile_formula(DEEP[name][0], SCOPE).tree)
    assert dumps(loads(written)) == written
    assert written.isascii()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"form":1}',
        '{"form":1,"nodes":[]}',
        '{"form":1,"nodes":[["unknown",0,0]]}',
        '{"form":1,"nodes":[["variable",0,0]]}',
        '{"form":1,"nodes":[["member",0,0,7,"x"]]}',
        '{"form":1,"nodes":[["constant",0,0,{"$":"date","v":"?"}]]}',
    ],
)
def test_a_damaged_form_is_refused(text: str) -> None:
    with pytest.raises(HouseError, match="damaged"):
        loads(text)


def test_a_form_of_another_release_is_refused() -> None:
    written = json.loads(dumps(Constant(1, 0, 1)))
    with pytest.raises(HouseError, match="form 2: this release reads form 1"):
        loads(json.dumps({**written, "form": 2}))


def test_a_call_that_was_written_reads_back_the_same() -> None:
    call = Invocation(
        key="0" * 32,
        pack_id=1013,
        pack="GitHub",
        version="1.0.0",
        formula="Repo",
        account="conn:c",
        arguments={"url": "u", "$": [date(2026, 1, 2), None]},
        action=True,
        fresh=True,
        start=3,
        end=9,
    )
    assert invocation_from_json(json.loads(invocation_to_json(call, json.dumps))) == call
