"""What `packsys sync` draws while a run goes on, and of tables, runs and rows."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pytest
from rich.console import Console

from packsys.cli.syncscreen import follow, progress, rhythm, row_list, run_list, summary, sync_list

COUNTS = dict.fromkeys(("rows", "added", "updated", "revived", "unchanged", "rejected", "deleted", "missed"), 0)


def run(**terms: Any) -> dict[str, Any]:
    """Makes a run as the service shows it; ``counts`` are those that are not 0."""
    base = {
        "id": "r1",
        "mode": "full",
        "trigger": "manual",
        "state": "running",
        "page": 0,
        "cause": "",
        "error": None,
        "waits": {},
        "seconds": None,
        "queued_at": "2026-01-31T08:00:00.123456+00:00",
        "started_at": None,
    }
    return {**base, **terms, "counts": {**COUNTS, **terms.get("counts", {})}}


def drawn(thing: Any) -> list[str]:
    """Draws on a wide screen, and gives the words of each line."""
    paper = io.StringIO()
    Console(file=paper, width=200).print(thing)
    return [" ".join(line.split()) for line in paper.getvalue().splitlines()]


PROGRESS: Mapping[str, tuple[dict[str, Any], str]] = {
    "before its first page": ({"state": "queued"}, "queued 0 pages · 0 rows"),
    "with a rate": (
        {"page": 3, "counts": {"rows": 12_000}, "seconds": 4.0},
        "running 3 pages · 12,000 rows · 3,000 rows/s",
    ),
    "in no time": ({"page": 1, "counts": {"rows": 5}, "seconds": 0.0}, "running 1 page · 5 rows"),
    "while it waits": (
        {"state": "waiting", "page": 1, "cause": "rate_limit", "waits": {"rate_limit": 2.04, "Api": 1}},
        "waiting 1 page · 0 rows · waited 2.0 s for rate_limit, 1.0 s for Api · rate_limit",
    ),
    "when a person must look": (
        {"state": "needs_approval", "cause": "The run would delete 9 of 9 rows."},
        "needs approval 0 pages · 0 rows · The run would delete 9 of 9 rows.",
    ),
    "when it failed": (
        {"state": "failed", "cause": "Api", "error": {"message": "The service said no."}},
        "failed 0 pages · 0 rows · The service said no.",
    ),
}


@pytest.mark.parametrize("when", PROGRESS)
def test_progress_is_said_in_a_line(when: str) -> None:
    terms, said = PROGRESS[when]
    assert progress(run(**terms)).plain == said


def test_a_rate_counts_from_the_start_while_a_run_goes_on() -> None:
    begun = run(started_at="2026-01-31T08:00:00+00:00", counts={"rows": 1_000_000_000_000})
    assert "rows/s" in progress(begun).plain


@pytest.mark.parametrize(
    ("state", "style"), [("succeeded", "green"), ("failed", "red"), ("waiting", "yellow"), ("running", "cyan")]
)
def test_states_have_colours(state: str, style: str) -> None:
    assert progress(run(state=state)).style == style


def test_a_summary_names_what_is_not_zero() -> None:
    ended = run(state="succeeded", counts={"rows": 1004, "added": 1000, "deleted": 4})
    assert summary(ended) == "succeeded: 1,000 added, 4 deleted"
    assert summary(run(state="succeeded")) == "succeeded: no rows"
    assert summary(run(state="needs_approval", cause="Look.")) == "needs approval: no rows · Look."


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled", "needs_approval", "paused"])
def test_a_run_is_followed_to_where_it_rests(end: str) -> None:
    """Each state is drawn over the one before, and nothing of it stays."""
    states = iter([run(page=1), run(state="waiting", page=2, cause="rate_limit"), run(state=end, page=2)])
    paper = io.StringIO()
    screen = Console(file=paper, force_terminal=True, width=80, legacy_windows=False)
    assert follow(screen, run(state="queued"), look=lambda: next(states))["state"] == end
    text = paper.getvalue()
    places = [text.index(said) for said in ("0 pages", "1 page", "2 pages · 0 rows · rate_limit")]
    assert places == sorted(places)
    assert "\x1b[2K" in text.rpartition("2 pages")[2], "the last line was not erased"


def test_nothing_is_drawn_where_there_is_no_terminal() -> None:
    states = iter([run(page=1), run(state="succeeded", page=2)])
    paper = io.StringIO()
    screen = Console(file=paper)
    assert follow(screen, run(), look=lambda: next(states))["page"] == 2
    assert paper.getvalue().strip() == ""


def test_a_run_that_rests_is_not_asked_about() -> None:
    ended = run(state="succeeded")
    assert follow(Console(file=io.StringIO()), ended, look=lambda: pytest.fail("it was asked about")) is ended


SCHEDULES: Mapping[str, tuple[dict[str, Any] | None, str]] = {
    "none": (None, "when asked"),
    "no rhythm": ({"every": None, "cron": None, "timezone": "UTC", "paused": False}, "when asked"),
    "seconds": ({"every": 3600.0, "cron": None, "timezone": "UTC", "paused": False}, "every 3600 s"),
    "cron": ({"every": None, "cron": "0 4 * * 1", "timezone": "Europe/Oslo", "paused": True},
             "0 4 * * 1 Europe/Oslo (paused)"),
}  # fmt: skip


@pytest.mark.parametrize("kind", SCHEDULES)
def test_a_rhythm_is_said(kind: str) -> None:
    schedule, said = SCHEDULES[kind]
    assert rhythm(schedule) == said


def test_tables_are_listed_with_their_last_run() -> None:
    base = {"pack_id": 1013, "table": "Repos", "paused": False, "schedule": None, "last_run": None}
    ended = run(state="succeeded", counts={"added": 3})
    lines = drawn(
        sync_list(
            [
                {**base, "name": "ours", "id": "t1"},
                {**base, "name": "[b]", "id": "t2", "paused": True, "last_run": ended},
            ]
        )
    )
    assert lines[1] == "ours 1013 Repos when asked never t1"
    assert lines[2] == "[b] 1013 Repos paused succeeded: 3 added t2"


def test_runs_are_listed_with_what_they_waited_for() -> None:
    ended = run(state="succeeded", seconds=4.04, page=2, waits={"rate_limit": 1.5}, counts={"unchanged": 3})
    waits = run(state="queued", id="r2")
    lines = drawn(run_list([ended, waits]))
    assert lines[1] == "2026-01-31T08:00:00 full manual 2 4.0 1.5 s for rate_limit succeeded: 3 unchanged r1"
    assert lines[2] == "2026-01-31T08:00:00 full manual 0 queued: no rows r2"


def test_rows_show_what_is_featured_first_and_as_it_is_written() -> None:
    """Markup of the terminal in a row is text, and a wide value is cut."""
    sync = {"columns": [{"name": name} for name in ("Id", "Owner", "Labels", "Text", "Stars")], "featured": ["Stars"]}
    values = {"Id": "[red]a", "Stars": 5, "Owner": {"id": 7, "name": "Ada"}, "Labels": ["x", None, {"id": 1}]}
    lines = drawn(row_list(sync, [{"values": {**values, "Text": "y" * 90}}, {"values": {"Id": "b"}}]))
    assert lines == ["Stars Id Owner Labels Text", f"5 [red]a Ada x, , … {'y' * 59}…", "b"]


def test_a_wide_row_shows_the_first_columns() -> None:
    sync = {"columns": [{"name": f"C{number}"} for number in range(20)], "featured": ["C19"]}
    assert drawn(row_list(sync, [])) == ["C19 C0 C1 C2 C3 C4 C5 C6"]
