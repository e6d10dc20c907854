"""What is kept outside of the database tells nothing, and cannot be put there by others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.connections.envelope import Envelope

ENVELOPE = Envelope(b"k" * 32, purpose="trial")


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_was_sealed_is_opened(data: bytes, name: str) -> None:
    assert ENVELOPE.open(ENVELOPE.seal(data, name=name), name=name) == data


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data[1:], lambda data: b"", lambda data: b"x"])
def test_what_was_cut_does_not_open(change: object) -> None:
    assert callable(change)
    assert ENVELOPE.open(change(ENVELOPE.seal(b"data", name="a")), name="a") is None


@given(st.integers(0, 31), st.integers(1, 255))
def test_what_was_edited_does_not_open(place: int, mask: int) -> None:
    sealed = bytearray(ENVELOPE.seal(b"data", name="a"))
    sealed[place % len(sealed)] ^= mask
    assert ENVELOPE.open(bytes(sealed), name="a") is None


@pytest.mark.parametrize("other", [Envelope(b"l" * 32, purpose="trial"), Envelope(b"k" * 32, purpose="another")])
def test_another_key_or_purpose_opens_and_names_nothing(other: Envelope) -> None:
    assert other.open(ENVELOPE.seal(b"data", name="a"), name="a") is None
    assert other.name("a") != ENVELOPE.name("a")


def test_what_was_moved_to_another_name_does_not_open() -> None:
    assert ENVELOPE.open(ENVELOPE.seal(b"data", name="a"), name="b") is None


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_only_equal_parts_have_equal_names(one: list[str], other: list[str]) -> None:
    assert (ENVELOPE.name(*one) == ENVELOPE.name(*other)) is (one == other)


def test_it_shows_nothing() -> None:
    assert repr(ENVELOPE) == "Envelope(***)"
