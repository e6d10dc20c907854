"""What a formula may hold, and how one kind of value becomes another.

A value is blank (None), a boolean, a number, a text, a date, a point in time, a duration, an account, an error, or
a list or an object of values. It travels in four forms:

- :func:`to_json` and :func:`from_json`: what the stores keep, as :func:`kept_text`; nothing is lost;
- :func:`plain` and :func:`from_plain`: what HTTP clients read and send;
- :func:`canonical`: bytes that are equal when the values are, for keys;
- :func:`text_of`, :func:`number_of`, :func:`truth_of`: what an operator or a function makes of it.
"""

from packsys.values.coercion import number_of, text_of, tidy, truth_of, wall_clock
from packsys.values.comparison import equal, order
from packsys.values.kept import MAX_BITS, MAX_DEPTH, canonical, from_json, kept_text, to_json
from packsys.values.kinds import Account, ErrorValue, Failure, Json, Origin, Value, failure, is_blank, kind_of
from packsys.values.plain import from_plain, plain

__all__ = [
    "MAX_BITS",
    "MAX_DEPTH",
    "Account",
    "ErrorValue",
    "Failure",
    "Json",
    "Origin",
    "Value",
    "canonical",
    "equal",
    "failure",
    "from_json",
    "from_plain",
    "is_blank",
    "kept_text",
    "kind_of",
    "number_of",
    "order",
    "plain",
    "text_of",
    "tidy",
    "to_json",
    "truth_of",
    "wall_clock",
]
