"""Shows packsys at work: starts everything, submits the reference formula, shows each call as it runs.

    make demo

Needs nothing but Python: PostgreSQL and Valkey come from wheels, and a small stand-in answers for GitHub.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.rule import Rule

from packsys.cli.show import Watch, job_table, plan_tree
from packsys.cli.system import Plan, System
from packsys.client import Packsys
from packsys.errors import PacksysError
from tests.fakeapi import TOKEN, FakeGitHub

HOME = Path(os.environ.get("PACKSYS_HOME") or Path(__file__).resolve().parents[1] / ".packsys" / "demo")
CONNECTION = "8e11cd1b-c2e1-4306-9dac-0bd95ecd5084"
ACCOUNT = f"$$[packConnectionReference:{CONNECTION}:1013:85.0.7:false:false:hereisfun]"
GITHUB = "$$[pack:1013:::false:false:GitHub]"
FORMULA = (
    f"{GITHUB}::Repo({GITHUB}::Repos({ACCOUNT}).First().$$[variable::::true:false:Url], "
    f"account: {ACCOUNT}).$$[variable::::true:false:FullName] + '测试'"
)


def main() -> int:
    """Runs the demo and gives the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console()
    try:
        run(console)
    except KeyboardInterrupt:
        console.print("\nstopped: nothing is left running")
        return 130
    except PacksysError as error:
        console.print(error.message, style="red", markup=False)
        return 1
    return 0


def run(console: Console) -> None:
    """Starts the house, runs the formula, and stops the house."""
    begun = time.perf_counter()
    plan = Plan(
        directory=HOME,
        parts=("service", "worker"),
        slots=2,
        allowed_networks=("127.0.0.0/8",),
        patience=0.5,  # the one job has ended: nobody has anything to finish
    )
    console.print("Starting PostgreSQL, Valkey, the service, a worker, and a stand-in for GitHub …", style="dim")
    with FakeGitHub(delay=0.15) as github, System(plan) as system:
        console.print(f"ready in {time.perf_counter() - begun:.1f} s at {system.url}", style="dim")
        with Packsys(system.url, system.key) as service:
            service.connections.connect(
                pack="GitHub", name="hereisfun", token=TOKEN, endpoint=github.url, connection=CONNECTION
            )
            show(console, service)
    console.print(f"everything stopped; {time.perf_counter() - begun:.1f} s in all", style="dim")


def show(console: Console, service: Packsys) -> None:
    """Submits the formula over HTTP and shows its plan, its calls as they run, its value and its timings."""
    console.print(Rule("the formula"), FORMULA, soft_wrap=True, highlight=False, markup=False)
    console.print(Rule("the plan"), plan_tree(service.plan(FORMULA)))
    console.print(Rule("the calls"))
    job = service.submit(FORMULA)
    with Watch(console) as watch:
        watch.follow(service.events(job.id))
    ended = service.job(job.id)
    console.print(Rule("the value"))
    console.print(ended.result(), style="bold green", markup=False)
    console.print(job_table(ended.report))
    console.print(f"{ended.report['seconds'] * 1000:.0f} ms from acceptance to answer", style="dim")


if __name__ == "__main__":
    sys.exit(main())
