"""The weather pack asks as the service documents it, and reads what it answers."""

import os
from pathlib import Path

import pytest

from packsys.sandbox.loading import load_pack
from packsys.sdk import Aim, Target, UserVisibleError
from packsys.sdk.targets import invoke
from packsys.sdk.testing import LiveFetcher, ScriptedFetcher, a_context, recording, run, standard_tests

pack = load_pack(Path(__file__).parent)
live = LiveFetcher(base_url=pack.base_url, query={"key": os.environ.get("WEATHER_KEY", "")})

TestStandard = standard_tests(pack)


def test_it_tells_the_weather() -> None:
    with recording(__file__, "current", live=live) as fetcher:
        found = run(pack, "Current", "Bonn", fetcher=fetcher)
    assert found == {"Place": "Bonn", "Summary": "Sunny", "Temperature": 21.5, "Humidity": 0.4}


def test_an_unknown_place_is_the_users_to_mend() -> None:
    fetcher = ScriptedFetcher().answer("/current", query={"q": "Bnn", "units": "metric"}, status=404)
    with fetcher, pytest.raises(UserVisibleError, match="try the nearest town"):
        run(pack, "Current", "Bnn", fetcher=fetcher)


def test_it_offers_places() -> None:
    fetcher = ScriptedFetcher().answer("/places", query={"q": "Bo"}, json={"places": [{"name": "Bonn"}]})
    target = Target(aim=Aim.AUTOCOMPLETE, name="Current", part="place", typed="Bo")
    offered = invoke(pack, target, a_context(pack, "Current", fetcher=fetcher), {})
    assert offered == [{"display": "Bonn", "value": "Bonn"}]
