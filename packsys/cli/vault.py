"""Commands for the keys that secrets are sealed with."""

from __future__ import annotations

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from packsys.cli.system import installation


@click.group()
def vault() -> None:
    """Changes the key that secrets are sealed with."""


@vault.command()
def rotate() -> None:
    """Seals every secret with the first key of PACKSYS_VAULT_KEYS, while the house is at work.

    It may be stopped and begun again. When it ends without trouble, the other keys are not needed any more, after the
    ten minutes that a sign-in may take.
    """
    from packsys.bootstrap import wire

    screen = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    seen = changed = 0
    troubles: list[str] = []
    with Progress(*columns, console=screen, disable=not screen.is_terminal) as progress:
        line = progress.add_task("sealing anew", total=None)
        for each in wire(installation()).rotate():
            seen, changed = seen + 1, changed + each.changed
            troubles.extend([each.trouble] if each.trouble else [])
            progress.update(line, description=f"{changed} of {seen} sealed anew")
    click.echo(f"{changed} of {seen} secrets were sealed anew")
    if troubles:
        raise click.ClickException("\n".join(troubles))
