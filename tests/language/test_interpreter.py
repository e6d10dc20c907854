"""Evaluation in passes: what runs side by side, what is never called, which error wins, what actions wait for."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import TypeVar

import pytest

from packsys.language.interpreter import evaluate
from packsys.language.invocation import Invocation
from packsys.language.limits import Budget
from packsys.planner.plan import plan_of
from packsys.values import ErrorValue, Origin, Value
from tests.language.catalogue import NOW, SCOPE, Run, answer, failing, run, tree_of, value_of

A, B = 'Users::GetUserName("a")', 'Users::GetUserName("b")'
DOWN = "Weather::Now(city)"
POST = 'Slack::Post("#a", "hi")'


# What runs side by side, and what is never called.


@pytest.mark.parametrize(
    ("formula", "calls"),
    [
        (f"List({A}, {B})", [2]),
        (f"{A} & {B}", [2]),
        (f"({A} = {B}) or {A} < {B}", [2]),
        (f"Object({A}, {B})", [2]),
        (f"Users::Tag({A}, 1, {B}, 2)", [2, 1]),
        (f"{A}.WithName(x, {B})", [2]),
        (f"{A}.WithName(x, {B} & x)", [2]),
        (f"If(true, {A}, {B})", [1]),
        (f"If({A} = 1, {A}, {B})", [1, 1]),
        (f"SwitchIf(false, {A}, true, {B})", [1]),
        (f'Switch("y", "x", {A}, {B})', [1]),
        (f"IfBlank({A}, {B})", [1]),
        (f"IfError({DOWN}, {B})", [1, 1]),
        (f"false and {A} = 1", []),
        (f"true or {A} = 1", []),
        (f"And({A} = 1, {B} = 1)", [1]),
        (f"Or({A} = 1, {B} = 1)", [1, 1]),
        (f"List().FormulaMap({A})", []),
        ("List(1, 2).FormulaMap(Users::GetUserName(CurrentValue))", [2]),
        (f"List(1, 2).Filter({A} = CurrentValue)", [1]),
        (f"{A}.WithName(x, 1)", []),
    ],
)
def test_the_waves_of_a_formula(formula: str, calls: list[int]) -> None:
    assert [len(wave) for wave in run(formula).waves] == calls


def test_calls_are_listed_in_the_order_in_which_they_were_first_asked_for() -> None:
    (wave,) = run(f"{B} & {A} & {B}").waves
    assert [call.arguments["id"] for call in wave] == ["b", "a"]


def test_an_equal_call_is_made_once() -> None:
    ran = run('GitHub::Repo("u/1").Stars + GitHub.Repo(url: "u/" & 1).Stars')
    assert (ran.calls, ran.merged, ran.value) == ([["GitHub::Repo"]], 1, 120)


@pytest.mark.parametrize("other", ['GitHub::Repo("u/1")', 'GitHub::Repo([hereisfun], "u/2")', "GitHub::Issues(c, 1)"])
def test_another_account_argument_or_formula_is_another_call(other: str) -> None:
    assert len(run(f'List(GitHub::Repo(c, "u/2"), {other})').waves[0]) == 2


def test_a_call_says_where_it_stands() -> None:
    formula = f"1 & {A}"
    ((call,),) = run(formula).waves
    assert formula[call.start : call.end] == A
    assert call.name == "Users::GetUserName"
    assert (len(call.key), call.fresh, call.action) == (32, False, False)


# Errors are values.


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        (f"List({DOWN}, 1 / 0)", "Upstream"),
        (f"List(1 / 0, {DOWN})", "DivideByZero"),
        (f"{DOWN} + 1", "Upstream"),
        (f'Users::Tag(1 / 0, {DOWN}, "a", 1)', "DivideByZero"),
        (f"If({DOWN}, 1, 2)", "Upstream"),
        ("Users::Echo(1 / 0).X", "DivideByZero"),
        (f"1 / 0 and {DOWN}", "DivideByZero"),
        ("List(1, 0).FormulaMap(1 / CurrentValue).Sum()", "DivideByZero"),
        ("List(1, 0).Filter(1 / CurrentValue > 0)", "DivideByZero"),
        ('"a" * 2', "Value"),
        ("1 < '1'", "Value"),
        ("If(true, true, 1).y", "Value"),
        ("10 ^ 10 ^ 10", "Number"),
        ("0 ^ 0", "Number"),
        ("(-8) ^ 0.5", "Number"),
        ("1e308 * 10", "Number"),
        ("10 ^ 300 * 10 ^ 300", "Number"),
        ("Date(2026, 1, 1) + 1e9", "Number"),
    ],
)
def test_the_leftmost_error_is_the_value(formula: str, code: str) -> None:
    assert failing(formula).code == code


def test_the_leftmost_error_waits_until_all_arguments_are_decided() -> None:
    ran = run(f"List(1 / 0, {A})")
    assert ran.calls == [["Users::GetUserName"]]
    assert isinstance(ran.value, ErrorValue)


def test_an_error_stands_at_its_items_place() -> None:
    items = value_of("List(1, 0, 2).FormulaMap(2 / CurrentValue)")
    assert [item if not isinstance(item, ErrorValue) else item.code for item in items] == [2, "DivideByZero", 1]  # type: ignore[union-attr]
    assert value_of("List(1, 0, 2).FormulaMap(IfError(2 / CurrentValue, 0))") == [2, 0, 1]
    assert value_of("List(1, 0, 2).FormulaMap(2 / CurrentValue).Count()") == 3
    assert value_of("List(1, 0, 2).FormulaMap(2 / CurrentValue).First()") == 2


def test_an_error_says_where_it_comes_from() -> None:
    assert failing("1 + 2 / 0").origin == Origin(4, 9, "/")
    assert failing(f"Upper({DOWN})").origin == Origin(6, 24, "Weather::Now")
    assert failing('"a".Left(-1)').origin == Origin(0, 12, "Left")


# Blanks.


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("Blank() + 1", 1),
        ("1 - Blank()", 1),
        ("Blank() - 1", -1),
        ("Blank() * 5", 5),
        ("5 / Blank()", 5),
        ("2 ^ Blank()", 2),
        ("Blank() + Blank()", None),
        ('Blank() & "x"', "x"),
        ('Blank() = ""', True),
        ("Blank() = 0", False),
        ("Blank() < 1", False),
        ("Blank() >= 1", False),
        ("If(Blank(), 1, 2)", 2),
        ("And(true, Blank())", False),
        ("not Blank()", True),
        ("Blank().Anything", None),
        ("List(1, Blank(), 3).Sum()", 4),
        ("List(1, Blank(), 3).Average()", 2),
        ("List(1, Blank(), 3).Count()", 2),
        ("List(1, Blank(), 3).CountAll()", 3),
    ],
)
def test_blanks(formula: str, value: Value) -> None:
    assert value_of(formula) == value


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("0.1 + 0.2", 0.3),
        ("0.1 + 0.2 - 0.3", 0),
        ("1 / 3", 0.333333333333333),
        ("6 / 3", 2),
        ("2 ^ 100", 2**100),
        ("2 ^ 0.5", 1.4142135623731),
        ("'a' + 1", "a1"),
        ("1 + '2'", "12"),
        ("'3' * '2'", 6),
        ("1 + true", 2),
        ("-true", -1),
        ("1 & 2", "12"),
        ("'b' > 'a'", True),
        ("1 = 1.0", True),
        ("1 = '1'", False),
        ("1 <> '1'", True),
        ("List(1) = List(1.0)", True),
        ("(Date(2026, 2, 1) - Date(2026, 1, 1)) / Days(1)", 31),
        ("Date(2026, 1, 31) + 1 = Date(2026, 2, 1)", True),
        ("1 + Date(2026, 1, 31) = Date(2026, 2, 1)", True),
        ("Date(2026, 1, 31) - Days(31) = Date(2025, 12, 31)", True),
        ("Days(1) * 2 = Duration(hours: 48)", True),
        ("Date(2026, 1, 1) < Date(2026, 1, 2)", True),
        ("-Days(1) < Days(1)", True),
    ],
)
def test_operators(formula: str, value: Value) -> None:
    assert value_of(formula) == value


def test_now_is_the_jobs_moment_in_its_time_zone() -> None:
    assert value_of("Now() & ''", timezone="Asia/Shanghai") == "2026-02-01T07:30:00+08:00"
    assert value_of("Today() & ''", timezone="Asia/Shanghai") == "2026-02-01"
    assert value_of("Today() & ''", timezone="America/New_York") == "2026-01-31"


# Actions.


def test_nothing_of_an_action_starts_before_the_last_one_has_ended() -> None:
    ran = run(f"RunActions({POST}, Slack::Post({A}, {B}), GitHub::Star(c, {A}))")
    assert ran.calls == [["Slack::Post"], ["Users::GetUserName"] * 2, ["Slack::Post"], ["GitHub::Star"]]


def test_actions_are_never_merged() -> None:
    assert run(f"RunActions({POST}, {POST})").calls == [["Slack::Post"], ["Slack::Post"]]
    assert run(f"List(1, 2).FormulaMap({POST})").calls == [["Slack::Post"], ["Slack::Post"]]


def test_one_action_at_a_time_is_pending_anywhere() -> None:
    assert run(f"List({POST}, {POST}, {A})").calls == [["Slack::Post", "Users::GetUserName"], ["Slack::Post"]]
    assert run(f"List(Slack::Post({A}, 1), {POST})").calls == [["Users::GetUserName"], ["Slack::Post"], ["Slack::Post"]]


def test_items_with_actions_wait_for_each_other() -> None:
    ran = run("List(1, 2).FormulaMap(Slack::Post(Users::GetUserName(CurrentValue), 1))")
    assert ran.calls == [["Users::GetUserName"], ["Slack::Post"]] * 2


def test_the_first_failure_stops_a_sequence() -> None:
    ran = run(f"RunActions({POST}, {DOWN}, {POST})")
    assert ran.calls == [["Slack::Post"], ["Weather::Now"]]
    assert isinstance(ran.value, ErrorValue)


def test_an_action_runs_even_when_its_result_is_not_used() -> None:
    ran = run(f"{POST}.WithName(x, 1)")
    assert (ran.calls, ran.value) == ([["Slack::Post"]], 1)


def test_a_formula_that_is_over_budget_makes_no_calls() -> None:
    ran = run(f"List({POST}, Sequence(1, 50).FormulaMap(CurrentValue))", budget=Budget(nodes=20))
    assert ran.calls == []


def test_an_action_that_failed_is_not_run_again() -> None:
    refused = ErrorValue("Permission", "No.")
    ran = run(f"RunActions({POST}, {POST})", answers=lambda call: refused if call.action else answer(call))
    assert ran.calls == [["Slack::Post"]]


def test_only_the_chosen_action_runs() -> None:
    assert run(f'If({A} = "x", {POST}, GitHub::Star(c, 1))').calls == [["Users::GetUserName"], ["GitHub::Star"]]


def reads(ran: Run) -> list[bool]:
    """Tells of each read of repositories whether it had to be fresh."""
    return [call.fresh for wave in ran.waves for call in wave if call.name == "GitHub::Repos"]


STAR, REPOS, OTHERS = 'GitHub::Star(c, "u/1")', "GitHub::Repos(c)", "GitHub::Repos([hereisfun])"


@pytest.mark.parametrize(
    ("formula", "fresh"),
    [
        (f"RunActions({REPOS}, {STAR}, {REPOS})", [False, True]),
        (f"RunActions({REPOS}, {STAR}, {REPOS}, {REPOS})", [False, True]),
        (f"RunActions({STAR}, {REPOS}, {STAR}, {REPOS})", [True, True]),
        (f"RunActions({REPOS}, {STAR}, {OTHERS})", [False, False]),
        (f"RunActions({OTHERS}, {STAR}, {OTHERS})", [False]),
        (f"RunActions(RunActions({STAR}, {REPOS}), {REPOS})", [True]),
        (f"List(RunActions({STAR}, {REPOS}), {REPOS})", [False, True]),
        (f"List(1, 2).FormulaMap(RunActions({STAR}, {REPOS}))", [True, True]),
        (f"List(1, 2).FormulaMap(List({REPOS}, {STAR}))", [False, True]),
    ],
)
def test_what_is_read_after_an_action_on_an_account_is_read_anew(formula: str, fresh: list[bool]) -> None:
    assert reads(run(formula)) == fresh


# Budgets.


@pytest.mark.parametrize(
    ("formula", "budget", "message"),
    [
        (
            "Sequence(1, 5001).FormulaMap(1)",
            Budget(),
            "The list has too many items for an expression: 5,001, at most 5,000 are allowed.",
        ),
        (
            "Sequence(1, 50).FormulaMap(CurrentValue + 1)",
            Budget(nodes=100),
            "The formula takes too many steps: 101, at most 100 are allowed.",
        ),
        (
            "Sequence(1, 9).FormulaMap(Users::GetUserName(CurrentValue)).Join()",
            Budget(calls=5),
            "The formula makes too many calls: 6, at most 5 are allowed.",
        ),
        (
            "Sequence(1, 1e9)",
            Budget(),
            "The sequence has too many numbers: 1,000,000,000, at most 1,000,000 are allowed.",
        ),
        (
            "'abc'" + ".WithName(x, (x & x)" * 30 + ".Length()" + ")" * 30,
            Budget(),
            "The text has too many characters: 1,572,864, at most 1,000,000 are allowed.",
        ),
        (
            "SubstituteAll(List('a').Join().WithName(x, Sequence(1, 5000).Join()), '1', Sequence(1, 5000).Join())",
            Budget(),
            "The text has too many characters: 47,248,893, at most 1,000,000 are allowed.",
        ),
        (
            "List(1)" + ".WithName(x, List(x, x)" * 40 + ".Count()" + ")" * 40,
            Budget(nodes=10**9),
            "The value has too many elements: 1,572,863, at most 1,000,000 are allowed.",
        ),
        (
            "List(1, 1)" + ".WithName(x, x.FormulaMap(x)" * 40 + ")" * 40,
            Budget(nodes=10**9),
            "The value has too many elements: 1,048,575, at most 1,000,000 are allowed.",
        ),
        (
            "List(" * 100 + ")" * 100,
            Budget(),
            "The value has too many lists and objects inside each other: 65, at most 64 are allowed.",
        ),
    ],
)
def test_a_budget_that_is_used_up_is_an_error_with_the_number(formula: str, budget: Budget, message: str) -> None:
    error = failing(formula, budget=budget)
    assert (error.code, error.message) == ("Budget", message)


@pytest.mark.parametrize("around", ["{}", "IfError({}.Join(), 0)", "List(Users::GetUserName(0), {})"])
def test_of_more_calls_than_there_may_be_none_is_asked_for(around: str) -> None:
    """Else as many as there may be would be sent, for a formula that fails anyway."""
    formula = around.format("Sequence(1, 9).FormulaMap(Users::GetUserName(CurrentValue))")
    found = run(formula, budget=Budget(calls=5))
    assert (found.value.code, found.waves) == ("Budget", [])


def test_other_parts_go_on_when_one_is_over_budget() -> None:
    assert value_of('IfError(Sequence(1, 6000).FormulaMap(1), "many")') == "many"


# Depth.

Result = TypeVar("Result")


def within(frames: int, work: Callable[[], Result]) -> Result:
    """Does something while Python allows only some more frames."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + frames)
    try:
        return work()
    finally:
        sys.setrecursionlimit(before)


