"""The built-in functions."""

from __future__ import annotations

from typing import Final

from packsys.language.functions import date, list, logic, number, object, text
from packsys.language.functions.registry import Library, declared_in

LIBRARY: Final = Library(declared_in(logic, list, object, number, text, date))
"""Every built-in function; it never changes."""
