"""The standard tests of a pack fail where it breaks what every pack promises."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from packsys.sdk import (
    Autocomplete,
    Context,
    Example,
    HeaderBearerToken,
    ObjectSchema,
    Pack,
    Page,
    StatusCodeError,
    Text,
)
from packsys.sdk.testing import ScriptedFetcher, standard_tests, sync
from tests.sdk.declaring import a_pack

Row = ObjectSchema("Row", id="Id", properties={"id": Text})


def outcome(pack: Pack, ending: str, **terms: Any) -> str:
    """Gives what the standard test with such a name says, blank when it passes."""
    made = standard_tests(pack, **terms)
    (name,) = [each for each in vars(made) if each.endswith(ending)]
    try:
        getattr(made(), name)()
    except AssertionError as error:
        return str(error)
    return ""


def test_a_good_pack_passes() -> None:
    pack = a_pack(domains=["example.com"])

    @pack.formula(examples=[Example(arguments=["a"], result="A")])
    def good(context: Context, text: Annotated[str, "A text."]) -> str:
        """Asks the service."""
        return str(context.fetch("/x").json())

    pack.sync_table(schema=Row, name="Rows", description="Rows.")(table)
    answer = {"fetcher": lambda: ScriptedFetcher().answer("/x", json="A")}
    for ending in ("what_it_is", "plain_json", "examples_show"):
        made = standard_tests(pack, **answer)
        names = [each for each in vars(made) if each.endswith(ending)]
        for name in names:
            getattr(made(), name)()
    assert outcome(pack, "Good_lets_a_failing_service_be_seen") == ""
    assert outcome(pack, "Rows_lets_a_failing_service_be_seen") == ""


def table(context: Context, states: Annotated[list[str], "Which.", Autocomplete("open", only=True)]) -> Page:
    return Page(context.fetch("https://api.example.com/rows").json())


def test_words_are_sentences() -> None:
    pack = a_pack()

    @pack.formula(description="asks the service.")
    def small(context: Context) -> str:
        return ""

    @pack.formula(name="Open")
    def open_(context: Context, text: Annotated[str, "A text"] = "") -> str:
        """Asks."""
        return ""

    assert "begin the description 'asks the service.' with a capital" in outcome(
        pack, "Small_says_in_sentences_what_it_is"
    )
    assert "Open, text: end the description 'A text' with a full stop" in outcome(
        pack, "Open_says_in_sentences_what_it_is"
    )


def test_an_example_must_be_true() -> None:
    pack = a_pack()

    @pack.formula(examples=[Example(arguments=[1], result=3)])
    def double(context: Context, number: Annotated[int, "A number."]) -> float:
        """Doubles a number."""
        return 2 * number

    assert outcome(pack, "examples_show") == "Double(1) is 2, not 3 as shown."


def test_a_failing_service_must_be_seen() -> None:
    pack = a_pack(domains=["example.com"])

    @pack.formula()
    def hides(context: Context) -> str:
        """Hides what went wrong."""
        try:
            return context.fetch("/x").text
        except Exception as error:
            raise KeyError("x") from error

    assert "Hides raises KeyError when the service answers 401" in outcome(pack, "seen")


def test_what_tells_about_an_account_is_held_to_it_too() -> None:
    pack = a_pack(domains=["example.com"], authentication=HeaderBearerToken())

    @pack.connection_name
    def who(context: Context) -> str:
        return str(context.fetch("/me").json()["name"])

    @pack.endpoint_step("Site")
    def sites(context: Context) -> list[str]:
        try:
            return [context.fetch("/sites").text]
        except StatusCodeError:
            return [*None]  # type: ignore[misc]

    assert outcome(pack, "connection_name_lets_a_failing_service_be_seen") == ""
    assert "Site raises TypeError when the service answers 401" in outcome(pack, "Site_lets_a_failing_service_be_seen")


def test_a_continuation_comes_back_as_it_is_kept() -> None:
    pack, seen = a_pack(), []

    def rows(context: Context) -> Page:
        seen.append(context.sync.continuation)
        return Page([], continuation=None if context.sync.continuation else {"at": (1, 2)})

    pack.sync_table(schema=Row, name="Rows", description="Rows.")(rows)
    assert sync(pack, "Rows") == []
    assert seen == [{}, {"at": [1, 2]}]


def test_requests_stay_below_the_domains() -> None:
    pack = a_pack(domains=["example.com"])

    @pack.formula()
    def strays(context: Context) -> str:
        """Asks somebody else."""
        return context.fetch("https://example.org/x").text

    assert "Strays raises AssertionError" in outcome(pack, "seen")


def paging(**pages: Any) -> Pack:
    pack = a_pack()
    pack.sync_table(schema=Row, name="Rows", description="Rows.")(lambda context: Page([{"id": "1"}], **pages))
    return pack


def test_a_table_that_goes_in_circles_fails() -> None:
    with pytest.raises(AssertionError, match="twice"):
        sync(paging(continuation={"at": 1}), "Rows")


def test_a_table_must_end() -> None:
    pack = a_pack()
    pack.sync_table(schema=Row, name="Rows", description="Rows.")(
        lambda context: Page([], continuation={"at": context.sync.continuation.get("at", 0) + 1})
    )
    with pytest.raises(AssertionError, match="more than 100 pages"):
        sync(pack, "Rows")


def test_two_rows_have_two_ids() -> None:
    pack = a_pack()
    pack.sync_table(schema=Row, name="Rows", description="Rows.")(lambda context: Page([{"id": "1"}, {"id": "1"}]))
    with pytest.raises(AssertionError, match="the id 1 twice"):
        sync(pack, "Rows")


def test_a_table_that_is_not_there_is_said() -> None:
    with pytest.raises(LookupError, match="did you mean 'Rows'"):
        sync(paging(), "Row")
