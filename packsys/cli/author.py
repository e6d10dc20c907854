"""Commands for the makers of packs."""

from __future__ import annotations

import os

import click

from packsys.cli.values import print_value, read_variable
from packsys.cli.workbench import workbench
from packsys.errors import PacksysError
from packsys.model import Submission
from packsys.values import ErrorValue, from_plain, plain


@click.command()
@click.argument("pack", metavar="PACK")
@click.argument("text", metavar="FORMULA")
@click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="A variable, as JSON or text.")
@click.option("--locale", default="en", show_default=True, help="Language tag that texts are written for.")
@click.option("--actions", is_flag=True, help="Allow formulas with side effects.")
@click.option("--endpoint", default="", help="Base URL of a service that you host yourself.")
@click.option("--allow-network", "networks", multiple=True, help="Private network that the pack may reach, as CIDR.")
def run(
    pack: str,
    text: str,
    *,
    variables: tuple[str, ...],
    locale: str,
    actions: bool,
    endpoint: str,
    networks: tuple[str, ...],
) -> None:
    """Evaluates FORMULA with the pack in PACK, a file or folder, in this process: no server is needed.

    The token of the account to use, if any, is read from $PACKSYS_TOKEN. The pack's code runs unprotected: load
    only what you trust.
    """
    bench = workbench(pack, token=os.environ.get("PACKSYS_TOKEN"), endpoint=endpoint, allowed_networks=networks)
    names = {name: from_plain(value) for name, value in map(read_variable, variables)}
    value = bench.evaluate(Submission(formula=text, variables=names, locale=locale, actions=actions))
    if isinstance(value, ErrorValue):
        raise Failed(value)
    print_value(plain(value))


class Failed(PacksysError):
    """The formula ended as an error."""

    def __init__(self, value: ErrorValue) -> None:
        """Takes the error value, whose actor decides the exit code."""
        super().__init__(f"{value.code}: {value.message}", retry_after=value.retry_after)
        self.code = value.code
        self.actor = value.actor
        self.retryable = value.retryable
