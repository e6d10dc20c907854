"""What backslashes and doubled quotes mean in texts and names."""

from __future__ import annotations

import re
import unicodedata

_PLAIN = {"n": "\n", "t": "\t", "r": "\r"}
_SIGN = r"\\(u[0-9a-fA-F]{4}|[\"'\\ntr{])"
_ESCAPES = {quote: re.compile(_SIGN + rf"|{quote}{quote}") for quote in ('"', "'")} | dict.fromkeys(
    ("“", "”"), re.compile(_SIGN)
)
_HALF = re.compile("[\ud800-\udfff]")
_IN_NAME = re.compile(r"\\([\]\\])")


def text_of_chunk(chunk: str, quote: str) -> str:
    r"""Resolves the escapes of a text; any other ``\x`` stays as written, so that ``"\d+"`` is a pattern.

    ``quote`` is the one that opened the text (twice inside, it stands for itself), or "" for a document's text,
    where only ``\{=`` is an escape. Half a surrogate pair becomes U+FFFD.
    """
    if quote == "":
        return chunk.replace("\\{=", "{=")
    if "\\" not in chunk and quote not in chunk:
        return chunk
    return _paired(_ESCAPES[quote].sub(lambda found: _resolved(found, quote), chunk))


def name_of_chunk(chunk: str) -> str:
    r"""Resolves ``\]`` and ``\\`` in a bracketed name, and composes its letters (NFC)."""
    return unicodedata.normalize("NFC", _IN_NAME.sub(r"\1", chunk))


def _resolved(found: re.Match[str], quote: str) -> str:
    code = found[1]
    if code is None:
        return quote
    return chr(int(code[1:], 16)) if code[0] == "u" else _PLAIN.get(code, code)


def _paired(text: str) -> str:
    if not _HALF.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
