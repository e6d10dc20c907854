"""Column formats: a pasted value becomes what one of the pack's formulas makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from packsys.sdk.errors import PackDeclarationError
from packsys.sdk.formula import Formula
from packsys.sdk.names import check_description, check_domain, check_name
from packsys.sdk.patterns import check_pattern, matches

MOST_MATCHERS = 10


@dataclass(frozen=True, kw_only=True)
class ColumnFormat:
    """Is one column format: a value that is an address below one of ``domains``, or fits a matcher, goes to a formula.

    A matcher is a regular expression for the whole value, as :mod:`packsys.sdk.patterns` allows them.
    """

    name: str
    formula: str
    domains: tuple[str, ...] = ()
    matchers: tuple[str, ...] = ()
    instructions: str = ""
    placeholder: str = ""

    def takes(self, value: str) -> bool:
        """Tells whether a value is one for this format."""
        return any(_is_below(value, each) for each in self.domains) or any(
            matches(each, value) for each in self.matchers
        )


def check_format(pack: str, declared: ColumnFormat, formula: Formula | None) -> None:
    """Refuses a format whose formula is not there or cannot be called with the value alone, and bad matchers."""
    what = f"Column format {declared.name}"
    check_name("A column format", declared.name)
    if formula is None:
        raise PackDeclarationError(
            f"{what} calls the formula {declared.formula!r}, which is not declared: declare it first."
        )
    required = [each for each in formula.parameters if each.required]
    if len(required) != 1 or formula.is_action:
        raise PackDeclarationError(
            f"{what} calls the formula {formula.name}: let it be no action, with exactly one required parameter."
        )
    if len(declared.matchers) > MOST_MATCHERS:
        raise PackDeclarationError(
            f"{what} has {len(declared.matchers)} matchers: write {MOST_MATCHERS} at most, or use domains=."
        )
    for domain in declared.domains:
        check_domain(pack, domain)
    for pattern in declared.matchers:
        check_pattern(what, pattern)
    if declared.instructions:
        check_description(what, declared.instructions)


def format_of(formats: Sequence[ColumnFormat], value: str) -> ColumnFormat | None:
    """Finds the first format that takes a value."""
    return next((each for each in formats if each.takes(value)), None)


def _is_below(value: str, domain: str) -> bool:
    try:
        parts = urlsplit(value.strip())
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and (host == domain or host.endswith(f".{domain}"))
