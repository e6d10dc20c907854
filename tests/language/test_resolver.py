"""What names mean, which argument goes where, and what is said when nothing fits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from packsys.errors import FormulaError
from packsys.language.compile import compile_formula
from packsys.language.scope import KnownConnection, Scope
from packsys.values import Account, Value
from tests.language.catalogue import ACCOUNT, SCOPE, failing, run, value_of

REFERENCE = f"$$[packConnectionReference:{ACCOUNT}:1013:85.0.7:false:false:hereisfun]"


def refusal(formula: str, scope: Scope = SCOPE) -> FormulaError:
    """Gives the error of a formula that cannot be bound."""
    with pytest.raises(FormulaError) as caught:
        compile_formula(formula, scope)
    return caught.value


def warnings(formula: str, scope: Scope = SCOPE) -> tuple[str, ...]:
    """Gives what the author of a formula should know."""
    return compile_formula(formula, scope).warnings


def sent(formula: str, scope: Scope = SCOPE) -> tuple[str, str | None, dict[str, Value]]:
    """Gives a formula's first call: name, account, arguments."""
    call = run(formula, scope=scope).waves[0][0]
    return call.name, call.account, dict(call.arguments)


NO_TABLE = "There is no table 'g-1' (Tasks) here: sync it, or name another one"


@pytest.mark.parametrize(
    "formula",
    [
        "GitHub::Repos(c)",
        "GitHub.Repos(c)",
        "github::repos(c)",
        "[GitHub]::Repos(c)",
        "GitHub::[Repos](c)",
        "$$[pack:1013:::false:false:GitHub]::Repos(c)",
        "$$[pack:1013:::false:false:Renamed since].Repos(c)",
        "GitHub::$$[formula::::false:false:Repos](c)",
    ],
)
def test_ways_to_call_a_formula_of_a_pack(formula: str) -> None:
    assert sent(formula) == ("GitHub::Repos", "conn:c", {"owner": None})


