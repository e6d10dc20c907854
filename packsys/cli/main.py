"""The command line: ``packsys``. Every command is imported when it is asked for, so that each starts fast."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from packsys import __version__
from packsys.errors import Actor, FormulaError, PacksysError
from packsys.starting import without_collecting
from packsys.taxonomy import RECOVERY

COMMANDS = {
    "run": "packsys.cli.author:run",
    "pack": "packsys.cli.pack:pack",
    "up": "packsys.cli.operate:up",
    "serve": "packsys.cli.operate:serve",
    "migrate": "packsys.cli.operate:migrate",
    "key": "packsys.cli.operate:key",
    "formula": "packsys.cli.ask:formula",
    "plan": "packsys.cli.ask:plan",
    "connect": "packsys.cli.connections:connect",
    "connections": "packsys.cli.connections:connections",
    "oauth-client": "packsys.cli.connections:oauth_client",
    "webhook": "packsys.cli.webhook:webhook",
    "vault": "packsys.cli.vault:vault",
    "sync": "packsys.cli.sync:sync",
    "cache": "packsys.cli.cache:cache",
    "doctor": "packsys.cli.doctor:doctor",
}

EXIT = {Actor.CALLER: 2, Actor.AUTHOR: 2, Actor.OWNER: 3, Actor.MAKER: 4, Actor.TIME: 5, Actor.US: 70}


class Commands(click.Group):
    """Finds a command by its name and imports its module then."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Lists the commands in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the command, or gives None when there is no such."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        with without_collecting():
            command: click.Command = getattr(import_module(module), name)
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="packsys")
def cli() -> None:
    """Runs packs: formulas that call other people's services."""


def main() -> None:
    """Runs the command and turns an error into its message and exit code.

    2: the formula or the command is wrong. 3: the connection's owner must act. 4: the pack's maker must act.
    5: try again later. 70: packsys itself failed.
    """
    try:
        cli()
    except PacksysError as error:
        click.echo(trouble(error), err=True)
        sys.exit(EXIT[error.actor])


def trouble(error: PacksysError) -> str:
    """Says to a person what is wrong and, in a second line, what helps.

    A wrong command or formula needs no such line: its message is about what to write.
    """
    if isinstance(error, FormulaError):
        return error.render()
    if error.actor is Actor.CALLER or error.code not in RECOVERY:
        return str(error)
    return f"{error}\n{error.advice}"


if __name__ == "__main__":
    main()
