"""How languages and countries name months and write numbers: the one door to Babel."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation, localcontext
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from packsys.language.bounds import too_much
from packsys.values import failure

MAX_PATTERN: Final = 200
"""Characters of a pattern for numbers or dates."""

DEFAULT: Final = "en"
"""The locale of a job that names none."""

if TYPE_CHECKING:
    from babel import Locale


def tag_of(name: str) -> str:
    """Writes the name of a locale as a language tag (BCP 47): ``de_at`` becomes ``de-AT``.

    A character set after a point is left out. Raises Failure for a locale that Babel does not know.
    """
    if name == DEFAULT:
        return name
    from babel.core import parse_locale  # noqa: PLC0415 - most jobs name none

    _locale(name)
    language, territory, script, variant = parse_locale(name.replace("-", "_"))[:4]
    return "-".join(part for part in (language, script, territory, variant) if part)


def month_name(month: int, width: str, locale: str) -> str:
    """Names a month, 1 to 12, ``wide`` or ``abbreviated``."""
    return str(_locale(locale).months["format"][width][month])


def weekday_name(weekday: int, width: str, locale: str) -> str:
    """Names a day of the week, 0 for Monday to 6 for Sunday."""
    return str(_locale(locale).days["format"][width][weekday])


def number_text(number: int | float, pattern: str | None, locale: str) -> str:
    """Writes a number as people of a locale do, or by a Unicode pattern such as ``#,##0.00``."""
    from babel.numbers import format_decimal  # noqa: PLC0415 - few formulas pay for it

    _check(pattern or "")
    known, exact = _locale(locale), Decimal(number) if isinstance(number, int) else Decimal(repr(number))
    try:
        with localcontext(prec=800):  # Babel counts with the precision at hand, which is 28 digits
            text = format_decimal(exact, pattern, known, decimal_quantization=pattern is not None)
    except (ValueError, KeyError, IndexError, InvalidOperation):
        raise failure("Value", f"The pattern {(pattern or '')[:40]!r} is none: write it as #,##0.00.") from None
    return str(text)


def date_text(moment: date, pattern: str, locale: str) -> str:
    """Writes a date by a Unicode pattern such as ``d MMMM yyyy``, or as ``short``, ``medium``, ``long`` or ``full``."""
    from babel.dates import format_date, format_datetime  # noqa: PLC0415 - few formulas pay for it

    _check(pattern)
    known = _locale(locale)
    try:
        if isinstance(moment, datetime):
            return str(format_datetime(moment, pattern, tzinfo=moment.tzinfo, locale=known))
        return str(format_date(moment, pattern, locale=known))
    except (ValueError, KeyError, AttributeError):
        raise failure("Value", f"The pattern {pattern[:40]!r} is none: write it as d MMMM yyyy.") from None


def _check(pattern: str) -> None:
    if len(pattern) > MAX_PATTERN:
        raise too_much("The pattern has too many characters", len(pattern), MAX_PATTERN)


@lru_cache(maxsize=64)
def _locale(name: str) -> Locale:
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - few formulas pay for it

    try:
        return Locale.parse(name.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        raise failure("Value", f"There is no locale {name[:40]!r}: write it as en, de-AT or zh-CN.") from None
