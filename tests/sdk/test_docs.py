"""docs/sdk.md is one pack, and it works."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from packsys.catalog.manifest import describe
from packsys.catalog.validation import problems
from packsys.sdk import Pack
from packsys.sdk.testing import ScriptedFetcher, run
from tests.docs.blocks import blocks

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "sdk.md"


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for block in blocks(DOCUMENT, "python"):
        exec(block, found)
    return found


def test_its_pack_keeps_every_rule(names: dict[str, Any]) -> None:
    assert isinstance(names["pack"], Pack)
    assert list(map(str, problems(describe(names["pack"])))) == []


def test_its_tests_pass(names: dict[str, Any]) -> None:
    tests = [each for name, each in names.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()


def test_its_standard_tests_pass(names: dict[str, Any]) -> None:
    made = names["TestStandard"]()
    tests = [getattr(made, name) for name in dir(made) if name.startswith("test_")]
    assert len(tests) == 11
    for test in tests:
        test()


def test_its_action_asks_once(names: dict[str, Any]) -> None:
    with ScriptedFetcher() as service:
        service.answer(
            "/books/7/loans", method="POST", request_headers={"Idempotency-Key": "test"}, json={"due": "May"}
        )
        assert run(names["pack"], "Lend", 7, fetcher=service) == "May"


def test_every_file_it_links_to_is_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", DOCUMENT.read_text())
    assert links
    assert [link for link in links if not (DOCUMENT.parent / link).exists()] == []
