"""Regular expressions of packs, which are matched against what strangers paste: they must end in time.

Python tries every way to match. Where something variable repeats without end, as in ``(a+)+`` or ``(a|a)*``, the
number of ways may double with each letter; so it may with each option, as in ``a?a?a?aaa``. References back to a group
and looking around make other traps. What is left takes ten million steps at worst: the ways in which its options can be
read, times the length of the text for each repetition that may end at more than one place, of which there are two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from packsys.sdk.errors import PackDeclarationError

LONGEST_PATTERN = 300
LONGEST_TEXT = 1_000
MOST_LOOSE = 2
MOST_STEPS = 10_000_000

_SPECIAL = re.compile(
    r"""
      (?P<back>\\[1-9] | \(\?P= | \(\?\() | (?P<escape>\\.) | (?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])
    | (?P<look>\(\?<?[=!]) | (?P<aside>\(\?\# | \(\?[a-z]*x)
    | (?P<open>\((?:\?(?:P<\w+>|>|[\w-]*:))?) | (?P<close>\)) | (?P<either>\|)
    | (?P<many>[*+] | \{\d*,(?:[5-9]|\d{2,})?\} | \{(?:[5-9]|\d{2,})\}) | (?P<few>\{\d*,?[0-4]\}) | (?P<maybe>\?)
    """,
    re.VERBOSE | re.DOTALL,
)

_ATOM = re.compile(r"(?:\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\*+?{}()|^$])\Z", re.DOTALL)
_LITERAL = re.compile(r"(?:([\w/:@=&#,;%~ -])|\\([^\w]))(?![*?{])")  # one letter that must stand there


def check_pattern(what: str, pattern: str) -> None:
    """Refuses a pattern that is too long, malformed, or could take very long to match."""
    if not pattern or len(pattern) > LONGEST_PATTERN:
        raise PackDeclarationError(
            f"{what} has a pattern of {len(pattern)} characters: write one of 1 to {LONGEST_PATTERN}."
        )
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise PackDeclarationError(
            f"{what} has the pattern {pattern!r}, which is no regular expression: {error}; correct it."
        ) from None
    wrong = next(_dangers(pattern), "")
    if wrong:
        raise PackDeclarationError(f"{what} has the pattern {pattern!r}, which {wrong}.")


def matches(pattern: str, text: str) -> bool:
    """Tells whether a whole text, without the blanks around it, is of the pattern; a very long one never is."""
    return len(text) <= LONGEST_TEXT and re.fullmatch(pattern, text.strip()) is not None


def _dangers(pattern: str) -> Iterator[str]:
    found = [*_SPECIAL.finditer(pattern)]
    kinds = [each.lastgroup for each in found]
    if "back" in kinds:
        yield "refers back to a group: write out what it may be"
    if "look" in kinds:
        yield "looks around: say what the text is, not what stands beside it"
    if "aside" in kinds:
        yield "has a comment, or the flag for comments: write the pattern alone"
    loose = sum(_is_loose(pattern, each) for each in found)
    if loose > MOST_LOOSE:
        yield "repeats without saying where that ends: put after each repetition a letter that it cannot be"
    if _repeats_what_varies(found):
        yield "repeats a group in which something varies: write a set such as '[a-z.]+' in place of the group"
    elif _ways(found) * LONGEST_TEXT**loose > MOST_STEPS:
        yield "can be read in too many ways: write sets such as '[ab]' in place of options, or fewer of them"


def _repeats_what_varies(found: list[re.Match[str]]) -> bool:
    """Tells whether a group that varies is repeated often, or one that repeats such a group is repeated again."""
    levels, last, end = [0], 0, -1  # of each open group; of the group that was closed last, and where it was
    for each in found:
        on_group = each.start() == end
        match each.lastgroup:
            case "open":
                levels.append(0)
            case "close":
                last, end = levels.pop(), each.end()
                levels[-1] = max(levels[-1], last)
            case "many" | "few" if on_group and last >= (1 if each.lastgroup == "many" else 2):
                return True
            case "many":
                levels[-1] = 2
            case "few" | "maybe" | "either":
                levels[-1] = max(levels[-1], 2 if on_group and last and each.lastgroup == "few" else 1)
    return False


def _ways(found: list[re.Match[str]]) -> int:
    """Counts in how many ways the options of a pattern can be taken: all of them may be tried."""
    levels, last, end = [(0, 1)], 1, -1  # the ways of the branches before, and of this one, in each open group
    for each in found:
        before, here = levels.pop()
        size = last if each.start() == end else 1  # the ways of what is repeated
        match each.lastgroup:
            case "open":
                levels += [(before, here), (0, 1)]
                continue
            case "close":
                last, end = before + here, each.end()
                before, here = levels.pop() if levels else (0, 1)
                here *= last
            case "either":
                before, here = before + here, 1
            case "maybe":
                here *= 2
            case "few":
                here = here // size * _repeated(size, each[0])
        levels.append((before, here))
    return sum(levels[-1])


def _repeated(ways: int, bounds: str) -> int:
    """Counts the ways of what is repeated as often as ``{2,4}`` says."""
    least, comma, most = bounds.strip("{}").partition(",")
    return sum(ways**times for times in range(int(least or 0), int((most if comma else least) or 0) + 1))


def _is_loose(pattern: str, each: re.Match[str]) -> bool:
    """Tells whether something repeats that could also end elsewhere: neither at the end, nor before what it is not."""
    if each.lastgroup != "many":
        return False
    atom, rest = _ATOM.search(pattern, 0, each.start()), pattern[each.end() :].lstrip("?+")
    follows = _LITERAL.match(rest)
    if not rest or atom is None or follows is None:
        return bool(rest)
    return re.fullmatch(atom[0], follows[1] or follows[2], re.IGNORECASE) is not None
