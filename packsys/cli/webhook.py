"""Commands for messages to callbacks."""

from __future__ import annotations

import click

from packsys.cli.address import find_address
from packsys.cli.ask import asks_service
from packsys.cli.system import installation
from packsys.client import Packsys


@click.group()
def webhook() -> None:
    """Signs, tries and repeats the messages that callbacks get about ended jobs."""


@webhook.command()
@click.option("--workspace", default="default", show_default=True)
@click.option("--rotate", is_flag=True, help="Make another one in place of the one that there is.")
@click.option(
    "--overlap",
    type=click.FloatRange(min=0),
    default=24.0,
    show_default=True,
    help="With --rotate: hours for which the former one signs beside the new one.",
)
def secret(*, workspace: str, rotate: bool, overlap: float) -> None:
    """Makes the secret that a workspace's messages are signed with, and shows it: it cannot be shown again."""
    from packsys.bootstrap import wire

    secrets = wire(installation()).webhook_secrets
    made = secrets.rotate(workspace, overlap=overlap * 3600) if rotate else secrets.make(workspace)
    click.echo(made.reveal())


@webhook.command()
@click.argument("url")
@click.option("--workspace", default="default", show_default=True)
def test(url: str, *, workspace: str) -> None:
    """Sends a signed message of the type webhook.test to URL, and shows the status of the answer."""
    from packsys.bootstrap import wire

    status = wire(installation()).deliver.test(url, workspace=workspace)
    if not 200 <= status < 300:
        raise click.ClickException(f"{url} answered {status}: it must answer with 200 to 299.")
    click.echo(f"{url} answered {status}")


@webhook.command()
@asks_service
def dead(*, url: str | None, key: str | None) -> None:
    """Lists the messages that were given up, with the reason."""
    address = find_address(url=url, key=key)
    with Packsys(address.url, address.key) as service:
        for each in service.deliveries.list(state="dead"):
            click.echo(f"{each['id']}  {each['url']}  {each['reason']}")


@webhook.command()
@click.argument("delivery")
@asks_service
def retry(delivery: str, *, url: str | None, key: str | None) -> None:
    """Sends the message about the job DELIVERY once more, at once and on the whole schedule."""
    address = find_address(url=url, key=key)
    with Packsys(address.url, address.key) as service:
        again = service.deliveries.retry(delivery)
    click.echo(f"{again['id']} {again['state']}")
