"""Claims are renewed as long as somebody works under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event

import pytest

from packsys.errors import NotReady
from packsys.runtime.heartbeat import Heartbeats
from tests.waiting import until

LEASE = 3600.0


@dataclass(frozen=True)
class Claimed:
    """Is a claim of which nothing but the name counts."""

    name: str


A, B = Claimed("a"), Claimed("b")


@dataclass
class Claims:
    """Notes the claims that are renewed, those that were lost, and how often nobody answered."""

    gone: Sequence[Claimed] = ()
    away: bool = False
    mistaken: bool = False
    heard: list[str] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    missed: Event = field(default_factory=Event)

    def renew(self, claims: Sequence[Claimed], *, lease: float) -> Sequence[Claimed]:
        self.heard.append("".join(claim.name for claim in claims))
        if self.away:
            raise NotReady("The database does not answer.")
        if self.mistaken:
            fails()
        return [claim for claim in claims if claim not in self.gone]

    def beats(self, *, lease: float = LEASE) -> Heartbeats[Claimed]:
        return Heartbeats(self.renew, lease=lease, lost=self.lost.append, missed=self.missed.set)


def test_what_is_held_is_renewed_together_and_what_has_ended_is_not() -> None:
    claims = Claims()
    beats = claims.beats()
    with beats.holding([A]):
        with beats.holding([B]):
            beats.beat()
        beats.beat()
    beats.beat()
    assert claims.heard == ["ab", "a"]


def test_others_may_be_held_instead() -> None:
    claims = Claims()
    beats = claims.beats()
    with beats.holding([A]) as hold:
        hold([B])
        beats.beat()
    assert claims.heard == ["b"]


def test_what_was_lost_is_told_and_renewed_no_more() -> None:
    claims = Claims(gone=[A])
    beats = claims.beats()
    with beats.holding([A, B]) as hold:
        beats.beat()
        hold([A, B])
        beats.beat()
    assert (claims.heard, claims.lost) == (["ab", "b"], [1])


def test_what_is_done_beside_a_claim_is_done_while_that_is_renewed() -> None:
    claims, done = Claims(gone=[B]), list[str]()
    beats = claims.beats()
    with beats.holding([A, B]):
        beside_a = beats.beside(A, lambda: done.append("a"), lambda: done.append("too"))
        with beside_a, beats.beside(B, lambda: done.append("b")):
            beats.beat()
        beats.beat()
    assert done == ["a", "too"]


def test_a_database_that_is_away_loses_nothing() -> None:
    claims = Claims(away=True)
    beats = claims.beats()
    with beats.holding([A]):
        for _ in "12":
            with pytest.raises(NotReady):
                beats.beat()
    assert (claims.heard, claims.lost) == (["a", "a"], [])


def test_the_first_that_is_held_has_the_beats_begin_and_go_on_while_nobody_answers() -> None:
    claims = Claims(away=True)
    with claims.beats(lease=0.03).holding([A]):
        until(lambda: len(claims.heard) > 1)
    assert claims.missed.is_set()


def fails() -> None:
    raise LookupError("fake")


def test_what_fails_beside_one_claim_keeps_nothing_from_the_others() -> None:
    claims, done = Claims(gone=[B]), list[str]()
    beats = claims.beats()
    with beats.holding([A, B]), beats.beside(A, fails, lambda: done.append("too")):
        beats.beat()
    assert (done, claims.lost) == (["too"], [1])


def test_the_beats_go_on_after_a_mistake() -> None:
    """Else no claim of the process would be renewed any more."""
    claims = Claims(mistaken=True)
    with claims.beats(lease=0.03).holding([A]):
        until(lambda: len(claims.heard) > 1)
    assert claims.missed.is_set()
