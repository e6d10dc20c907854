"""The page of settings has every setting, and the numbers that hold."""

from __future__ import annotations

import re
from pathlib import Path

import celeryconfig
from packsys.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "settings.md").read_text()
READ = re.compile(r"\bPACKSYS_[A-Z_]*[A-Z]\b")
SETTINGS = Settings(database_url="", state_url="", cache_url="")


def test_every_setting_that_is_read_is_on_the_page_and_no_other() -> None:
    sources = [
        file.read_text() for folder in ("packsys", "workers", "scheduler") for file in (ROOT / folder).rglob("*.py")
    ]
    assert set(READ.findall(PAGE)) == {name for source in sources for name in READ.findall(source)}


def test_what_it_says_of_numbers_holds() -> None:
    told = dict(re.findall(r"^\| `(PACKSYS_\w+)` \|.*\| `?([0-9.]+)`? \|$", PAGE, re.MULTILINE))
    assert len(told) == 5
    assert {name: float(number) for name, number in told.items()} == {
        name: float(SETTINGS.environ()[name]) for name in told
    }


def test_every_queue_is_there_in_the_order_in_which_workers_look() -> None:
    told = re.search(r"\| queue \|(.*?)\n\n", PAGE, re.DOTALL)
    assert told
    named = re.findall(r"`([a-z.]+)`", re.sub(r"^(\|[^|]*\|).*$", r"\1", told[1], flags=re.MULTILINE))
    assert named == [queue.name for queue in celeryconfig.task_queues]
