"""A compiler remembers formulas, and forgets nothing that has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from packsys.errors import FormulaError
from packsys.language.compile import Compiler, compile_formula
from packsys.language.scope import FixedScope, KnownConnection
from packsys.values import Account
from tests.language.catalogue import GITHUB, SCOPE, USERS, WEATHER

FORMULA = "GitHub::Repos([the c]).First().FullName & city"
NEWER = replace(
    GITHUB, formulas={name: replace(signature, version="1.1.0") for name, signature in GITHUB.formulas.items()}
)
SECOND = KnownConnection(id="conn:second", pack_id=1013, name="the c")


@pytest.fixture
def compiler() -> Compiler:
    return Compiler(cache_size=3)


def test_a_formula_is_compiled_once(compiler: Compiler) -> None:
    first = compiler.compile(FORMULA, SCOPE)
    assert compiler.compile(FORMULA, SCOPE) is first
    assert compiler.compile(FORMULA, replace(SCOPE, packs=(*SCOPE.packs[:1], WEATHER))) is first


def test_values_of_variables_change_nothing(compiler: Compiler) -> None:
    first = compiler.compile(FORMULA, SCOPE)
    assert compiler.compile(FORMULA, replace(SCOPE, variables={**SCOPE.variables, "city": 3})) is first


CHANGES: Mapping[str, dict[str, Any]] = {
    "a new release": {"packs": (NEWER,)},
    "an account in the place of a value": {"variables": {**SCOPE.variables, "city": Account("conn:c")}},
    "another variable": {"variables": {**SCOPE.variables, "City": 1}},
    "another home": {"home": "elsewhere"},
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_may_mean_something_else_is_compiled_anew(compiler: Compiler, change: str) -> None:
    first, later = compiler.compile(FORMULA, SCOPE), replace(SCOPE, **CHANGES[change])
    second = compiler.compile(FORMULA, later)
    assert second is not first
    assert second == compile_formula(FORMULA, later)


def test_a_new_release_is_what_is_called(compiler: Compiler) -> None:
    compiler.compile("GitHub::Repo('u')", SCOPE)
    compiled = compiler.compile("GitHub::Repo('u')", replace(SCOPE, packs=(NEWER,)))
    assert getattr(compiled.tree, "version") == "1.1.0"  # noqa: B009


@pytest.mark.parametrize(
    ("formula", "later", "message"),
    [
        (FORMULA, {"connections": ()}, "Nothing here is called 'the c'"),
        (FORMULA, {"connections": (*SCOPE.connections, SECOND)}, "Several connections are called"),
        (FORMULA, {"packs": (USERS,)}, "There is no pack 'GitHub'"),
        ("GitHub::Star('u', account: c)", {"actions": False}, "has effects"),
        ("thisRow.Url & u", {"variables": {"u": "x"}}, "Nothing here is called 'thisRow'"),
    ],
)
def test_what_is_no_more_is_missed(compiler: Compiler, formula: str, later: dict[str, Any], message: str) -> None:
    compiler.compile(formula, SCOPE)
    with pytest.raises(FormulaError, match=message):
        compiler.compile(formula, replace(SCOPE, **later))


def test_what_was_missing_is_found_when_it_is_there(compiler: Compiler) -> None:
    before = FixedScope(packs=(USERS,))
    with pytest.raises(FormulaError):
        compiler.compile("GitHub.Repo('u')", before)
    assert compiler.compile("GitHub.Repo('u')", SCOPE)


def test_an_account_that_appears_is_the_one_for_calls_that_name_none(compiler: Compiler) -> None:
    first = compiler.compile("GitHub::Orgs()", replace(SCOPE, defaults={1013: "conn:c"}))
    second = compiler.compile("GitHub::Orgs()", replace(SCOPE, defaults={1013: "conn:d"}))
    assert ["conn:d" in repr(each.tree) for each in (first, second)] == [False, True]


def test_a_pack_that_gets_the_name_of_a_variable_is_noticed(compiler: Compiler) -> None:
    before = FixedScope(variables={"GitHub": {"Repos": 1}})
    assert compiler.compile("GitHub.Trim()", before).warnings == ()
    later = replace(before, packs=(replace(GITHUB, formulas={**GITHUB.formulas, "Trim": GITHUB.formulas["Repo"]}),))
    assert "for the pack write GitHub::Trim" in compiler.compile("GitHub.Trim()", later).warnings[0]


def test_the_formula_that_was_not_asked_for_longest_is_forgotten(compiler: Compiler) -> None:
    first = compiler.compile("1", SCOPE)
    for text in ("2", "3", "1", "4", "5"):
        compiler.compile(text, SCOPE)
    assert compiler.compile("1", SCOPE) is first
    assert compiler.compile("1 + 1", SCOPE) is not compiler.compile("1 + 2", SCOPE)


def test_a_template_is_no_formula(compiler: Compiler) -> None:
    assert compiler.compile("1", SCOPE) != compiler.compile_template("1", SCOPE)


def test_a_long_formula_is_not_remembered(compiler: Compiler) -> None:
    text = "+".join(["1"] * 2_100)
    assert compiler.compile(text, SCOPE) is not compiler.compile(text, SCOPE)
