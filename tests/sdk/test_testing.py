"""A maker runs formulas without a host, and a test fails on a request that it did not declare."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from packsys.sdk import Context, ObjectSchema, Pack, Text, UserVisibleError
from packsys.sdk.fitting import Misfit
from packsys.sdk.testing import ScriptedFetcher, run

pack = Pack(id=9101, name="Trial", version="1.0.0", description="For a test.", domains=["api.example.com"])
Thing = ObjectSchema("Thing", properties={"full_name": Text})


@pack.formula(result=Thing)
def thing(
    context: Context,
    name: Annotated[str, "Its name."],
    count: Annotated[int, "How many."] = 1,
    *,
    upper: Annotated[bool, "Whether to shout."] = False,
) -> dict[str, Any]:
    """Finds a thing."""
    found = context.fetch(f"/things/{name}", query={"count": count}).json()["name"]
    return {"full_name": found.upper() if upper else found}


@pack.formula()
def join(context: Context, separator: Annotated[str, "Between."], *parts: Annotated[int, "What."]) -> str:
    """Joins numbers."""
    return separator.join(map(str, parts))


@pack.formula()
def wrong(context: Context) -> float:
    """Gives text where a number is declared."""
    return "many"  # type: ignore[return-value]


@pack.formula()
def total(context: Context, numbers: Annotated[list[int], "Numbers."]) -> float:
    """Adds numbers."""
    assert all(isinstance(number, int) for number in numbers)
    return sum(numbers)


def test_a_formula_gives_what_formulas_see() -> None:
    with ScriptedFetcher().answer("/things/a", query={"count": "2"}, json={"name": "a/b"}) as fetcher:
        assert run(pack, "Thing", "a", 2, upper=True, fetcher=fetcher) == {"FullName": "A/B"}


def test_repeated_arguments_go_to_the_repeated_parameter() -> None:
    assert run(pack, "Join", "-", 1, 2.0, 3) == "1-2-3"


def test_whole_numbers_come_as_integers_in_lists_too() -> None:
    assert run(pack, "Total", [1.0, 2]) == 3


def test_a_fraction_is_refused_where_a_whole_number_is_needed() -> None:
    with pytest.raises(UserVisibleError, match="count must be a whole number"):
        run(pack, "Thing", "a", 1.5)


def test_a_required_argument_may_not_be_blank() -> None:
    with pytest.raises(UserVisibleError, match="name is blank"):
        run(pack, "Thing")


def test_a_result_that_does_not_fit_fails_the_test() -> None:
    with pytest.raises(Misfit, match="result must be a number, but is the text 'many'"):
        run(pack, "Wrong")


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (ScriptedFetcher(), "no more was declared"),
        (ScriptedFetcher().answer("/things/b"), "its url is '/things/a', not '/things/b'"),
        (ScriptedFetcher().answer("/things/a", method="POST"), "its method is 'GET', not 'POST'"),
        (ScriptedFetcher().answer("/things/a", query={}), "its query is {'count': '1'}, not {}"),
        (ScriptedFetcher().answer("/things/a", request_headers={"Accept": "x"}), "its headers is {'accept': None}"),
        (ScriptedFetcher().answer("/things/a", request_body=b"x"), "its body is None, not b'x'"),
    ],
)
def test_an_unexpected_request_fails_the_test(script: ScriptedFetcher, sentence: str) -> None:
    with pytest.raises(AssertionError) as caught:
        run(pack, "Thing", "a", fetcher=script)
    assert sentence in str(caught.value)


def test_a_request_that_was_never_made_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="Never requested: GET /more"), ScriptedFetcher().answer("/more"):
        run(pack, "Join", "-")


@pytest.mark.parametrize(
    ("formula", "arguments", "named", "sentence"),
    [
        ("Thnig", (), {}, "did you mean 'Thing'?"),
        ("Thing", ("a", 1, True, "x"), {}, "takes 3 arguments"),
        ("Thing", ("a",), {"uper": True}, "did you mean 'upper'?"),
    ],
)
def test_a_call_that_cannot_be_is_refused(
    formula: str, arguments: tuple[Any, ...], named: dict[str, Any], sentence: str
) -> None:
    with pytest.raises((LookupError, TypeError)) as caught:
        run(pack, formula, *arguments, **named)
    assert sentence in str(caught.value)
