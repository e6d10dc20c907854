"""Every built-in function does what its examples say."""

from __future__ import annotations

import pytest

from packsys.language.functions import LIBRARY
from packsys.language.functions.registry import Example, Function, Library
from packsys.values import Value
from tests.language.catalogue import failing, run, value_of

EXAMPLES = [example for function in LIBRARY.all() for example in function.examples]


def holds(example: Example) -> bool:
    value = value_of(example.formula)
    return value == example.value and isinstance(value, type(example.value))


def test_the_examples_are_true() -> None:
    assert len(EXAMPLES) > 250
    assert [example.formula for example in EXAMPLES if not holds(example)] == []


@pytest.mark.parametrize("function", LIBRARY.all(), ids=lambda function: function.name)
def test_a_function_is_declared_in_full(function: Function) -> None:
    assert function.description.endswith(".")
    assert bool(function.examples) != (function.document or function.name in ("RunActions", "WithName"))
    assert bool(function.lazy) == (function.steps is not None)
    assert function.binds is None or function.binds in {parameter.name for parameter in function.parameters}


@pytest.mark.parametrize(
    ("name", "count", "roles"),
    [
        ("If", 2, ("decides", "branch")),
        ("If", 3, ("decides", "branch", "branch")),
        ("SwitchIf", 5, ("decides", "branch", "decides", "branch", "branch")),
        ("Switch", 4, ("decides", "decides", "branch", "branch")),
        ("And", 3, ("decides",) * 3),
        ("IfError", 2, ("decides", "branch")),
    ],
)
def test_which_arguments_a_lazy_function_evaluates(name: str, count: int, roles: tuple[str, ...]) -> None:
    function = LIBRARY.find(name)
    assert function is not None
    assert function.roles(count) == roles


def test_a_function_shows_how_it_is_called() -> None:
    shown = {function.name: function.usage for function in LIBRARY.all()}
    assert shown["Left"] == "Left(text, [count])"
    assert shown["List"] == "List([value], …)"


def test_the_functions_that_are_not_the_same_tomorrow() -> None:
    assert [function.name for function in LIBRARY.all() if function.volatile] == [
        *("IsSignedIn", "Now", "Random", "RandomInteger", "RandomItem", "Today", "User"),
    ]


def test_what_comes_by_chance_is_the_same_in_all_passes_of_a_job() -> None:
    """A call whose argument changed from pass to pass would never be answered."""
    assert run("Users::GetUserName(RandomInteger(1, 1e9)) & Users::GetUserName(1)").calls == [
        ["Users::GetUserName"] * 2
    ]


def test_each_place_and_each_item_has_a_chance_of_its_own() -> None:
    assert value_of("Random() = Random()") is False
    assert value_of("Random().WithName(x, x = x)") is True
    assert value_of("Sequence(1, 20).FormulaMap(Random()).CountUnique()") == 20


def test_two_functions_cannot_have_one_name() -> None:
    one, other = LIBRARY.find("Upper"), LIBRARY.find("Lower")
    assert one is not None
    assert other is not None
    clash = Function(name="UPPER", description="", parameters=(), examples=())
    with pytest.raises(ValueError, match="Two functions"):
        Library([one, other, clash])


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("List(3, '', 1).Sort()", [1, 3, ""]),
        ("GitHub::Repos(c).Sort(by: -Stars).Url.First()", "u/conn:c/3"),
        ("List(2, 1, 2, 1).Sort(by: 0)", [2, 1, 2, 1]),
        ("List(1, 2).Nth(0)", None),
        ("List(1, 2).Nth(1e300)", None),
        ("List(1, 2, 3).Slice(0)", [1, 2, 3]),
        ("Sequence(3, 1)", []),
        ("List('a', 1).Contains('1')", False),
        ("Round(-0.4)", 0),
        ("Round(1e300, 2)", 10**300),
        ("Length('😀')", 1),
        ("Split('a,,b', ',').Count()", 2),
        ("Object('a', 1, 'a', 2).a", 2),
        ("Average(List(true, 3))", 2),
        ("Min('2', 10)", 2),
        ("Max(Date(2026, 1, 1), Date(2025, 1, 1)) = Date(2026, 1, 1)", True),
        ("If(true, 1)", 1),
        ("'TRUE' and 'true'", True),
        ("Image('https://example.com/a').Width", None),
        ("Hyperlink('mailto:ada@example.com').Keys().Count()", 3),
    ],
)
def test_corner_cases(formula: str, value: Value) -> None:
    assert value_of(formula) == value


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("List(1, 'a').Sort()", "Value"),
        ("Sequence(1, 5, 0)", "Value"),
        ("Object('a')", "Value"),
        ("Average()", "DivideByZero"),
        ("SquareRoot(-1)", "Number"),
        ("Power(10, 400)", "Number"),
        ("Remainder(1, 0)", "DivideByZero"),
        ("Round(1, 1e9)", "Value"),
        ("ToDate('tomorrow')", "Value"),
        ("Date(1e9, 1, 1)", "Value"),
        ("Days(1e12)", "Value"),
        ("If('cows', 1, 2)", "Value"),
        ("Get(1, 'a')", "Value"),
        ("Hyperlink('javascript:alert(1)')", "Value"),
        ("Hyperlink('https://a b')", "Value"),
        ("Image('https://example.com', 0)", "Value"),
        ("Embed('//example.com', 1)", "Value"),
    ],
)
def test_what_has_no_result_is_an_error(formula: str, code: str) -> None:
    assert failing(formula).code == code
