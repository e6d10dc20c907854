"""Texts made of other values: padded, repeated, filled into a template, listed, encoded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote, unquote_plus

from packsys.language.bounds import check_length
from packsys.language.characters import characters
from packsys.language.functions.registry import deep, may_take, may_take_locale, strict, takes, takes_many
from packsys.language.functions.text import counted
from packsys.language.locales import number_text
from packsys.language.operators import join
from packsys.language.signature import Kind, Shape
from packsys.values import Value, failure, text_of

_TEXT, _NUMBER = Shape(Kind.TEXT), Shape(Kind.NUMBER)
_WORD = re.compile(r"[^\W\d_]+(?>(?:['’][^\W\d_]+)*)")
_HOLE = re.compile(r"\{([1-9][0-9]{0,3})(?::(0{1,99}))?\}")


@strict(
    "Proper",
    "Begins each word of a text with a capital letter, and makes the others small.",
    takes("text", Kind.TEXT),
    examples={'Proper("2-way STREET")': "2-Way Street", 'Proper("it\'s")': "It's"},
    result=_TEXT,
)
def proper(text: str) -> Value:
    """Makes a title."""
    return _WORD.sub(lambda word: word[0][:1].title() + word[0][1:].lower(), text)


@strict(
    "Repeat",
    "Writes a text a number of times.",
    takes("text", Kind.TEXT),
    takes("count", Kind.NUMBER),
    examples={'Repeat("ab", 3)': "ababab"},
    result=_TEXT,
)
def repeat(text: str, count: float) -> Value:
    """Repeats a text, unless it becomes too long."""
    check_length(len(text) * counted(count))
    return text * int(count)


@strict(
    "LeftPad",
    "Puts characters before a text, until it has a length.",
    takes("text", Kind.TEXT),
    takes("length", Kind.NUMBER),
    may_take("character", Kind.TEXT, default=" "),
    examples={'LeftPad(7, 3, "0")': "007", 'LeftPad("abcd", 3)': "abcd"},
    result=_TEXT,
)
def left_pad(text: str, length: float, character: str) -> Value:
    """Fills on the left."""
    return _filling(text, length, character) + text


@strict(
    "RightPad",
    "Puts characters behind a text, until it has a length.",
    takes("text", Kind.TEXT),
    takes("length", Kind.NUMBER),
    may_take("character", Kind.TEXT, default=" "),
    examples={'RightPad("ab", 4, ".")': "ab.."},
    result=_TEXT,
)
def right_pad(text: str, length: float, character: str) -> Value:
    """Fills on the right."""
    return text + _filling(text, length, character)


@strict(
    "Format",
    "Fills values into a template: {1} is the first, {2:000} the second with zeros before it up to three digits.",
    takes("template", Kind.TEXT),
    takes_many("value"),
    examples={'Format("{2} of {1}", 10, 3)': "3 of 10", 'Format("No. {1:000}", 7)': "No. 007"},
    result=_TEXT,
    cost=deep,
)
def format_(template: str, *values: Value) -> Value:
    """Fills a template."""
    pieces = _HOLE.split(template)
    holes = [_filled(int(pieces[at]), pieces[at + 1], values) for at in range(1, len(pieces), 3)]
    return join(*(part for pair in zip(pieces[::3], [*holes, ""], strict=True) for part in pair))


@strict(
    "FormatNumber",
    "Writes a number as people of a country do, or by a pattern such as #,##0.00.",
    takes("number", Kind.NUMBER),
    may_take("pattern", Kind.TEXT),
    may_take_locale(),
    examples={
        "FormatNumber(1234567.5)": "1,234,567.5",
        'FormatNumber(1234.5, "#,##0.00", "de")': "1.234,50",
    },
    result=_TEXT,
)
def format_number(number: float, pattern: str | None, locale: str) -> Value:
    """Writes a number."""
    return number_text(number, pattern, locale)


@strict(
    "Character",
    "Gives the character of a Unicode number.",
    takes("code", Kind.NUMBER),
    examples={"Character(65)": "A", "Character(128512)": "😀"},
    result=_TEXT,
    aliases=("Char",),
)
def character(code: float) -> Value:
    """Makes a character."""
    if not 1 <= code < 0x110000 or 0xD800 <= code < 0xE000:
        raise failure("Value", f"There is no character with the number {code:g}.")
    return chr(int(code))


@strict(
    "CharCode",
    "Gives the Unicode number of a text's first code point.",
    takes("text", Kind.TEXT),
    examples={'CharCode("A")': 65, 'CharCode("é")': 233},
    result=_NUMBER,
)
def char_code(text: str) -> Value:
    """Reads a character's number."""
    if not text:
        raise failure("Value", "An empty text has no first character.")
    return ord(text[0])


@strict(
    "ToHexadecimal",
    "Writes a whole number with the digits 0 to 9 and a to f.",
    takes("number", Kind.NUMBER),
    examples={"ToHexadecimal(255)": "ff", "ToHexadecimal(-16)": "-10"},
    result=_TEXT,
)
def to_hexadecimal(number: float) -> Value:
    """Writes in base sixteen."""
    return format(int(number), "x")


@strict(
    "EncodeForUrl",
    "Writes a text so that it can be a part of an address.",
    takes("text", Kind.TEXT),
    examples={'EncodeForUrl("a b&c/å")': "a%20b%26c%2F%C3%A5"},
    result=_TEXT,
)
def encode_for_url(text: str) -> Value:
    """Encodes by RFC 3986, as UTF-8."""
    return quote(text, safe="")


@strict(
    "DecodeFromUrl",
    "Reads what EncodeForUrl writes, and + as a blank.",
    takes("text", Kind.TEXT),
    examples={'DecodeFromUrl("a%20b+c")': "a b c"},
    result=_TEXT,
)
def decode_from_url(text: str) -> Value:
    """Decodes; what is no UTF-8 becomes U+FFFD."""
    return unquote_plus(text)


@strict(
    "BulletedList",
    "Writes the items of a list line by line, with bullets.",
    takes("list", Kind.LIST),
    examples={'List("a", "b").BulletedList()': "• a\n• b"},
    result=_TEXT,
    cost=deep,
)
def bulleted_list(items: Sequence[Value]) -> Value:
    """Lists with bullets."""
    return "\n".join(f"• {text_of(item)}" for item in items)


@strict(
    "NumberedList",
    "Writes the items of a list line by line, with numbers.",
    takes("list", Kind.LIST),
    examples={'List("a", "b").NumberedList()': "1. a\n2. b"},
    result=_TEXT,
    cost=deep,
)
def numbered_list(items: Sequence[Value]) -> Value:
    """Lists with numbers."""
    return "\n".join(f"{number}. {text_of(item)}" for number, item in enumerate(items, 1))


def _filling(text: str, length: float, character: str) -> str:
    if len(characters(character)) != 1:
        raise failure("Value", "A text is padded with one character.")
    missing = max(0, int(length) - len(characters(text)))
    check_length(len(text) + missing * len(character))
    return character * missing


def _filled(number: int, zeros: str | None, values: Sequence[Value]) -> str:
    if number > len(values):
        raise failure("Value", f"The template asks for {{{number}}}, and {len(values)} values were given.")
    shown = text_of(values[number - 1])
    sign = "-" if zeros and shown.startswith("-") else ""
    return sign + shown[len(sign) :].rjust(len(zeros or ""), "0")
