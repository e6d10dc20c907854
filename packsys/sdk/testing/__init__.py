"""Runs a pack in a maker's tests, without a host and without a network.

>>> with ScriptedFetcher().answer("/rates/EUR", json={"rate": "1.25"}) as fetcher:
...     run(pack, "Rate", "EUR", fetcher=fetcher)
1.25
"""

from __future__ import annotations

from packsys.sdk.testing.recording import LiveFetcher, Replay, recording
from packsys.sdk.testing.running import QuickClock, a_context, run, sync
from packsys.sdk.testing.scripted import Expectation, ScriptedFetcher
from packsys.sdk.testing.standard import standard_tests

__all__ = [
    "Expectation",
    "LiveFetcher",
    "QuickClock",
    "Replay",
    "ScriptedFetcher",
    "a_context",
    "recording",
    "run",
    "standard_tests",
    "sync",
]
