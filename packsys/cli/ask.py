"""Commands that ask a running service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from rich.console import Console

from packsys.cli.address import find_address
from packsys.cli.show import Watch, job_table, plan_tree
from packsys.cli.values import print_value, read_variable
from packsys.client import Packsys


def asks_service(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that say which service to ask."""
    url = click.option("--url", help="Address of the service. Default: $PACKSYS_URL, else that of 'packsys up'.")
    key = click.option("--key", help="API key. Default: $PACKSYS_KEY, else the development key of 'packsys up'.")
    return url(key(command))


@click.command()
@click.argument("text", metavar="FORMULA")
@click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="A variable, as JSON or text.")
@click.option("--timeout", default=300.0, show_default=True, help="Seconds after which the job fails.")
@click.option("--locale", default="en", show_default=True, help="Language tag that texts are written for.")
@click.option(
    "--priority",
    type=click.Choice(["interactive", "scheduled", "backfill"]),
    default="interactive",
    show_default=True,
    help="Whose calls go first when workers are busy.",
)
@click.option("--actions", is_flag=True, help="Allow formulas with side effects.")
@click.option("--callback", metavar="URL", help="Address that is told of the end by a signed message.")
@click.option("--steps", is_flag=True, help="Show each call with its timing at the end.")
@asks_service
def formula(
    text: str,
    *,
    variables: tuple[str, ...],
    timeout: float,
    locale: str,
    priority: str,
    actions: bool,
    callback: str | None,
    steps: bool,
    url: str | None,
    key: str | None,
) -> None:
    """Submits FORMULA to a running service, shows its calls as they run, and prints the value."""
    address = find_address(url=url, key=key)
    screen = Console(stderr=True)
    with Packsys(address.url, address.key) as service:
        job = service.submit(
            text,
            variables=dict(map(read_variable, variables)),
            timeout=timeout,
            locale=locale,
            priority=priority,
            actions=actions,
            callback=callback,
        )
        with Watch(screen) as watch:
            watch.follow(service.events(job.id))
        ended = service.job(job.id)
    if steps:
        screen.print(job_table(ended.report))
    print_value(ended.result())


@click.command()
@click.argument("text", metavar="FORMULA")
@asks_service
def plan(text: str, *, url: str | None, key: str | None) -> None:
    """Shows which calls FORMULA would make, and in which order, without making them."""
    address = find_address(url=url, key=key)
    with Packsys(address.url, address.key) as service:
        Console().print(plan_tree(service.plan(text)))
