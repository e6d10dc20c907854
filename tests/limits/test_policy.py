"""Policies as values, as operators write them, and as packs declare them."""

from __future__ import annotations

import pytest

from packsys.errors import WrongSetUp
from packsys.limits.demand import Asker, demand
from packsys.limits.policy import DEFAULTS, Cost, Policy, Rate, Rules, Scope, Slots, declared
from packsys.limits.written import rules
from packsys.sdk import RateLimit

WRITTEN: list[tuple[str, Policy]] = [
    ("10/s", Rate(limit=10, window=1)),
    ("100/min", Rate(limit=100, window=60)),
    ("1000/h", Rate(limit=1000, window=3600)),
    ("5/30s@pack", Rate(limit=5, window=30, scope=Scope.PACK)),
    ("9/2d@account", Rate(limit=9, window=172_800, scope=Scope.ACCOUNT)),
    ("30/min /search/*", Rate(limit=30, window=60, endpoint="/search/*")),
    ("1/s@pack POST /messages", Rate(limit=1, window=1, scope=Scope.PACK, endpoint="POST /messages")),
    ("8 at once", Slots(limit=8)),
    ("2 at once@account /export", Slots(limit=2, scope=Scope.ACCOUNT, endpoint="/export")),
]


@pytest.mark.parametrize(("text", "policy"), WRITTEN)
def test_an_operator_writes_a_policy(text: str, policy: Policy) -> None:
    assert rules(f" 1013 = {text} ;").for_pack(1013) == (policy,)


def test_an_operator_writes_for_one_pack_and_for_the_others() -> None:
    said = rules("1013=50/s, 500/min, cost 5 POST /graphql; *=5/s")
    assert said.for_pack(1013) == (
        Rate(limit=50, window=1),
        Rate(limit=500, window=60),
        Cost(weight=5, endpoint="POST /graphql"),
    )
    assert said.for_pack(7) == (Rate(limit=5, window=1),)
    assert rules("").for_pack(7) == DEFAULTS == Rules().default


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("10/s", "do not say for which pack"),
        ("GitHub=10/s", "do not say for which pack"),
        ("7=", "'' is no rate limit"),
        ("7=10/year", "'10/year' is no rate limit"),
        ("7=ten/s", "'ten/s' is no rate limit"),
        ("7=0/s", "allows nothing"),
        ("7=1/0s", "allows nothing"),
        ("7=1/400d", "allows nothing"),
        ("7=0 at once", "allow nothing"),
        ("7=10/s@planet", "is no rate limit"),
        ("7=10/s,100/min,cost 20 /dear", "costs 20 permits, and 10 are the most"),
        ("7=10/s,cost 0 /dear", "0 permits"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_write(text: str, said: str) -> None:
    with pytest.raises(WrongSetUp, match=said):
        rules(text)


def test_a_pack_declares_limits() -> None:
    limits = declared([RateLimit(requests=5, seconds=10), RateLimit(requests=9, seconds=1, per="pack")])
    assert limits == (Rate(limit=5, window=10), Rate(limit=9, window=1, scope=Scope.PACK))


def test_a_formulas_limit_is_counted_apart_and_its_callers_queue_apart() -> None:
    asker, pack = Asker(pack=7, workspace="w", connection="c"), Rate(limit=9, window=1)
    own = declared([RateLimit(requests=1, seconds=60)], formula="Search")
    plain, search = demand(asker, (pack,)), demand(asker, (pack, *own))
    assert [log.key for log in search.logs] == ["7:w:c#1", "7:w:c=Search#1"]
    assert search.places == plain.places == ("7:w:c",)
    assert (plain.queue, search.queue) == ("7:w:c", "7:w:c=Search")


def test_a_request_that_is_dearer_than_a_formulas_limit_takes_all_of_it() -> None:
    policies = (Rate(limit=9, window=1), Rate(limit=2, window=1, formula="Search"), Cost(weight=5, endpoint="/dear"))
    wanted = demand(Asker(pack=7), policies, path="/dear")
    assert [log.weight for log in wanted.logs] == [5, 2]


@pytest.mark.parametrize(
    ("endpoint", "method", "path", "applies"),
    [
        ("/search/*", "GET", "/search/code", True),
        ("/search/*", "POST", "/search/code", True),
        ("/search/*", "GET", "/searching", False),
        ("POST /messages", "POST", "/messages", True),
        ("POST /messages", "GET", "/messages", False),
        ("post /messages", "POST", "/messages", True),
    ],
)
def test_an_endpoint_is_a_method_and_a_path(endpoint: str, method: str, path: str, applies: bool) -> None:
    policies = (Rate(limit=5, window=1, endpoint=endpoint),)
    wanted = demand(Asker(pack=1), policies, method=method, path=path)
    assert bool(wanted.logs) is applies


def test_an_answer_is_about_the_narrowest_place_of_its_request() -> None:
    asker = Asker(pack=7, workspace="w", connection="c", account="octo")
    policies = [
        Rate(limit=9, window=1, endpoint="/search"),
        Rate(limit=9, window=1, scope=Scope.ACCOUNT),
        Rate(limit=9, window=1),
        Rate(limit=9, window=1, scope=Scope.PACK),
    ]
    assert demand(asker, policies, path="/search").places == ("7", "7:w:c", "7:account:octo", "7:w:c|/search")
    assert demand(asker, policies, path="/").places == ("7", "7:w:c", "7:account:octo")
    assert demand(asker, (), path="/").places == ("7:w:c",)


@pytest.mark.parametrize("limit", [1, 3, 10, 100, 999, 1000, 2500, 100_000])
@pytest.mark.parametrize("part", [0.5, 0.1, 0.001])
def test_a_share_is_never_more_than_its_part(limit: int, part: float) -> None:
    (log,) = demand(Asker(pack=1), [Rate(limit=limit, window=60)]).share(part).logs
    (window,) = log.windows
    assert window.limit / window.length <= limit * part / 60_000_000 * 1.000001
    assert window.limit >= 1
