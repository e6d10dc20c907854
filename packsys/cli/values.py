"""Reads variables from a command line and prints values to it."""

from __future__ import annotations

import json
from typing import Any

import click

from packsys.errors import RequestError


def read_variable(text: str) -> tuple[str, Any]:
    """Reads NAME=JSON; what is not JSON is text. Raises RequestError."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise RequestError(f"The variable {text!r} is not NAME=VALUE.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def print_value(value: Any) -> None:
    """Prints text as it is and everything else as JSON."""
    click.echo(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2))
