"""What every AnswerCache promises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from packsys.kvstore.address import connect
from packsys.kvstore.answers import LARGEST, PREFIX, RedisAnswers
from packsys.memory.answers import MemoryAnswers
from packsys.ports import AnswerCache
from tests.ports.house import Clock


@pytest.fixture(params=["memory", "redis"])
def answers(request: pytest.FixtureRequest) -> Iterator[AnswerCache]:
    """Gives each implementation of the cache, empty."""
    if request.param == "memory":
        yield MemoryAnswers(Clock())
        return
    url = request.getfixturevalue("cache_url")
    with closing(connect(url, timeout=5)) as client:
        client.flushdb()
        yield RedisAnswers.at(url)


def keep(answers: AnswerCache, account: str, name: str, data: bytes, *, ttl: float = 60) -> None:
    answers.put(account, name, data, generation=answers.look(account, name).generation, ttl=ttl)


@pytest.mark.parametrize("data", [b"", b"a", bytes(range(256)), b":", b"a:b:c"])
def test_what_was_kept_is_found_as_it_was(answers: AnswerCache, data: bytes) -> None:
    keep(answers, "account", "name", data)
    assert answers.look("account", "name").data == data


def test_what_was_not_kept_is_not_found(answers: AnswerCache) -> None:
    keep(answers, "account", "name", b"a")
    assert answers.look("account", "other").data is None


def test_the_newest_counts(answers: AnswerCache) -> None:
    keep(answers, "account", "name", b"a")
    keep(answers, "account", "name", b"b")
    assert answers.look("account", "name").data == b"b"


@pytest.mark.parametrize("ttl", [0, -1])
def test_an_answer_without_time_to_live_is_not_kept(answers: AnswerCache, ttl: float) -> None:
    keep(answers, "account", "name", b"a", ttl=ttl)
    assert answers.look("account", "name").data is None


def test_a_generation_lasts_until_the_account_is_forgotten(answers: AnswerCache) -> None:
    first = answers.look("account", "name").generation
    assert answers.look("account", "other").generation == first
    answers.forget("account")
    assert answers.look("account", "name").generation != first


def test_an_account_that_is_forgotten_takes_its_answers_along(answers: AnswerCache) -> None:
    keep(answers, "account", "name", b"a")
    keep(answers, "other", "other name", b"b")
    answers.forget("account")
    assert answers.look("account", "name").data is None
    assert answers.look("other", "other name").data == b"b"


def test_an_answer_of_a_generation_that_is_over_is_not_found(answers: AnswerCache) -> None:
    generation = answers.look("account", "name").generation
    answers.forget("account")
    answers.put("account", "name", b"a", generation=generation, ttl=60)
    assert answers.look("account", "name").data is None


def test_answers_are_bounded_in_memory() -> None:
    answers = MemoryAnswers(Clock(), capacity=10)
    for name in "abc":
        keep(answers, "account", name, b"12345")
    assert [answers.look("account", name).data for name in "abc"] == [None, b"12345", b"12345"]
    keep(answers, "account", "d", b"12345678901")
    assert answers.look("account", "d").data is None


def test_a_large_answer_is_not_kept_in_redis(cache_url: str) -> None:
    answers = RedisAnswers.at(cache_url)
    keep(answers, "account", "large", b"a" * (LARGEST + 1))
    assert answers.look("account", "large").data is None


def test_a_server_that_lost_the_generation_lost_the_answers(cache_url: str) -> None:
    answers = RedisAnswers.at(cache_url)
    keep(answers, "lost", "of lost", b"a")
    with closing(connect(cache_url, timeout=5)) as client:
        client.delete(f"{PREFIX}of:lost")
    assert answers.look("lost", "of lost").data is None


def test_a_server_that_is_away_keeps_nothing() -> None:
    answers = RedisAnswers.at("redis://127.0.0.1:1/0")
    keep(answers, "account", "name", b"a")
    assert (answers.look("account", "name").data, answers.look("account", "name").generation) == (None, "")
    answers.forget("account")
