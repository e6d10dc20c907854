"""A column format takes the values that are its own."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from packsys.sdk import Context, Pack
from packsys.sdk.columns import format_of
from tests.sdk.declaring import a_pack, refused


def a_format_pack() -> Pack:
    pack = a_pack()

    @pack.formula()
    def repo(context: Context, url: Annotated[str, "Its address."], depth: Annotated[int, "How deep."] = 1) -> str:
        """Finds a repository."""
        return url

    @pack.formula()
    def nothing(context: Context) -> str:
        """Takes nothing."""
        return ""

    @pack.formula(is_action=True)
    def star(context: Context, url: Annotated[str, "Its address."]) -> None:
        """Stars a repository."""

    return pack


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("https://github.example/a/b", "Repository"),
        (" https://www.github.example/a ", "Repository"),
        ("https://evil-github.example/a", None),
        ("https://evil.example/?https://github.example/", None),
        ("ftp://github.example/a", None),
        ("a/b", "Short"),
        ("a/b/c", None),
        ("http://[", None),
        ("a/" + "b" * 1000, None),
    ],
)
def test_the_first_format_that_takes_a_value_has_it(value: str, name: str | None) -> None:
    pack = a_format_pack()
    pack.column_format("Repository", formula="Repo", domains=["github.example"])
    pack.column_format("Short", formula="Repo", matchers=[r"[\w-]+/[\w-]+"], instructions="Paste a name.")
    found = format_of([*pack.column_formats.values()], value)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"formula": "Nowhere"}, "declare it first"),
        ({"formula": "Nothing"}, "exactly one required parameter"),
        ({"formula": "Star"}, "let it be no action"),
        ({"matchers": ["a"] * 11}, "10 at most"),
        ({"matchers": ["("]}, "no regular expression"),
        ({"matchers": ["(a+)+"]}, "something varies"),
        ({"matchers": [""]}, "1 to 300"),
        ({"domains": ["https://github.example"]}, "without a scheme"),
        ({"name": "a format"}, "begin with a letter"),
        ({"instructions": "x" * 1001}, "1000 at most"),
    ],
)
def test_a_format_is_refused(terms: dict[str, Any], sentence: str) -> None:
    asked = {"name": "Repository", "formula": "Repo", **terms}
    assert sentence in refused(lambda: a_format_pack().column_format(**asked))


def test_two_formats_have_two_names() -> None:
    pack = a_format_pack()
    pack.column_format("Repository", formula="Repo")
    assert "two column formats" in refused(lambda: pack.column_format("repository", formula="Repo"))