@pytest.mark.parametrize(
    ("formula", "kind", "column", "message", "suggestions"),
    [
        ("blah", "UnknownName", 1, "Nothing here is called 'blah'", ()),
        ("1 + Cty", "UnknownName", 5, "Nothing here is called 'Cty'", ("city",)),
        ("Filter", "UnknownName", 1, "Filter is a function: write Filter(…)", ()),
        (
            "[a, b]",
            "UnknownName",
            1,
            "[a, b] is one name, and nothing here is called that: use List(a, b) for a list",
            (),
        ),
        ("GitHub", "UnknownName", 1, "GitHub is a pack: call one of its formulas, as in GitHub::Repos(…)", ()),
        ("$$[foo::::false:false:x]", "UnknownName", 1, "There are no references of the type 'foo'", ()),
        ("$$[table:g-1:::false:false:Tasks]", "UnknownName", 1, NO_TABLE, ("Tasks",)),
        ("Fliter(List(1), true)", "UnknownFormula", 1, "There is no function 'Fliter'", ("Filter", "List")),
        ("VLOOKUP(1)", "UnknownFormula", 1, "There is no function 'VLOOKUP'", ("Filter",)),
        ("List(1).Map(2)", "UnknownFormula", 9, "There is no function 'Map'", ("FormulaMap", "Max")),
        ("Repos(GitHub, c)", "UnknownFormula", 1, "There is no function 'Repos'", ("GitHub::Repos",)),
        ("[GitHub].Repos(c)", "UnknownFormula", 10, "There is no function 'Repos'", ("GitHub::Repos",)),
        ("Gitub::Repos()", "UnknownPack", 1, "There is no pack 'Gitub' here", ("GitHub",)),
        ("(1 + 1)::Repos()", "UnknownPack", 1, "Before '::' stands a pack, as in GitHub::Repos(…)", ()),
        (
            "$$[pack:99:::false:false:GitHub]::Repos()",
            "UnknownPack",
            1,
            "There is no pack 99 (GitHub) here: install it first",
            ("GitHub",),
        ),
        (
            "GitHub.Repoz(c)",
            "UnknownFormula",
            8,
            "GitHub has no formula 'Repoz'; it has Repos, Repo, Orgs, Issues, Star",
            ("GitHub::Repo", "GitHub::Repos"),
        ),
        (
            "Users.GetUserName",
            "UnknownMember",
            7,
            "Users::GetUserName is a formula: call it with parentheses",
            ("Users.GetUserName()",),
        ),
        (
            "$$[packConnectionReference:nope:1013:1:false:false:mine]",
            "UnknownConnection",
            1,
            "There is no connection 'nope' (mine) here: connect the account first",
            (),
        ),
        (
            "GitHub::Repos(c).First().Ull",
            "UnknownMember",
            26,
            "This object has no property 'Ull'; it has Url, FullName, Stars, Owner, Archived",
            ("Url",),
        ),
        (
            "GitHub::Repos(c).Count",
            "UnknownMember",
            18,
            "This object has no property 'Count'; it has Url, FullName, Stars, Owner, Archived",
            ("Count()",),
        ),
        ("GitHub::Repos(c).FormulaMap(CurrentValue.Stars.X)", "UnknownMember", 48, "A number has no property 'X'", ()),
        ("Upper(city).X", "UnknownMember", 13, "A text has no property 'X'", ()),
        ("Round()", "WrongArguments", 1, "Round needs 'number': Round(number, [places])", ()),
        ("Round(1, 2, 3)", "WrongArguments", 13, "Round takes 2 arguments at most: Round(number, [places])", ()),
        (
            "Round(1, plces: 2)",
            "WrongArguments",
            17,
            "Round has no parameter 'plces' that can be named; it has number, places",
            ("places:",),
        ),
        ("Round(1, number: 2, number: 3)", "WrongArguments", 29, "Round got 'number' twice", ()),
        ("True(1)", "WrongArguments", 6, "True takes no arguments: True()", ()),
        (
            "WithName(1, 2, 3)",
            "WrongArguments",
            13,
            "WithName needs a name to give, as in Today().WithName(now, Year(now))",
            (),
        ),
        ("Users::GetUserName()", "WrongArguments", 8, "Users::GetUserName needs 'id': Users::GetUserName(id)", ()),
        (
            'Users::Tag("u", 5, "a")',
            "WrongArguments",
            8,
            "Users::Tag takes its last arguments in complete sets of key, value",
            (),
        ),
        (
            "Users::GetUserName(c, account: c)",
            "WrongArguments",
            32,
            "Users::GetUserName has no parameter 'account' that can be named; it has id",
            (),
        ),
        (
            "GitHub::Repos([our Slack])",
            "WrongArguments",
            15,
            "The account 'our Slack' belongs to another pack: GitHub cannot sign in with it",
            (),
        ),
        (
            "GitHub::Orgs()",
            "NotConnected",
            9,
            "GitHub::Orgs needs a connected account: pass one first, GitHub::Orgs([my account], …), or as account: …",
            (),
        ),
    ],
)
def test_a_name_that_means_nothing_is_said_to(
    formula: str, kind: str, column: int, message: str, suggestions: tuple[str, ...]
) -> None:
    error = refusal(formula)
    assert (error.kind, error.column, error.message) == (kind, column, message)
    assert error.suggestions[: len(suggestions)] == suggestions


@pytest.mark.parametrize("formula", ['Slack::Post("a", "b")', 'RunActions("a")', 'If(true, Slack.Post("a", "b"), 1)'])
def test_actions_need_a_button_or_an_automation(formula: str) -> None:
    compile_formula(formula, SCOPE)
    error = refusal(formula, replace(SCOPE, actions=False))
    assert error.kind == "ActionNotAllowed"
    assert "buttons and automations only" in error.message


# The account is a pack formula's first parameter.


