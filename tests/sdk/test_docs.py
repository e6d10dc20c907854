"""docs/sdk.md is one pack, and it works."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from packsys.catalog.manifest import describe
from packsys.catalog.validation import problems
from packsys.sdk import Pack
from packsys.sdk.targets import Aim, Target, invoke
from packsys.sdk.testing import ScriptedFetcher, run, sync
from packsys.sdk.testing.running import a_context
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
    assert len(tests) == 16
    for test in tests:
        test()


def test_its_action_asks_once(names: dict[str, Any]) -> None:
    with ScriptedFetcher() as service:
        service.answer(
            "/books/7/loans", method="POST", request_headers={"Idempotency-Key": "test"}, json={"due": "May"}
        )
        assert run(names["pack"], "Lend", 7, fetcher=service) == "May"


def test_its_cover_is_kept_by_the_host(names: dict[str, Any]) -> None:
    class Files:
        """Is a storage that names what it would keep."""

        def store(self, content: bytes, *, content_type: str, name: str = "", ttl: float = 0) -> str:
            raise AssertionError("The bytes do not pass through the pack.")

        def store_url(self, url: str, *, name: str = "", ttl: float = 0) -> str:
            return f"kept:{url}:{name}:{ttl:g}"

    with ScriptedFetcher() as service:
        service.answer("/books/7/cover", status=302, headers={"Location": "/files/7.png"})
        context = a_context(names["pack"], "Cover", fetcher=service, blobs=Files())
        found = invoke(names["pack"], Target(name="Cover"), context, {"book": 7.0})
    assert found == "kept:/files/7.png:cover.png:3600"


def test_its_dynamic_table_is_found_and_read(names: dict[str, Any]) -> None:
    with ScriptedFetcher() as service:
        service.answer("/catalogues", json=[{"url": "/catalogues/1", "title": "Rare"}])
        context = a_context(names["pack"], "Entries", fetcher=service)
        found = invoke(names["pack"], Target(aim=Aim.TABLES, name="Entries"), context, {})
        assert [(each.url, each.name) for each in found] == [("/catalogues/1", "Rare")]
        service.answer("/catalogues/1", json=[{"id": 1, "year": "1815"}])
        service.answer("/catalogues/1/columns", json=["year"])
        assert sync(names["pack"], "Entries", fetcher=service, dynamic_url="/catalogues/1") == [
            {"Id": 1, "Year": "1815"}
        ]


def test_every_file_it_links_to_is_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", DOCUMENT.read_text())
    assert links
    assert [link for link in links if not (DOCUMENT.parent / link).exists()] == []
