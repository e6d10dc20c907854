"""Evaluation takes time in proportion to what it looks at, and ends when its budget is used up."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packsys.errors import FormulaError
from packsys.language.functions import LIBRARY
from packsys.language.functions.registry import Function
from packsys.language.interpreter import evaluate
from packsys.language.limits import Budget
from packsys.language.scope import FixedScope
from packsys.values import Account, ErrorValue, Value
from tests.language.catalogue import NOW, failing, tree_of, value_of


def steps(formula: str, **variables: Value) -> int:
    """Counts the steps of a formula, by the least budget that it keeps to."""
    few, many = 0, 1 << 17
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if _fits(formula, variables, middle) else (middle, many)
    return many


def _fits(formula: str, variables: dict[str, Value], nodes: int) -> bool:
    found = evaluate(
        tree_of(formula), variables=variables, outcomes={}, now=NOW, timezone="UTC", budget=Budget(nodes=nodes)
    )
    return getattr(found.value, "code", "") != "Budget"


GROWING = {
    "sum": lambda n: f"Sequence(1, {n}).Sum()",
    "text": lambda n: f'Repeat("ab", {n * 20}).Upper().Length()',
    "unique": lambda n: f"Sequence(1, {n}).Unique().Count()",
    "map": lambda n: f"Sequence(1, {n}).FormulaMap(CurrentValue + 1).Sum()",
    "split": lambda n: f'Repeat("a,", {n}).Split(",").Count()',
    "members": lambda n: f'Sequence(1, {n}).FormulaMap(Object("a", 1)).a.Sum()',
    "regex": lambda n: f'Repeat("ab", {n}).RegexReplace("b", "").Length()',
    "equal": lambda n: f"Sequence(1, {n}) = Sequence(1, {n})",
    "json": lambda n: f"Sequence(1, {n}).ToJSON().ParseJSON().Count()",
}


@pytest.mark.parametrize("name", GROWING)
def test_four_times_as_much_takes_at_most_five_times_the_steps(name: str) -> None:
    small, large = (steps(GROWING[name](n)) for n in (60, 240))
    assert small < large < 5 * small


def test_many_rows_with_many_columns_are_no_trouble() -> None:
    """What a function does not look at costs nothing: 25,000 cells, looked through ten times in 100,000 steps."""
    rows: Value = [{f"Column{number}": row for number in range(50)} for row in range(500)]
    count = "rows.Filter(CurrentValue.Column7 > 250).Count()"
    formula = f"List(rows.First().Column1, {', '.join([count] * 10)}).Sum()"
    scope = FixedScope(variables={"rows": rows})
    assert value_of(formula, scope=scope, budget=Budget(nodes=100_000)) == 2_490


def test_a_value_that_is_too_large_to_be_compared_is_an_error() -> None:
    large: Value = [[0] * 1_000] * 1_100
    assert failing("Switch(a, a, 1)", scope=FixedScope(variables={"a": large})).message == (
        "The value has too many elements: 1,101,101, at most 1,000,000 are allowed."
    )


MINUTES = [
    f"Sequence(1, 90000).WithName(x, Switch(x, {', '.join(['x.Splice(90000, 1, 0), 1'] * 40)}))",
    "Sequence(1, 4000).FormulaMap(Sequence(1, 4000).Sum()).Sum()",
    'Repeat("a", 900000).WithName(x, Sequence(1, 4000).FormulaMap(x.Upper()).Count())',
    "Sequence(1, 900000).WithName(x, Sequence(1, 4000).FormulaMap(x.Count()).Count())",
    "Sequence(1, 900000).WithName(x, List(x.Reverse(), x.Reverse(), x.Reverse()).Count())",
    "Sequence(1, 4000).FormulaMap(Sequence(1, 9000)).Count()",
    "Sequence(1, 900000).Sort()",
    f"Sequence(1, 50000).WithName(x, x.ContainsAll({', '.join(['50000'] * 200)}))",
    "Sequence(1, 50000).InternalRateOfReturn()",
    'Repeat("a", 90000).WithName(x, Sequence(1, 900).FormulaMap(x.RegexMatch("b")).Count())',
]


@pytest.mark.parametrize("formula", MINUTES)
def test_what_would_take_minutes_ends_with_the_number(formula: str) -> None:
    """With a twentieth of the budget and of the larger numbers, which leaves enough to make what is looked at."""
    _ends(re.sub(r"\d{5,}", lambda found: str(int(found[0]) // 20), formula), Budget(nodes=100_000))


@pytest.mark.slow
@pytest.mark.parametrize("formula", MINUTES)
def test_and_so_it_does_with_the_budget_of_every_day(formula: str) -> None:
    _ends(formula, Budget())


def _ends(formula: str, budget: Budget) -> None:
    message = failing(formula, budget=budget).message
    assert message.startswith("The formula takes too many steps: ")
    assert message.endswith(f", at most {budget.nodes:,} are allowed.")


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ('Repeat("ab", 1e6)', "The text has too many characters: 2,000,000, at most 1,000,000 are allowed."),
        ('LeftPad("a", 2e6)', "The text has too many characters: 2,000,000, at most 1,000,000 are allowed."),
        (
            f'Format("{"{1}" * 100}", Repeat("a", 20000))',
            "The text has too many characters: 2,000,000, at most 1,000,000 are allowed.",
        ),
        (
            f"Zip(Sequence(1, 90000), {', '.join(['1'] * 20)}).Count()",
            "The list has too many elements: 1,890,000, at most 1,000,000 are allowed.",
        ),
        ("Factorial(171)", "The result is too large: a formula cannot hold it."),
        ("Factorial(1e300)", "The result is too large: a formula cannot hold it."),
        ("Combinations(1e9, 5e8)", "The result is too large: a formula cannot hold it."),
        ("Exponent(1000)", "The result is too large: a formula cannot hold it."),
        ("FutureValue(1e9, 1e9, 1)", "The result is too large: a formula cannot hold it."),
        (
            "LeastCommonMultiple(Sequence(1, 2000))",
            "The result is too large: a formula cannot hold it.",
        ),
        ("Days(1e12)", "The duration is too long."),
        ("Hours(1e15)", "The result is too large: a formula cannot hold it."),
        ("DateTime(9999, 12, 31, 1e6)", "The result is too large: a formula cannot hold it."),
        ("WorkDay(Today(), 1e9)", "The date is too far away: years are counted from 1 to 9999."),
        ("RelativeDate(Today(), 1e9)", "The date is too far away: years are counted from 1 to 9999."),
        ("ParseJSON(Repeat('[', 100000))", "The JSON has too many lists and objects inside each other."),
        ("ParseJSON(Repeat('[', 90) & Repeat(']', 90))", "Lists and objects are nested more than 64 levels deep."),
        ("ParseJSON('NaN')", "The text is no JSON: NaN is no number in it."),
        ("ParseJSON('1e999')", "A number is infinite or not a number at all: a formula cannot hold it."),
    ],
)
def test_a_result_that_would_be_too_large_is_not_made(formula: str, message: str) -> None:
    assert failing(formula).message == message


LIMITED = [function for function in LIBRARY.all() if not (function.document or function.name == "WithName")]
EXTREMES = st.one_of(
    *(st.none(), st.booleans(), st.integers(-3, 3), st.integers(-(2**1000), 2**1000)),
    st.sampled_from([1e-300, 1e300, -1e9, 1e9, 1e15, 0.1, -0.5, 2.5, 40, 1000]),
    st.sampled_from(
        ["", "a", "é", "12", "2026-01-31", "$.a[0]", "(", "10:30", "tr", "{1:00}", "day", "#,##0.0", "Europe"]
    ),
    st.sampled_from([date(1, 1, 1), date(9999, 12, 31), datetime(9999, 12, 31, 23, 59), datetime(1, 1, 1, tzinfo=UTC)]),
    st.sampled_from([timedelta(days=1), timedelta.max, timedelta.min, Account("x"), ErrorValue("Value", "No.")]),
    st.lists(st.one_of(st.integers(-9, 9), st.sampled_from(["a", None, 1e200, date.max, [1, [2]]])), max_size=5),
    st.dictionaries(st.sampled_from(["A", "b c"]), st.integers(), max_size=2),
)


@pytest.mark.parametrize("function", LIMITED, ids=lambda function: function.name)
@settings(max_examples=2, deadline=None)
@given(drawn=st.lists(EXTREMES, min_size=6, max_size=6))
def test_no_argument_breaks_a_function(function: Function, drawn: list[Value]) -> None:
    """What goes wrong is a value: nothing is raised, and nothing takes long."""
    _called(function, drawn)


@pytest.mark.slow
@pytest.mark.parametrize("function", LIMITED, ids=lambda function: function.name)
@settings(max_examples=15, deadline=None)
@given(drawn=st.lists(EXTREMES, min_size=6, max_size=6))
def test_and_many_more_do_not(function: Function, drawn: list[Value]) -> None:
    _called(function, drawn)


def _called(function: Function, drawn: list[Value]) -> None:
    variables = dict(zip("abcdef", drawn, strict=True))
    for count in range(7):
        formula = f"{function.name}({', '.join('abcdef'[:count])})"
        with suppress(FormulaError):
            value_of(formula, scope=FixedScope(variables=variables, actions=True))


def test_an_account_cannot_be_forged_from_json() -> None:
    assert value_of('ParseJSON(\'{"account": "conn:c"}\').Keys()') == ["account"]
