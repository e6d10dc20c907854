"""A secret shows nowhere by accident."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from packsys.connections.secret import Secret

SECRET = Secret("an obviously fake token")


@dataclass(frozen=True)
class Holder:
    secret: Secret


@pytest.mark.parametrize(
    "shown", [str(SECRET), repr(SECRET), f"{SECRET}", f"{SECRET:>80}", f"{SECRET!r}", str([SECRET])]
)
def test_it_is_shown_as_stars(shown: str) -> None:
    assert shown in ("***", "[***]")


def test_whatever_holds_it_shows_stars() -> None:
    assert repr(Holder(SECRET)) == "Holder(secret=***)"


@pytest.mark.parametrize("write", [json.dumps, pickle.dumps, copy.copy, copy.deepcopy, hash, vars])
def test_it_refuses_to_be_written_or_copied(write: Callable[[object], object]) -> None:
    with pytest.raises(TypeError):
        write(SECRET)


def test_it_is_given_away_when_asked_for() -> None:
    assert SECRET.reveal() == "an obviously fake token"


def test_equal_texts_make_equal_secrets() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
