"""What the commands that ask a service offer."""

from __future__ import annotations

import click

from packsys.cli.ask import formula
from packsys.model import Priority


def test_a_job_may_have_every_priority_that_there_is() -> None:
    option = next(each for each in formula.params if each.name == "priority")
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == tuple(Priority)
