"""Texts are counted, cut and searched by the characters that people see."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import iter_graphemes

from packsys.language.characters import characters, position
from packsys.values import Value
from tests.language.catalogue import value_of

FAMILY = "👩‍👩‍👧"
ACCENT = "e\u0301"


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=20))
def test_the_short_way_gives_what_the_standard_says(text: str) -> None:
    assert [*characters(text)] == [*iter_graphemes(text)]


@settings(deadline=None)
@given(st.text(alphabet="\r\n\u0301\u200d\u1100\u1161\u11a8가각👩🏽🇳🇴あアー漢é", max_size=12))
def test_and_so_it_does_where_characters_join(text: str) -> None:
    assert [*characters(text)] == [*iter_graphemes(text)]


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        (f"Length('{FAMILY}')", 1),
        (f"Length('caf{ACCENT}')", 4),
        (f"Left('{FAMILY}abc', 2)", f"{FAMILY}a"),
        (f"Right('abc{ACCENT}', 1)", ACCENT),
        (f"Middle('a{FAMILY}b', 2, 1)", FAMILY),
        (f"Reverse('ab{FAMILY}')", f"{FAMILY}ba"),
        (f"Reverse('🇳🇴{ACCENT}')", f"{ACCENT}🇳🇴"),
        (f"Split('a{ACCENT}', '')", ["a", ACCENT]),
        (f"Find('b', '{FAMILY}b')", 2),
        (f"Find('e', 'caf{ACCENT}e')", 5),
        (f"Replace('a{FAMILY}c', 2, 1, 'b')", "abc"),
        (f"LeftPad('{FAMILY}', 3, '-')", f"--{FAMILY}"),
        ("Length('測試')", 2),
    ],
)
def test_a_character_is_what_people_see(formula: str, value: Value) -> None:
    assert value_of(formula) == value


def test_a_position_is_counted_from_where_the_search_begins() -> None:
    text = f"{ACCENT}x{ACCENT}x"
    assert [position(text, "x", start) for start in (1, 2, 3, 4, 5)] == [2, 2, 4, 4, None]
