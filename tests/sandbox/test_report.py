"""A worker says at its start which walls stand, in one event."""

from __future__ import annotations

import logging

import pytest

from packsys.errors import NoSandbox
from packsys.sandbox.confinement import Granted
from packsys.sandbox.report import report


class Sandbox:
    """Is a sandbox on a machine of which a test says what it has."""

    def __init__(self, granted: Granted | None) -> None:
        self._granted = granted

    def start(self) -> Granted:
        if self._granted is None:
            raise NoSandbox("There are no walls here.")
        return self._granted


WHOLE = Granted(landlock_version=7)
PART = Granted(landlock="the kernel does not know it")


@pytest.mark.parametrize(
    ("python", "javascript", "level", "said"),
    [
        (WHOLE, WHOLE, "INFO", "seccomp, Landlock ABI 7, namespaces"),
        (WHOLE, PART, "INFO", "seccomp, namespaces; no Landlock: the kernel does not know it"),
        (WHOLE, None, "WARNING", "There are no walls here."),
    ],
)
def test_the_walls_are_one_event(
    python: Granted, javascript: Granted | None, level: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        report({"python": Sandbox(python), "javascript": Sandbox(javascript)})
    [event] = caplog.records
    assert (event.getMessage(), event.levelname) == ("sandbox.walls", level)
    assert vars(event)["python"] == "seccomp, Landlock ABI 7, namespaces"
    assert vars(event)["javascript"] == said
