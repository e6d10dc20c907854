"""Every function that the catalogue asks for is there, and every habit leads to one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from packsys.errors import FormulaError
from packsys.language.functions import LIBRARY
from packsys.language.habits import HABITS
from tests.language.catalogue import SCOPE, tree_of

SOURCE = Path(__file__).parents[2] / ".." / "shared" / "data" / "catalogue.json"
NAMES = {"thisRow", "thisTable", "thisDocument", "CurrentValue"}
LATER = {"CurrentIndex"}
"""It would be a second name in an expression, which the language's rules do not have; a list of positions is mapped
instead, as in ``Sequence(1, x.CountAll()).FormulaMap(x.Nth(CurrentValue))``."""


def entries() -> list[dict[str, Any]]:
    """Reads the catalogue, empty where the file is missing."""
    return json.loads(SOURCE.read_text("utf-8")) if SOURCE.exists() else []


@pytest.mark.skipif(not SOURCE.exists(), reason="The catalogue is not part of a clone: ../shared is missing.")
def test_the_functions_of_the_catalogue_are_there() -> None:
    assert len(entries()) == 217
    for entry in entries():
        name = entry["name"]
        if name in NAMES | LATER:
            assert not entry["priority"] or name in NAMES, name
            continue
        function = LIBRARY.find(name)
        assert function is not None, name
        assert function.volatile == ("V" in entry["flags"]), name
        assert function.action == ("A" in entry["flags"]), name
        assert (function.steps is not None and not function.action) == ("L" in entry["flags"]), name
        assert (function.binds is not None) >= ("F" in entry["flags"]), name


def test_a_habit_leads_to_a_function() -> None:
    assert [word for word in HABITS if LIBRARY.find(word)] == [], "they are names already"
    assert [word for word, names in HABITS.items() if not all(map(LIBRARY.find, names))] == []


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("VLOOKUP(1)", ("Filter", "Lookup")),
        ("ArrayFormula(1)", ("FormulaMap",)),
        ("iff(1)", ("If",)),
        ("Concatenat('a')", ("Concatenate",)),
        ("NETWORKDAYS(1)", ("NetWorkingDays",)),
        ("str_replace(1)", ("SubstituteAll",)),
        ("COALESCE(1)", ("IfBlank",)),
        ("Substr(1)", ("Middle",)),
    ],
)
def test_what_is_called_otherwise_elsewhere_is_suggested(written: str, meant: tuple[str, ...]) -> None:
    with pytest.raises(FormulaError) as caught:
        tree_of(written, SCOPE)
    assert caught.value.suggestions[: len(meant)] == meant


@pytest.mark.parametrize(
    "function", [function for function in LIBRARY.all() if function.document], ids=lambda f: f.name
)
def test_what_needs_a_document_is_refused_without_one(function: Any) -> None:
    with pytest.raises(FormulaError) as caught:
        tree_of(f"{function.name}({', '.join('1' for _ in function.parameters)})", SCOPE)
    assert caught.value.kind == "NoDocument"
    assert caught.value.message == f"{function.name} works on a document, and this formula stands in none"
