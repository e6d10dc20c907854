"""What a formula would do, without doing it."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from packsys.planner.plan import Plan, plan_of
from tests.language.catalogue import ACCOUNT, tree_of
from tests.planner.test_rounds import PLANS

FORMULAS = {plan["name"].split()[0]: plan["formula"] for plan in PLANS}


def plan(formula: str) -> Plan:
    """Plans a formula."""
    return plan_of(tree_of(formula))


def drawn(formula: str) -> list[str]:
    """Lists a plan's steps: call, ← what it depends on, ? when guarded, × when it fans out."""
    return [
        f"{step.call}{'?' * step.guarded}{'×' * step.fans_out}"
        + (f" ← {' '.join(step.depends_on)}" if step.depends_on else "")
        for step in plan(formula).steps
    ]


def test_the_reference_formula_is_a_chain_of_two_calls() -> None:
    found = plan(FORMULAS["1"])
    assert [(step.id, step.call, step.account, step.depends_on) for step in found.steps] == [
        ("s1", "GitHub::Repos", ACCOUNT, ()),
        ("s2", "GitHub::Repo", ACCOUNT, ("s1",)),
    ]
    assert found.waves == (("s1",), ("s2",))


@pytest.mark.parametrize(
    ("number", "steps", "waves"),
    [
        ("2", ["Users::GetUserName", "Users::GetUserName"], [2]),
        ("3", ["GitHub::Repos"], [1]),
        ("4", ["GitHub::Repo?", "Users::GetUserName?"], [2]),
        ("5", ["GitHub::Repo", "Users::GetUserName? ← s1"], [1, 1]),
        ("6", ["GitHub::Repos", "GitHub::Repo× ← s1"], [1, 1]),
        ("7", ["GitHub::Orgs", "GitHub::Repos× ← s1", "GitHub::Issues× ← s1 s2"], [1, 1, 1]),
        ("8", ["GitHub::Repos", "GitHub::Repo× ← s1", "Users::GetUserName× ← s1 s2"], [1, 1, 1]),
        ("9", ["Weather::Now", "Weather::Forecast? ← s1"], [1, 1]),
        ("10", ["GitHub::Repo?", "Users::IsAdmin? ← s1"], [1, 1]),
        (
            "11",
            ["GitHub::Repos", "Slack::Post ← s1", "Users::GetUserName ← s2", "Slack::Post ← s2 s3"],
            [1, 1, 1, 1],
        ),
        ("12", ["Users::GetUserName", "GitHub::Repos"], [2]),
        ("13", [], []),
        ("14", ["GitHub::Repos", "GitHub::Repo× ← s1", "Users::GetUserName× ← s1 s2"], [1, 1, 1]),
        ("15", ["Weather::Forecast", "GitHub::Repos", "GitHub::Repo ← s2"], [2, 1]),
    ],
)
def test_the_static_plan_of_an_example(number: str, steps: list[str], waves: list[int]) -> None:
    assert drawn(FORMULAS[number]) == steps
    assert [len(wave) for wave in plan(FORMULAS[number]).waves] == waves


def test_equal_calls_share_a_step_even_inside_expressions_over_equal_lists() -> None:
    half = "GitHub::Repos(c).FormulaMap(GitHub::Repo(CurrentValue.Url).Stars)"
    assert drawn(f"{half}.Sum() / {half}.Count()") == ["GitHub::Repos", "GitHub::Repo× ← s1"]


def test_a_call_that_is_needed_anyway_is_not_guarded() -> None:
    assert drawn('If(city = "", Users::GetUserName(city), 0) & Users::GetUserName(city)') == ["Users::GetUserName"]


def test_a_name_stands_for_its_value() -> None:
    assert drawn("GitHub::Repos(c).WithName(r, r.First().Url & GitHub::Repos(c).Count())") == ["GitHub::Repos"]


def test_actions_are_never_merged() -> None:
    assert drawn('RunActions(Slack::Post("a", "b"), Slack::Post("a", "b"))') == ["Slack::Post", "Slack::Post ← s1"]


def test_a_plan_is_plain_data() -> None:
    assert json.loads(json.dumps(asdict(plan(FORMULAS["5"]))))["waves"] == [["s1"], ["s2"]]
