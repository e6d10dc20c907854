"""Fifteen formulas, and the waves that each needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packsys.language.limits import Budget
from packsys.language.memory import Memory
from packsys.planner.rounds import Finished, Wave
from packsys.values import Value
from tests.language.catalogue import answer, decide, run, tree_of

PLANS = json.loads(Path(__file__).with_name("plans.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan["name"])
def test_a_formula_runs_in_the_listed_rounds(plan: dict[str, Any]) -> None:
    ran = run(plan["formula"])
    assert ran.calls == [[call["call"].replace(".", "::") for call in wave] for wave in plan["rounds"]]
    assert sum(map(len, ran.waves)) == plan["calls"]
    assert ran.merged == plan["merged"]
    assert ran.value == plan["value"]


def test_a_call_that_is_on_its_way_is_listed_again_and_nothing_else_changes() -> None:
    tree = tree_of('Users::GetUserName("a") & Users::GetUserName("b")')
    both = decide(tree, {})
    assert isinstance(both, Wave)
    first, second = both.invocations
    assert decide(tree, {}) == both
    assert decide(tree, {first.key: "x"}) == Wave((second,))
    assert decide(tree, {second.key: "y", first.key: "x"}) == Finished("xy")


texts = st.sampled_from(['"a"', '"b"', "city", "user", "thisRow.Owner"])
formulas = st.recursive(
    texts | st.just("1 / 0"),
    lambda inner: st.one_of(
        inner.map(lambda x: f"Users::GetUserName({x})"),
        inner.map(lambda x: f"Weather::Now({x})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}) & ({pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"IfError({pair[0]}, {pair[1]})"),
        st.tuples(inner, inner, inner).map(lambda three: "If({} = {}, {}, 2)".format(*three)),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}).WithName(n, ({pair[1]}) & n)"),
        st.tuples(inner, inner).map(
            lambda pair: f"List({pair[0]}, user).FormulaMap(Users::GetUserName(CurrentValue) & {pair[1]}).Join()"
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(formulas, st.data())
def test_the_value_does_not_depend_on_the_order_in_which_calls_return(formula: str, data: st.DataObject) -> None:
    expected = run(formula)
    tree, outcomes = tree_of(formula), dict[str, Value]()
    while isinstance(found := decide(tree, outcomes), Wave):
        arrived = data.draw(st.sets(st.integers(0, len(found.invocations) - 1), min_size=1))
        outcomes |= {call.key: answer(call) for place, call in enumerate(found.invocations) if place in arrived}
    assert found == Finished(expected.value)
    assert set(outcomes) == {call.key for wave in expected.waves for call in wave}


@settings(max_examples=50, deadline=None)
@given(formulas)
def test_a_call_is_made_once(formula: str) -> None:
    keys = [call.key for wave in run(formula).waves for call in wave]
    assert len(keys) == len(set(keys))


acting = st.recursive(
    formulas,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(
            lambda pair: f'RunActions({pair[0]}, Slack::Post("#a", ({pair[1]}) & ""), {pair[0]})'
        ),
        st.tuples(inner, inner).map(lambda pair: f'If(Slack::Post("#b", {pair[0]}) = 1, 1, {pair[1]})'),
        st.tuples(inner, inner).map(
            lambda pair: f'List(1, 2).ForEach(Slack::Post("#c", CurrentValue & ({pair[0]}))).Count() & ({pair[1]})'
        ),
    ),
    max_leaves=4,
)


@settings(max_examples=200, deadline=None)
@given(acting, st.sampled_from([Budget(), Budget(nodes=60), Budget(nodes=25), Budget(calls=3)]), st.data())
def test_what_earlier_rounds_remember_changes_no_decision(formula: str, budget: Budget, data: st.DataObject) -> None:
    """Nor when a budget is used up."""
    tree, outcomes, memory = tree_of(formula), dict[str, Value](), Memory()
    while isinstance(found := decide(tree, outcomes, budget=budget), Wave):
        assert decide(tree, outcomes, budget=budget, memory=memory) == found
        arrived = data.draw(st.sets(st.integers(0, len(found.invocations) - 1), min_size=1))
        outcomes |= {call.key: answer(call) for place, call in enumerate(found.invocations) if place in arrived}
    assert decide(tree, outcomes, budget=budget, memory=memory) == found


def test_a_memory_of_one_tree_says_nothing_of_another() -> None:
    memory, first, second = Memory(), tree_of("Users::GetUserName(city)"), tree_of("Users::GetUserName(user)")
    asked = decide(first, {}, memory=memory)
    assert isinstance(asked, Wave)
    outcomes = {asked.invocations[0].key: "x"}
    assert decide(second, outcomes, memory=memory) == decide(second, outcomes)
