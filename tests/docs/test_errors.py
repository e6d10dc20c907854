"""Every error says what helps, in a sentence, and the page about them says the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import packsys
from packsys.errors import LimitReached, MissingScopes, PacksysError, RateLimited
from packsys.runtime.report import error, refusal
from packsys.taxonomy import RECOVERY, Category, recovery
from packsys.values import ErrorValue, plain
from tests.docs.errors import WHAT, kinds, page

ROOT = Path(__file__).parents[2]
SENTENCE = re.compile(r"[A-Z0-9].*[^.]\.", re.DOTALL)
SPOKEN = ("packsys",)  # names that begin a sentence in lower case


def test_the_page_is_what_the_code_says() -> None:
    assert (ROOT / "docs" / "errors.md").read_text(encoding="utf-8") == page()


def test_every_error_has_its_place() -> None:
    assert set(kinds()) <= set(RECOVERY)


def test_every_error_of_every_module_has_its_place_or_carries_the_code_of_another() -> None:
    """Those with the code of none are made around that of another error; those of HTTP speak for themselves."""
    for module in walk_packages(packsys.__path__, "packsys."):
        if ".versions." not in module.name and not module.name.endswith("__main__"):
            import_module(module.name)
    found = list(_under(PacksysError))
    around = {each.__name__ for each in found if each.code == PacksysError.code}
    assert {each.code for each in found} - {PacksysError.code} <= set(RECOVERY)
    assert around == {"Refused", "JobFailed", "Failed"}


def _under(kind: type[PacksysError]) -> Iterator[type[PacksysError]]:
    for each in kind.__subclasses__():
        if each.__module__.startswith("packsys.") and not each.__module__.startswith("packsys.service."):
            yield each
            yield from _under(each)


def test_every_category_is_used_and_explained() -> None:
    assert {each.category for each in RECOVERY.values()} == set(Category) == set(WHAT)


@pytest.mark.parametrize("code", RECOVERY)
def test_advice_is_one_or_two_short_sentences_that_begin_with_what_to_do(code: str) -> None:
    advice = RECOVERY[code].advice
    assert SENTENCE.fullmatch(advice)
    assert len(advice) <= 100
    assert advice.count(". ") <= 1


@pytest.mark.parametrize("kind", kinds().values(), ids=lambda kind: kind.code)
def test_an_error_says_what_is_wrong_in_a_sentence(kind: type[PacksysError]) -> None:
    said = (kind.__doc__ or "").split("\n", 1)[0]
    assert SENTENCE.fullmatch(said) or said.startswith(SPOKEN)


def test_every_code_of_the_language_has_its_place() -> None:
    """The codes that are written in the source, as arguments of what makes error values and formula errors."""
    written = re.compile(r'\b(?:failure|ErrorValue)\(\s*"([A-Z]\w+)"|\bkind="([A-Z]\w+)"|\bcode="([A-Z]\w+)"')
    places = [ROOT / "packsys" / part for part in ("language", "planner", "runtime", "values", "catalog")]
    sources = [path.read_text(encoding="utf-8") for place in places for path in place.rglob("*.py")]
    codes = {name for source in sources for found in written.findall(source) for name in found if name}
    assert codes - set(RECOVERY) == set()
    assert len(codes) > 10


def test_advice_travels_with_an_error_value() -> None:
    value = ErrorValue.of(LimitReached(retry_after=7.5))
    shown = error(value)
    assert (shown["category"], shown["advice"]) == ("rate_limit", RECOVERY["RateLimited"].advice)
    assert (shown["retryable"], shown["retry_after"], shown["actor"]) == (True, 7.5, "time")


def test_a_refused_request_says_what_helps() -> None:
    assert refusal(RateLimited())["error"]["advice"] == RECOVERY["RateLimited"].advice


def test_an_error_inside_a_value_says_what_helps() -> None:
    shown = plain([1, ErrorValue.of(RateLimited(retry_after=7))])
    assert shown[1]["error"] == {  # type: ignore[index, call-overload]
        "code": "RateLimited",
        "message": "The service asks for fewer requests.",
        "advice": RECOVERY["RateLimited"].advice,
        "category": "rate_limit",
        "actor": "time",
        "retryable": True,
        "retry_after": 7,
    }


def test_missing_rights_are_named() -> None:
    lacking = MissingScopes("Connect 'me' again and grant repo, gist.", scopes=("repo", "gist"))
    assert (lacking.category, lacking.scopes) == (Category.PERMISSION, ("repo", "gist"))
    assert "grant" in lacking.advice


def test_a_code_of_nobody_is_answered_too() -> None:
    assert recovery("NeverHeardOf").advice == "Do as the message says."
