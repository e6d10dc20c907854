"""Shows sync tables and their runs in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

MOST_COLUMNS = 8
WIDEST = 60  # characters of a cell
RESTING = ("succeeded", "failed", "cancelled", "needs_approval", "paused")
_STYLES = {"succeeded": "green", "failed": "red", "cancelled": "red", "needs_approval": "yellow", "waiting": "yellow"}
_TOLD = ("added", "updated", "revived", "unchanged", "rejected", "deleted", "missed")

View = Mapping[str, Any]


def follow(screen: Console, run: View, *, look: Callable[[], View]) -> View:
    """Shows a run until it has ended or waits for a person; draws nothing where there is no terminal."""
    with Live(console=screen, auto_refresh=False, transient=True) as live:
        while run["state"] not in RESTING:
            if screen.is_terminal:
                live.update(progress(run), refresh=True)
            run = look()
    return run


def progress(run: View) -> Text:
    """Says how far a run is: pages, rows, rows a second, and what it has waited for."""
    pages, rows, seconds = run["page"], run["counts"]["rows"], _running(run)
    rate = f" · {rows / seconds:,.0f} rows/s" if rows and seconds else ""
    waits = f" · waited {waited(run)}" if run["waits"] else ""
    said = Text(f"{run['state'].replace('_', ' ')} ", style=_STYLES.get(run["state"], "cyan"))
    return said.append(f"{pages} page{'s' * (pages != 1)} · {rows:,} rows{rate}{waits}{cause(run)}", style="default")


def summary(run: View) -> str:
    """Says in a line how a run ended."""
    counts = ", ".join(f"{run['counts'][name]:,} {name}" for name in _TOLD if run["counts"][name])
    what = counts or "no rows"
    return f"{run['state'].replace('_', ' ')}: {what}{cause(run)}"


def cause(run: View) -> str:
    """Says why a run stands where it does."""
    trouble = run["error"]["message"] if run["error"] else run["cause"]
    return f" · {trouble}" if trouble else ""


def waited(run: View) -> str:
    """Lists the seconds that a run has waited, by cause."""
    return ", ".join(f"{seconds:.1f} s for {cause}" for cause, seconds in run["waits"].items())


def sync_list(tables: Sequence[View]) -> Table:
    """Lists sync tables."""
    drawn = Table("name", "table", "when", "last run", "id", box=None, pad_edge=False)
    for each in tables:
        last = each["last_run"]
        drawn.add_row(
            Text(each["name"]),
            f"{each['pack_id']} {each['table']}",
            Text("paused" if each["paused"] else rhythm(each["schedule"])),
            Text(summary(last) if last else "never"),
            each["id"],
        )
    return drawn


def rhythm(schedule: View | None) -> str:
    """Says when a table is synced."""
    if schedule is None or (schedule["every"] is None and schedule["cron"] is None):
        return "when asked"
    told = f"every {schedule['every']:g} s" if schedule["every"] else f"{schedule['cron']} {schedule['timezone']}"
    return f"{told} (paused)" if schedule["paused"] else told


def run_list(runs: Sequence[View]) -> Table:
    """Lists runs."""
    drawn = Table("begun", "mode", "why", "pages", "seconds", "waited", "end", "id", box=None, pad_edge=False)
    for each in runs:
        seconds = "" if each["seconds"] is None else f"{each['seconds']:.1f}"
        begun = (each["started_at"] or each["queued_at"] or "")[:19]
        pages = str(each["page"])
        drawn.add_row(
            begun, each["mode"], each["trigger"], pages, seconds, waited(each), Text(summary(each)), each["id"]
        )
    return drawn


def row_list(sync: View, rows: Sequence[View]) -> Table:
    """Draws rows as a table: its id, its display, what it features, and then what fits."""
    known = [each["name"] for each in sync["columns"]]
    columns = list(dict.fromkeys((*sync["featured"], *known)))[:MOST_COLUMNS]
    drawn = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        drawn.add_row(*(Text(_cell(row["values"].get(name))) for name in columns))
    return drawn


def _cell(value: Any) -> str:
    match value:
        case None:
            text = ""
        case dict():
            text = str(next((each for each in value.values() if isinstance(each, str)), "…"))
        case list():
            text = ", ".join(map(_cell, value))
        case _:
            text = str(value)
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def _running(run: View) -> float:
    if run["seconds"] is not None:
        return float(run["seconds"])
    begun = run["started_at"]
    return (datetime.now(UTC) - datetime.fromisoformat(begun)).total_seconds() if begun else 0.0