DEEP = {
    "if": ("If(true, " * 200 + "1" + ", 2)" * 200, 1),
    "sum": ("(1 + " * 200 + "1" + ")" * 200, 201),
    "map": ("List(1).FormulaMap(" * 60 + "CurrentValue" + ").First()" * 60, 1),
    "maps": ("List(1).FormulaMap(" * 200 + "1" + ").First()" * 200, 1),
    "names": ("1.WithName(x, x + " * 200 + "x" + ")" * 200, 201),
    "signs": ("-" * 200 + "1", 1),
    "powers": ("1^" * 200 + "1", 1),
    "not": ("not " * 200 + "true", True),
    "holes": ('"{=' * 20 + "1" + '}"' * 20, "1"),
    "chain": ("1" + ".Sum()" * 256, 1),
    "chains in brackets": (f"(1{'.Sum()' * 40} + " * 20 + "1" + ")" * 20, 21),
    "pack calls": ("Users::GetUserName(" * 100 + '"a"' + ")" * 100, "name-" * 100 + "a"),
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_formulas_need_no_more_of_pythons_stack_than_flat_ones(name: str) -> None:
    formula, value = DEEP[name]
    assert within(120, lambda: value_of(formula)) == value
    assert within(120, lambda: plan_of(tree_of(formula))) is not None


def test_a_pass_changes_nothing_that_it_is_given() -> None:
    outcomes: dict[str, Value] = {}
    found = evaluate(tree_of(A), variables=SCOPE.variables, outcomes=outcomes, now=NOW, timezone="UTC")
    assert outcomes == {}
    assert [type(call) for call in found.pending] == [Invocation]
