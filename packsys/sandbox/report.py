"""Says which walls this machine puts around the code of strangers, as one log event when a worker starts."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Protocol

from packsys.errors import NoSandbox
from packsys.sandbox.confinement import Granted

log = logging.getLogger(__name__)


class Walled(Protocol):
    """Is a sandbox that can be tried out."""

    def start(self) -> Granted:
        """Builds the walls and says which stand; raises :class:`~packsys.errors.NoSandbox` where they are too few."""


def report(sandboxes: Mapping[str, Walled]) -> None:
    """Starts each sandbox and logs ``sandbox.walls`` once, as a warning where one has too few of them.

    Such a machine still runs the packs that ship; the calls of published ones fail with the sentence that is logged.
    """
    tried = {runtime: _tried(sandbox) for runtime, sandbox in sandboxes.items()}
    level = logging.INFO if all(isinstance(each, Granted) for each in tried.values()) else logging.WARNING
    log.log(level, "sandbox.walls", extra={runtime: _said(each) for runtime, each in tried.items()})


def _tried(sandbox: Walled) -> Granted | NoSandbox:
    try:
        return sandbox.start()
    except NoSandbox as refusal:
        return refusal


def _said(tried: Granted | NoSandbox) -> str:
    if isinstance(tried, NoSandbox):
        return tried.message
    walls = {
        "seccomp": tried.seccomp,
        f"Landlock ABI {tried.landlock_version}": tried.landlock,
        "namespaces": tried.namespaces,
    }
    standing = ", ".join(name for name, lack in walls.items() if not lack)
    lacking = "".join(f"; no {name.partition(' ')[0]}: {lack}" for name, lack in walls.items() if lack)
    return standing + lacking
