"""Shows plans and running jobs in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.tree import Tree

MARKS = {"done": "[green]✓[/]", "failed": "[red]✗[/]", "running": "[cyan]…[/]", "waiting": "[yellow]⏲[/]"}


def plan_tree(plan: Mapping[str, Any]) -> Tree:
    """Draws the waves of a plan: what runs side by side, what depends on what, what may not run at all."""
    steps = {step["id"]: step for step in plan["steps"]}
    tree = Tree("[bold]Plan[/]" if plan["waves"] else "[bold]Plan[/]: no calls, the formula is pure")
    for number, wave in enumerate(plan["waves"], start=1):
        branch = tree.add(f"wave {number}" + (f" [dim]({len(wave)} side by side)[/]" if len(wave) > 1 else ""))
        for key in wave:
            branch.add(_planned(steps[key]))
    return tree


def _planned(step: Mapping[str, Any]) -> str:
    notes = [
        *(["for each item"] if step["fans_out"] else []),
        *(["only if needed"] if step["guarded"] else []),
        *([f"after {', '.join(step['depends_on'])}"] if step["depends_on"] else []),
    ]
    return f"[cyan]{step['id']}[/] {step['call']}" + (f" [dim]{' · '.join(notes)}[/]" if notes else "")


def job_table(job: Mapping[str, Any]) -> Table:
    """Lists a job's steps with their timings in milliseconds: waiting in the queue, and running."""
    table = Table(box=None, pad_edge=False)
    for column in ("", "step", "call", "wave", "tries"):
        table.add_column(column)
    table.add_column("ms", justify="right")
    for step in job["steps"]:
        note = "[dim]from cache[/]" if step["cached"] else _milliseconds(step["seconds"])
        mark = MARKS.get(step["state"], "·")
        table.add_row(mark, str(step["number"]), step["call"], str(step["wave"]), str(step["attempt"]), note)
    return table


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:.0f}"


class Watch:
    """Draws a job's steps as they happen: one line per wave and call, with a bar over its steps."""

    def __init__(self, console: Console) -> None:
        """Takes the terminal to draw on; draws nothing where it is none."""
        self.progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self.lines: dict[tuple[int, str], TaskID] = {}
        self.steps: dict[str, TaskID] = {}

    def __enter__(self) -> Watch:
        """Begins to draw."""
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leaves the last picture on the screen."""
        self.progress.stop()

    def follow(self, events: Iterable[Any]) -> None:
        """Draws events until they end."""
        for event in events:
            self.see(event.kind, event.step, event.detail)

    def see(self, kind: str, step: str | None, detail: Mapping[str, Any]) -> None:
        """Draws one event."""
        match kind, step:
            case "step.queued", str() if step not in self.steps:
                self.steps[step] = self._line(int(detail["wave"]), str(detail["call"]))
            case "step.running", str():
                self.progress.start_task(self.steps[step])
            case "step.waiting", str():
                self.progress.update(self.steps[step], note=f"[yellow]trying again: {detail['cause']}[/]")
            case (("step.done" | "step.failed"), str()):
                self._ended(self.steps[step], kind, detail)

    def _line(self, wave: int, call: str) -> TaskID:
        line = self.lines.get((wave, call))
        if line is None:
            line = self.progress.add_task(f"wave {wave}  {call}", total=0, start=False, note="")
            self.lines[wave, call] = line
        total = self.progress.tasks[line].total or 0
        self.progress.update(line, total=total + 1)
        return line

    def _ended(self, line: TaskID, kind: str, detail: Mapping[str, Any]) -> None:
        notes = {"step.failed": f"[red]{detail.get('code')}[/]"}
        note = notes.get(kind) or ("[dim]from cache[/]" if detail.get("cached") else "")
        self.progress.update(line, advance=1, note=note)