@pytest.mark.parametrize(
    ("formula", "account", "owner"),
    [
        ("GitHub::Repos()", None, None),
        ("GitHub::Repos(c)", "conn:c", None),
        ('GitHub::Repos("acme")', None, "acme"),
        ("GitHub::Repos(city)", None, "Oslo"),
        ('GitHub::Repos(c, "acme")', "conn:c", "acme"),
        ('GitHub::Repos("acme", account: c)', "conn:c", "acme"),
        ('GitHub::Repos(account: c, "acme")', "conn:c", "acme"),
        ('GitHub::Repos(owner: "acme", c)', "conn:c", "acme"),
        ("GitHub::Repos([hereisfun])", ACCOUNT, None),
        ("GitHub::Repos([The C])", "conn:c", None),
        (f"GitHub::Repos({REFERENCE})", ACCOUNT, None),
        ("c.WithName(mine, GitHub::Repos(mine))", "conn:c", None),
        ("GitHub::Repos(account: If(true, c, c))", "conn:c", None),
        ("GitHub::Repos(account: Blank())", None, None),
    ],
)
def test_a_positional_argument_is_the_account_only_when_it_certainly_is_one(
    formula: str, account: str | None, owner: str | None
) -> None:
    assert sent(formula) == ("GitHub::Repos", account, {"owner": owner})


def test_an_account_that_may_be_one_is_an_ordinary_argument() -> None:
    error = failing("List(c).FormulaMap(GitHub::Repos(CurrentValue)).First()")
    assert error.message == "GitHub::Repos got an account for 'owner': pass it as account: …"
    assert value_of("List(c).FormulaMap(GitHub::Repos(account: CurrentValue).Count())") == [4]


def test_what_is_no_account_cannot_sign_in() -> None:
    assert (
        failing("GitHub::Repos(account: city)").message == "A text is no account: GitHub::Repos cannot sign in with it."
    )


def test_a_required_account_may_come_from_the_scope() -> None:
    scope = replace(SCOPE, defaults={1013: ACCOUNT})
    assert sent("GitHub::Orgs()", scope) == ("GitHub::Orgs", ACCOUNT, {})
    assert sent("GitHub::Repos()", scope) == ("GitHub::Repos", None, {"owner": None})
    assert sent("GitHub::Orgs(c)", scope) == ("GitHub::Orgs", "conn:c", {})


def test_a_blank_account_is_an_error_when_one_is_required() -> None:
    assert failing("GitHub::Orgs(account: Blank())").code == "NotConnected"


def test_the_id_of_a_connection_decides_and_not_its_name() -> None:
    assert sent(f"GitHub::Repos($$[packConnectionReference:{ACCOUNT}::9:true:true:other])")[1] == ACCOUNT


def test_of_two_connections_of_one_name_the_packs_own_is_meant() -> None:
    scope = replace(SCOPE, connections=(*SCOPE.connections, KnownConnection(id="x", pack_id=3, name="hereisfun")))
    assert sent("GitHub::Repos(hereisfun)", scope)[1] == ACCOUNT
    assert refusal("If(true, hereisfun, 1)", scope).kind == "UnknownConnection"


def test_a_variable_must_not_hold_an_account_that_is_not_connected() -> None:
    assert refusal("GitHub::Repos(d)", replace(SCOPE, variables={"d": Account("gone")})).kind == "UnknownConnection"


# Arguments.


@pytest.mark.parametrize(
    ("formula", "arguments"),
    [
        ('Users::Tag("u")', {"id": "u", "limit": 10, "key": [], "value": []}),
        ('Users::Tag("u", limit: 3)', {"id": "u", "limit": 3, "key": [], "value": []}),
        ('Users::Tag("u", Blank())', {"id": "u", "limit": 10, "key": [], "value": []}),
        ('Users::Tag("u", 5, "a", 1, "b", "2")', {"id": "u", "limit": 5, "key": ["a", "b"], "value": [1, 2]}),
        ('Users::Tag("a", 1, "b", 2, limit: 5, id: "u")', {"id": "u", "limit": 5, "key": ["a", "b"], "value": [1, 2]}),
        ("Users::Bulk(List(1, true))", {"ids": ["1", "true"]}),
        ('Users::Bulk("one")', {"ids": ["one"]}),
        ("Users::Sparse(List(1, Blank()))", {"ids": ["1", None]}),
        ("Users::GetUserName(Date(2026, 1, 31))", {"id": "2026-01-31"}),
        ('Users::GetUserName("")', {"id": ""}),
    ],
)
def test_arguments_are_filled_by_name_then_by_position_and_made_the_declared_kind(
    formula: str, arguments: dict[str, Value]
) -> None:
    assert sent(formula)[2] == arguments


