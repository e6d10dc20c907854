"""Reads formulas: text → tokens → tree."""

from __future__ import annotations

from packsys.language.parser.machine import Machine
from packsys.language.parser.scanner import scan
from packsys.language.syntax import Parsed


def parse_formula(text: str) -> Parsed:
    """Reads a formula, with or without a leading ``=``.

    Takes time linear in the length. Raises :class:`~packsys.errors.FormulaError` and nothing else.
    """
    return Machine(text, scan(text)).parsed()


def parse_template(text: str) -> Parsed:
    r"""Reads a document's text with holes ``{=…}``; ``\{=`` is not a hole. Raises as :func:`parse_formula` does."""
    return Machine(text, scan(text, template=True)).parsed()
