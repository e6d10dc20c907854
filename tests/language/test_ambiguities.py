"""The table of what a text can mean and which meaning it has: row by row, as the language's specification lists it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from packsys.errors import FormulaError
from packsys.language.compile import compile_formula
from packsys.language.scope import FixedScope, KnownConnection, Scope
from packsys.values import Value
from tests.language.catalogue import ACCOUNT, GITHUB, SCOPE, listing, pack, run, things, value_of


def refusal(formula: str, scope: Scope = SCOPE) -> FormulaError:
    """Gives the error that refuses a formula."""
    with pytest.raises(FormulaError) as caught:
        compile_formula(formula, scope)
    return caught.value


def calls(formula: str, scope: Scope = SCOPE) -> list[str]:
    """Names the calls of a formula."""
    return [name for wave in run(formula, scope=scope).calls for name in wave]


HIDING = replace(SCOPE, variables={"GitHub": "text", "Repos": 1})
"""A scope in which a pack's name is a variable's as well."""


# GitHub.Repos(x): a pack call, or Repos(GitHub, x).


def test_a_dot_after_a_packs_name_calls_the_pack() -> None:
    assert calls("GitHub.Repos()") == ["GitHub::Repos"]


def test_a_local_name_comes_before_a_pack() -> None:
    assert refusal("1.WithName(GitHub, GitHub.Repos())").message == "There is no function 'Repos'"


def test_an_object_of_the_document_comes_before_a_pack_and_says_so() -> None:
    named = pack(8, "Names", {"Trim": ((), listing(), SCOPE.packs[1].formulas["IsAdmin"].account, False)})
    both = replace(SCOPE, packs=(named,), variables={"Names": " a "})
    assert value_of("Names.Trim()", scope=both) == "a"
    assert compile_formula("Names.Trim()", both).warnings == (
        "Names is a variable or a connection here: for the pack write Names::Trim (line 1, column 1)",
    )


def test_two_colons_always_call_the_pack() -> None:
    assert calls("GitHub::Repos()", HIDING) == ["GitHub::Repos"]
    assert calls("1.WithName(GitHub, GitHub::Repos())") == ["GitHub::Repos"]


def test_a_name_in_brackets_before_a_dot_is_never_a_pack() -> None:
    assert refusal("[GitHub].Repos()").kind == "UnknownFormula"


def test_the_choice_is_made_once() -> None:
    """A stored formula has ids: a pack that gets the name later changes nothing."""
    kept = '$$[pack:1013:::false:false:GitHub]::Repo("u/1").Stars'
    other = replace(GITHUB, id=99, name="GitHub", formulas={})
    assert value_of(kept, scope=replace(SCOPE, packs=(other, GITHUB))) == 60


# Users.GetUserName without parentheses; x.Count and x.Count(); a bare function name.


def test_without_parentheses_it_is_a_member() -> None:
    assert refusal("Users.GetUserName").suggestions == ("Users.GetUserName()",)
    assert value_of('Object("Count", 7).Count') == 7
    assert value_of('List("Count", 7).Count()') == 2


def test_a_function_alone_is_no_value() -> None:
    assert refusal("Filter").message == "Filter is a function: write Filter(…)"


# Foo(a: b): a named argument, and nothing else.


def test_a_colon_names_an_argument_and_two_colons_call_a_pack() -> None:
    assert value_of("Round(1.25, places: 1)") == 1.3
    assert calls("Upper(Users::GetUserName(1))") == ["Users::GetUserName"]
    assert refusal("1 : 2").message == "':' only stands after the name of an argument, as in Repo(url, account: …)"


# [Name]: a column of the table in hand, of thisRow, an object of the document.

ROWS = replace(SCOPE, variables={"thisRow": {"Stars": 1, "Size": 2}, "Stars": 3, "Size": 4, "Colour": 5})


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("GitHub::Repos(c).Filter([Stars] = 60).Count()", 1),
        ("GitHub::Repos().FormulaMap([Size]).First()", 2),
        ("GitHub::Repos().FormulaMap([Colour]).First()", 5),
        ("[Stars]", 1),
        ("[Colour]", 5),
        ("List(List(7)).FormulaMap([Stars]).First()", 1),
    ],
)
def test_the_nearest_row_comes_first(formula: str, value: Value) -> None:
    scope = replace(ROWS, variables={**ROWS.variables, "c": SCOPE.variables["c"]})
    assert value_of(formula, scope=scope) == value


def test_two_columns_of_one_row_are_not_guessed_between() -> None:
    scope = FixedScope(variables={"thisRow": {"full_name": 1, "FullName": 2}})
    assert value_of("[FullName]", scope=scope) == 2
    error = refusal("[Full name]", scope)
    assert error.message == "'Full name' can mean 'full_name' and 'FullName': write it in the same letters"
    assert error.suggestions == ("full_name", "FullName")


def test_two_objects_of_one_name_are_not_guessed_between() -> None:
    twice = replace(SCOPE, variables={"hereisfun": 1})
    assert refusal("[hereisfun]", twice).message == (
        "'hereisfun' is a variable and a connection here: rename one of them, or use a reference $$[…]"
    )
    other = KnownConnection(id="conn:2", pack_id=1013, name="hereisfun")
    assert refusal("[hereisfun]", replace(SCOPE, connections=(*SCOPE.connections, other))).message == (
        f"Several connections are called 'hereisfun' ({ACCOUNT} and conn:2): use a $$[packConnectionReference:…]"
    )


# [a, b]: one name.


def test_brackets_are_no_list() -> None:
    assert refusal("[a, b]").message == (
        "[a, b] is one name, and nothing here is called that: use List(a, b) for a list"
    )
    assert value_of("[a, b]", scope=FixedScope(variables={"a, b": 7})) == 7


# "… {=…} …": a hole.


def test_a_hole_in_a_text_is_a_formula() -> None:
    assert value_of('"{=1 + 1} {2}"') == "2 {2}"
    assert value_of(r'"\{=1 + 1}"') == "{=1 + 1}"


# and( or( not(: functions before an operand, operators after one.


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("and(true, false)", False),
        ("true and(false)", False),
        ("or(false, true)", True),
        ("false or(true)", True),
        ("not(true) = false", True),
        ("not true = false", True),
        ("Not(1 = 2) and not 1 = 2", True),
    ],
)
def test_words_are_functions_before_an_operand_and_operators_behind_one(formula: str, value: Value) -> None:
    assert value_of(formula) == value


# 15% and 5 % 3.


def test_a_percent_sign_is_glued_to_a_number() -> None:
    assert value_of("15%") == 0.15
    for formula in ("5 % 3", "5%3", "city%"):
        assert refusal(formula).message == (
            "There is no % operator: write Remainder(a, b), or glue '%' to a number for percent"
        )


# A pack's function that is called as a built-in one.


def test_an_unqualified_name_is_the_built_in_function() -> None:
    own = pack(9, "Own", {"Upper": ((), things(), SCOPE.packs[1].formulas["IsAdmin"].account, False)})
    scope = replace(SCOPE, packs=(own,))
    assert value_of("Upper('a')", scope=scope) == "A"
    assert calls("Own::Upper()", scope) == ["Own::Upper"]


# Positional after named.


def test_positions_fill_what_names_left() -> None:
    assert value_of('Left(count: 2, "abc")') == "ab"
    assert value_of('Replace(start: 2, "abc", 1, replacement: "-")') == "a-c"


# Templates and lambdas.


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ('List(1, 2).FormulaMap("{=CurrentValue}-{="{=CurrentValue * 2}"}").Join(",")', "1-2,2-4"),
        ("List(1, 2).FormulaMap(CurrentValue.WithName(n, List(3).FormulaMap(n * CurrentValue).First())).Sum()", 9),
        ("GitHub::Repos(c).Lookup(Stars, 60).First().FullName", "conn:c/r1"),
        ("GitHub::Repos(c).GroupBy(Owner).FormulaMap(Items.Count()).Join()", "22"),
    ],
)
def test_what_lambdas_and_templates_bind(formula: str, value: Value) -> None:
    assert value_of(formula) == value
