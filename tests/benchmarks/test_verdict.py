"""A soak's judgement."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.soak.verdict import Sample, left_over, slopes
from benchmarks.soak.vitals import Keys, Usage, Vitals


def soaked(memory: Callable[[float], float]) -> list[Sample]:
    def vitals(second: float) -> Vitals:
        usage = Usage(processes=1, rss=0.0, pss=memory(second), files=1, threads=1)
        return Vitals(parts={"worker": usage}, connections=1, keys={})

    return [Sample(second, vitals(second)) for second in range(0, 1800, 10)]


def test_memory_that_grows_only_at_first_is_flat() -> None:
    (figure,) = slopes(soaked(lambda second: min(second, 500.0)))
    assert (figure.value, figure.met) == (0.0, True)


def test_memory_that_always_grows_is_not_flat() -> None:
    (figure,) = slopes(soaked(lambda second: second / 100))
    assert (figure.value, figure.met) == (6.0, False)


def test_too_few_samples_say_nothing() -> None:
    assert list(slopes(soaked(lambda second: second)[:2])) == []


def test_keys_that_stay_are_left_over() -> None:
    before, after = {"state": Keys(all=5, lasting=4)}, {"state": Keys(all=9, lasting=4)}
    assert [figure.met for figure in left_over(before, after, lasting=False)] == [False]
    assert [figure.met for figure in left_over(before, after, lasting=True)] == [True]
