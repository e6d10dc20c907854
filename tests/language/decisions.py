"""Where packsys differs from a case of others on purpose: the rule, in one line, and the cases.

The rules are those of the language's specification (blanks and errors, operators) or of ``docs/formulas.md``. A case
that is listed must differ: a list that is not true any more is a failure as well.
"""

from __future__ import annotations

from collections.abc import Mapping

_AGGREGATES = (
    *("x0062", "x0073", "x0104", "x0135", "x0136", "x0140", "x0389", "x0394", "x0400", "x0401", "x0405", "x0429"),
    *("x0432", "x0434", "x0435", "x0624", "x0632", "x0634", "x1099", "x1392", "x1450", "x1455", "x1460", "x1484"),
    *("x1490", "x1491", "x1493", "x1494", "x1978", "x2053", "x2054", "x2056", "x2057", "x2058", "x2059", "x2062"),
    *("x2063", "x2064", "x2065", "x2067"),
)
_SMALL_BOOLEANS = (
    *("x0148", "x0217", "x0218", "x0219", "x0220", "x0444", "x0445", "x0638", "x1497", "x1524", "x1525", "x1547"),
    *("x1548", "x1563", "x1564", "x1582", "x1583"),
)

DECIDED: Mapping[str, tuple[str, ...]] = {
    "A text or a boolean is read as a number wherever one is asked for, or is an error; only blanks are skipped": (
        *_AGGREGATES,
        *("x0504", "x1014", "x1191", "x1192", "x1604", "x1839"),
    ),
    "The text of a boolean is true or false, in small letters": _SMALL_BOOLEANS,
    "All arguments and all items of lists are joined; nothing is cut off": ("x0149", "x0150", "x0151", "x0152"),
    "Values of different types are never equal and have no order; nothing is converted to compare it": (
        *("x0212", "x0213", "x0214", "x0215", "x0216", "x1878", "x1890", "x0946"),
    ),
    "A value keeps its type in a branch": ("x1882",),
    "A side of + that is a text joins": ("x0676",),
    "Halves are rounded away from zero": ("x1676", "x1678", "x1680", "x1682", "x1684", "x1687"),
    "Conditions are evaluated from the left, and an error there is the result": ("x1729", "x1731", "x1740", "x1742"),
    "An error is no answer to a question: IsEven of an error is that error": ("x1954", "x1955", "x1956", "x1957"),
    "A text reads as a number when it is written as in a formula: no currencies, no groups of digits, no dates": (
        *("x0503", "x0511", "x0515", "x0516", "x0517", "x0519", "x0520", "x0521", "x2019", "x2020"),
    ),
    "A number of characters is not negative": ("x1903", "x1907"),
    "Substitute takes three arguments: the fourth one, which was lost in the case, is not known": ("x1591",),
    "Trim takes every kind of white space off": ("x1595",),
    "A text is limited to 1,000,000 characters, not to 32,767": ("x1572", "x2003"),
    "Dates before 1900 are dates": ("x0754", "x0755"),
    "The fourth quarter is the largest item, as it is in spreadsheets": ("x0427",),
    "There are no multiples of zero to round down to, as other sources say": ("x0044",),
    "Floor goes down to a multiple, by decimal digits, and the signs agree, as other sources say": (
        *("x0559", "x0560", "x0561"),
    ),
    "Divisors and multiples are those of whole numbers that are not negative, as other sources say": ("x0565", "x0570"),
}
"""By rule, the cases marked ``decide`` that differ."""

DISPUTED: Mapping[str, str] = {
    "x0091": "The language rounds halves away from zero (specification, 1.5) and reckons with the digits as written "
    "(0.1 + 0.2 is 0.3): 6.05 lies half-way between 6 and 6.1 and goes to 6.1, as 7.05 goes to 7.1 in x0092. The 6 of "
    "the source comes of 6.05 / 0.1 being 60.4999… in binary; to follow it is to let binary show through here alone.",
}
"""The cases marked ``core`` that differ, and the rule of the specification that they contradict."""
