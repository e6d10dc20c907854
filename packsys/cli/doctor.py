"""The command that looks an installation over."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import click

from packsys.errors import PacksysError
from packsys.sandbox.confinement import Granted


@dataclass(frozen=True)
class Finding:
    """Is one thing that was looked at; ``trouble`` is blank when it is well, and fatal unless ``optional``."""

    subject: str
    trouble: str
    optional: bool = False


@click.command()
def doctor() -> None:
    """Looks over this machine and the installation, and says what is missing.

    Ends with 1 when something does not work. The installation is that of $PACKSYS_DATABASE_URL and its companions,
    else the one of 'packsys up'.
    """
    findings = [*machine(), *installation_findings()]
    for finding in findings:
        mark = "·" if finding.trouble and finding.optional else "✗" if finding.trouble else "✓"
        click.echo(f"{mark} {finding.subject}" + (f": {finding.trouble}" if finding.trouble else ""))
    if any(finding.trouble and not finding.optional for finding in findings):
        sys.exit(1)


def machine() -> Iterator[Finding]:
    """Looks at the walls that this machine can put around the code of strangers."""
    yield from python_walls()
    yield from javascript_walls()


def python_walls() -> Iterator[Finding]:
    """Tries the walls around packs in Python."""
    from packsys.sandbox.python import probe

    try:
        granted = probe()
    except PacksysError as error:
        yield Finding("sandbox", error.message, optional=True)
        return
    yield from _walls("sandbox", granted)


def javascript_walls() -> Iterator[Finding]:
    """Tries the walls around packs in JavaScript."""
    from packsys.sandbox.javascript.runner import JavaScriptSandbox

    try:
        with closing(JavaScriptSandbox(lambda pack_id, version: {}, spare=0)) as sandbox:
            granted = sandbox.start()
    except PacksysError as error:
        yield Finding("sandbox for JavaScript", error.message, optional=True)
        return
    yield from _walls("sandbox for JavaScript", granted)


def _walls(name: str, granted: Granted) -> Iterator[Finding]:
    landlock = f"Landlock ABI {granted.landlock_version}"
    yield Finding(f"{name}: system calls are filtered (seccomp)", granted.seccomp, optional=True)
    yield Finding(f"{name}: files and sockets are out of reach ({landlock})", granted.landlock, optional=True)
    yield Finding(f"{name}: a world of its own (namespaces)", granted.namespaces, optional=True)


def installation_findings() -> Iterator[Finding]:
    """Looks at the servers, the packs and the networks of the installation, where there is one."""
    from packsys.cli.system import installation

    try:
        settings = installation()
    except PacksysError as error:
        yield Finding("installation", error.message, optional=True)
        return
    from packsys.bootstrap import wire

    try:
        services = wire(settings)
    except PacksysError as error:
        yield Finding("settings", error.message)
        return
    states = services.ready()
    for name, state in states.items():
        yield Finding(name, "" if state == "ok" else state)
    if all(state == "ok" for state in states.values()):
        yield Finding(f"packs: {', '.join(services.packs.names())}", "")
    networks = ", ".join(settings.allowed_networks) or "none"
    yield Finding(f"private networks that packs may reach: {networks}", "")
