"""Statements are short enough for the driver to know them again."""

from __future__ import annotations

from pathlib import Path

import pytest

from packsys.store.batch import BATCH
from packsys.store.direct import TURNS
from packsys.store.statements import LONGEST, statements


@pytest.mark.parametrize(("name", "text"), [*BATCH.items(), *TURNS.items()])
def test_the_driver_reads_each_once(name: str, text: str) -> None:
    assert len(text) < LONGEST


def test_indents_are_left_out_and_comments_stay_on_their_lines(tmp_path: Path) -> None:
    file = tmp_path.joinpath("some.sql")
    file.write_text("-- name: one\nselect 1  -- a number\n   from a\n-- name: two\nselect 2\n", encoding="utf-8")
    assert dict(statements(file)) == {"one": "select 1  -- a number\nfrom a\n", "two": "select 2\n"}
