"""Imports what speaks other people's protocols, when a connection first needs it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from packsys.errors import WrongSetUp


def library(module: str, *, extra: str = "") -> Any:
    """Gives a module of a library that takes long to import, or that not every installation has.

    ``extra`` is the one of packsys that brings it, for the sentence of :class:`~packsys.errors.WrongSetUp`.
    """
    try:
        return import_module(module)
    except ImportError as error:
        name = module.partition(".")[0]
        wanted = f"packsys[{extra}]" if extra else name
        raise WrongSetUp(
            f"This connection needs {name}, which is not installed: install {wanted} on every machine."
        ) from error
