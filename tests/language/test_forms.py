"""A formula has a form for people and one that is kept; both mean the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packsys.language.compile import compile_formula
from packsys.language.forms import readable, stored
from packsys.language.scope import FixedScope, KnownConnection
from tests.language.catalogue import ACCOUNT, GITHUB, SCOPE, value_of
from tests.language.trees import unplaced

CONNECTION = f"$$[packConnectionReference:{ACCOUNT}:1013:1.0.0:false:false:hereisfun]"
PACK = "$$[pack:1013:::false:false:GitHub]"
PROPERTY = "$$[variable::::true:false:{}]"
URL, NAME = PROPERTY.format("Url"), PROPERTY.format("FullName")
KEPT = f'{PACK}::Repo({PACK}::Repos({CONNECTION}).First().{URL}, account: {CONNECTION}).{NAME} + "测试"'
TYPED = 'GitHub::Repo(GitHub::Repos([hereisfun]).First().Url, account: [hereisfun]).FullName + "测试"'


def test_the_reference_formula_in_both_forms() -> None:
    assert stored(TYPED, SCOPE) == KEPT
    assert readable(KEPT, SCOPE) == TYPED


FORMULAS = [
    TYPED,
    "GitHub.Repos(c).Url",
    "[the c].WithName(x, GitHub::Repos(x).Count())",
    "GitHub::Repos(c).Filter(Stars > 60).FormulaMap(Users.GetUserName(Owner))",
    '"Hello {=Users.GetUserName(user)} {=1 + 2}"',
    "If(thisRow.Active, thisRow.Url, -u & [city])",
    "Object('a b', 1).[a b] + Object('and', 2).[and]",
    "c.WithName(hereisfun, GitHub::Repos(hereisfun).First().FullName)",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_both_forms_mean_the_same(formula: str) -> None:
    wanted = unplaced(compile_formula(formula, SCOPE).tree)
    kept = stored(formula, SCOPE)
    assert unplaced(compile_formula(kept, SCOPE).tree) == wanted
    assert unplaced(compile_formula(readable(kept, SCOPE), SCOPE).tree) == wanted
    assert stored(kept, SCOPE) == kept


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(FORMULAS), min_size=2, max_size=4))
def test_and_so_do_formulas_made_of_them(formulas: list[str]) -> None:
    test_both_forms_mean_the_same(f"List({', '.join(formulas)})")


def test_what_is_kept_means_the_same_when_another_pack_gets_the_name() -> None:
    kept = stored('GitHub::Repo("u/1").Stars', SCOPE)
    other = replace(GITHUB, id=7, formulas={})
    renamed = replace(SCOPE, packs=(other, replace(GITHUB, name="Forge"), *SCOPE.packs[1:]))
    assert value_of(kept, scope=renamed) == 60
    assert readable(kept, renamed) == 'Forge::Repo("u/1").Stars'


def test_a_reference_stays_where_a_name_would_not_do() -> None:
    twin = KnownConnection(id="conn:twin", pack_id=3, name="hereisfun")
    assert CONNECTION in readable(KEPT, replace(SCOPE, connections=(*SCOPE.connections, twin)))
    assert readable(KEPT, FixedScope()) == KEPT.replace(URL, "Url").replace(NAME, "FullName")
