"""Every promise names a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ("docs/promises.md", "docs/security.md", "docs/sync.md")
ROW = re.compile(r"^\| (.+?) \| `(tests/[^`]+)` \|$", re.MULTILINE)
ROWS = [row for name in DOCS for row in ROW.findall((ROOT / name).read_text())]


def test_there_are_promises() -> None:
    assert len(ROWS) > 20


@pytest.mark.parametrize(("promise", "place"), ROWS)
def test_a_promise_has_its_test(promise: str, place: str) -> None:
    file, _, name = place.partition("::")
    assert (ROOT / file).is_file(), f"{promise}: there is no {file}"
    assert f"def {name}(" in (ROOT / file).read_text() if name else True, f"{promise}: there is no {name}"
