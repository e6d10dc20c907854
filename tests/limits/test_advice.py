"""What services say about their limits, in every form that they say it in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.limits.advice import LONGEST_PAUSE, Advice, read

NOW = 1_700_000_000.0
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"  # that is NOW

REFUSALS: list[tuple[int, dict[str, str], Advice]] = [
    (200, {}, Advice()),
    (429, {}, Advice(refused=True)),
    (429, {"retry-after": "30"}, Advice(refused=True, pause=30)),
    (429, {"retry-after": " 1.5 "}, Advice(refused=True, pause=1.5)),
    (429, {"retry-after": "Tue, 14 Nov 2023 22:13:50 GMT"}, Advice(refused=True, pause=30)),
    (429, {"retry-after": "Tue, 14 Nov 2023 22:00:00 GMT"}, Advice(refused=True, pause=0)),
    # The service's clock is ten minutes fast: its own Date says what it means.
    (
        429,
        {"retry-after": "Tue, 14 Nov 2023 22:23:50 GMT", "date": "Tue, 14 Nov 2023 22:23:20 GMT"},
        Advice(refused=True, pause=30),
    ),
    (503, {"retry-after": "5"}, Advice(refused=True, pause=5)),
    (503, {}, Advice()),
    (403, {}, Advice()),
    (403, {"retry-after": "60"}, Advice(refused=True, pause=60)),
    (
        403,
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": f"{NOW + 90:.0f}"},
        Advice(refused=True, pause=90, left=0, reset=90),
    ),
    (403, {"x-ratelimit-remaining": "4999", "x-ratelimit-reset": f"{NOW + 90:.0f}"}, Advice(left=4999, reset=90)),
    (301, {"retry-after": "60"}, Advice(pause=60)),
]

BUDGETS: list[tuple[dict[str, str], int | None, float]] = [
    ({"x-ratelimit-remaining": "17", "x-ratelimit-reset": "45"}, 17, 45),
    ({"x-ratelimit-remaining": "17", "x-ratelimit-reset": f"{NOW + 45:.0f}"}, 17, 45),
    ({"x-ratelimit-remaining": "17", "x-ratelimit-reset": f"{(NOW + 45) * 1000:.0f}"}, 17, 45),
    ({"x-ratelimit-remaining": "17", "x-ratelimit-reset": f"{NOW - 5:.0f}"}, 17, 0),
    ({"x-ratelimit-remaining": "17"}, None, 0),
    ({"x-ratelimit-reset": "45"}, None, 0),
    ({"x-ratelimit-remaining": "-1", "x-ratelimit-reset": "45"}, None, 0),
    ({"x-ratelimit-remaining": "many", "x-ratelimit-reset": "45"}, None, 0),
    # RateLimit, draft 10 and later: a list of items by policy.
    ({"ratelimit": '"default";r=50;t=30'}, 50, 30),
    ({"ratelimit": '"default"; r=50; t=30'}, 50, 30),
    ({"ratelimit": '"burst";r=2;t=1, "daily";r=100;t=8000'}, 2, 1),
    ({"ratelimit": '"a,b;r=9";r=5;t=7'}, 5, 7),
    ({"ratelimit": '"default";r=3', "ratelimit-policy": '"default";q=100;w=60,"daily";q=1000;w=900'}, 3, 900),
    ({"ratelimit": '"default";r=3'}, None, 0),
    # Drafts 7 to 9: a dictionary.
    ({"ratelimit": "limit=100, remaining=50, reset=40"}, 50, 40),
    # Drafts 6 and before: three headers.
    ({"ratelimit-limit": "100", "ratelimit-remaining": "49", "ratelimit-reset": "40"}, 49, 40),
    ({"ratelimit": "nonsense"}, None, 0),
    ({"ratelimit": '"default";r=-3;t=5'}, None, 0),
]


@pytest.mark.parametrize(("status", "headers", "advice"), REFUSALS)
def test_a_refusal_is_understood(status: int, headers: dict[str, str], advice: Advice) -> None:
    assert read(status, headers, now=lambda: NOW) == advice


@pytest.mark.parametrize(("headers", "left", "reset"), BUDGETS)
def test_what_is_left_is_understood(headers: dict[str, str], left: int | None, reset: float) -> None:
    said = read(200, headers, now=lambda: NOW)
    assert (said.left, said.reset, said.refused) == (left, reset, False)


@pytest.mark.parametrize(
    "headers",
    [
        {"retry-after": "31536000"},
        {"retry-after": "Wed, 14 Nov 2040 22:13:20 GMT"},
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": f"{NOW * 3:.0f}"},
        {"ratelimit": '"year";r=0;t=31536000'},
    ],
)
def test_nobody_stops_a_connection_for_a_year(headers: dict[str, str]) -> None:
    said = read(429, headers, now=lambda: NOW)
    assert said.refused
    assert max(said.pause or 0.0, said.reset) == LONGEST_PAUSE


@given(
    status=st.integers(100, 599),
    headers=st.dictionaries(
        st.sampled_from(
            ["retry-after", "date", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit", "ratelimit-policy"]
        ),
        st.text(max_size=60) | st.integers().map(str) | st.floats().map(str) | st.just(DATE),
    ),
)
def test_no_answer_breaks_anything(status: int, headers: dict[str, str]) -> None:
    said = read(status, headers, now=lambda: NOW)
    assert said.pause is None or 0 <= said.pause <= LONGEST_PAUSE
    assert 0 <= said.reset <= LONGEST_PAUSE
    assert said.left is None or said.left >= 0


def test_plenty_is_not_worth_noting() -> None:
    assert Advice(left=4000, reset=3000).empty
    assert not Advice(left=40, reset=3000).empty