@pytest.mark.parametrize(
    ("formula", "code", "message"),
    [
        ("Users::GetUserName(Blank())", "MissingArgument", "Users::GetUserName needs 'id', which is blank."),
        ('Users::Tag("u", "x")', "Value", """Users::Tag, 'limit': The text "x" does not read as a number."""),
        ("Users::Bulk(List(1, Blank()))", "Value", "Users::Bulk takes no blanks in the list 'ids'."),
        ("Users::GetUserName(1 / 0)", "DivideByZero", "A number was divided by zero."),
        ("Users::Bulk(List(1).FormulaMap(1 / 0))", "DivideByZero", "A number was divided by zero."),
    ],
)
def test_a_call_with_an_argument_that_is_none_is_not_made(formula: str, code: str, message: str) -> None:
    ran = run(formula)
    assert ran.waves == []
    assert (ran.value.code, ran.value.message) == (code, message)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ('Left("abc", 2)', "ab"),
        ('"abc".Left(2)', "ab"),
        ('Left(count: 2, text: "abc")', "ab"),
        ('Left(count: 2, "abc")', "ab"),
        ("LEFT('abc', 1)", "a"),
        ("List(3, 1).Sort(by: -CurrentValue)", [3, 1]),
    ],
)
def test_wrapping_chaining_and_naming_give_the_same_call(formula: str, value: Value) -> None:
    assert value_of(formula) == value


# Names.


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("CITY & [city]", "OsloOslo"),
        ("Owner", "o9"),
        ("[Url]", "u/x/7"),
        ("thisRow.url", "u/x/7"),
        ("thisRow.[Owner]", "o9"),
        ("thisRow.$$[variable::::true:false:Owner]", "o9"),
        ("$$[variable::::false:false:city]", "Oslo"),
        ("1.WithName(city, city + 1)", 2),
        ("2.WithName(x, 3.WithName(y, x * y))", 6),
        (
            "List(1, 2).FormulaMap(CurrentValue.WithName(a, List(10, 20).FormulaMap(CurrentValue + a)))",
            [[11, 21], [12, 22]],
        ),
        ("GitHub::Repos(c).Filter(Stars > 60).Count()", 2),
        ("GitHub::Repos(c).Filter(Url = u).Count()", 0),
        ("GitHub::Repos(c).Sort(by: -stars).First().Stars", 180),
        ("GitHub::Repos(c).full_name.Last()", "conn:c/r3"),
        ("GitHub::Repos(c).Stars.Sum()", 360),
        ('Object("a b", 1).[a b]', 1),
        ("thisRow.Nothing", None),
        ("thisRow.Nothing.More", None),
    ],
)
def test_the_nearest_meaning_of_a_name_wins(formula: str, value: Value) -> None:
    assert value_of(formula) == value


def test_a_variable_hides_a_pack_of_its_name_before_a_dot_and_says_so() -> None:
    scope = replace(SCOPE, variables={"GitHub": "text"})
    assert value_of('GitHub.Left(1) & GitHub::Repo("u/1").Stars', scope=scope) == "t60"
    error = refusal("GitHub.Repos(c)", scope)
    assert error.kind == "UnknownFormula"
    assert warnings("Users.Trim()", replace(SCOPE, variables={"Users": "x"})) == ()


def test_a_flag_that_contradicts_its_place_is_said() -> None:
    assert warnings("$$[variable::::true:false:city]") == (
        "The reference 'city' is marked as a property, and stands after no dot (line 1, column 1)",
    )


def test_warnings_say_where() -> None:
    assert warnings("1 +\n2^3^2") == ("2^3^2 is read as 2^(3^2) (line 2, column 1)",)
