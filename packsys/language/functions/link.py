"""Addresses with a say in how they are shown: objects whose ``Kind`` tells whoever shows them what they are."""

from __future__ import annotations

import re

from packsys.language.functions.registry import may_take, strict, takes
from packsys.language.signature import Kind, Shape
from packsys.values import Value, failure

_TEXT, _NUMBER = Shape(Kind.TEXT), Shape(Kind.NUMBER)
_SAFE = re.compile(r"(https?://|mailto:)\S+", re.IGNORECASE)  # what a browser would run, as javascript:, is no link
_LINK = Shape(Kind.OBJECT, properties={"Kind": _TEXT, "Url": _TEXT, "Label": _TEXT})
_FRAME = Shape(Kind.OBJECT, properties={"Kind": _TEXT, "Url": _TEXT, "Width": _NUMBER, "Height": _NUMBER})
_SIZE = may_take("width", Kind.NUMBER), may_take("height", Kind.NUMBER)


@strict(
    "Hyperlink",
    "Makes a link of an address, which is its label unless there is another; its properties are Url and Label.",
    takes("url", Kind.TEXT),
    may_take("label", Kind.TEXT, default=""),
    examples={
        'Hyperlink("https://example.com", "an example").Label': "an example",
        'Hyperlink("https://example.com").Label': "https://example.com",
    },
    result=_LINK,
)
def hyperlink(url: str, label: str) -> Value:
    """Makes a link."""
    return {"Kind": "link", "Url": _address(url), "Label": label or url}


@strict(
    "Image",
    "Makes an image of an address, in its own size or that of pixels; its properties are Url, Width and Height.",
    takes("url", Kind.TEXT),
    *_SIZE,
    examples={'Image("https://example.com/a.png", 40).Width': 40},
    result=_FRAME,
)
def image(url: str, width: float | None, height: float | None) -> Value:
    """Makes an image."""
    return _frame("image", url, width, height)


@strict(
    "Embed",
    "Makes a page to be shown inside another, in its size or that of pixels; its properties are Url, Width and Height.",
    takes("url", Kind.TEXT),
    *_SIZE,
    examples={'Embed("https://example.com/map", 400, 300).Height': 300},
    result=_FRAME,
)
def embed(url: str, width: float | None, height: float | None) -> Value:
    """Makes an embedded page."""
    return _frame("embed", url, width, height)


def _frame(kind: str, url: str, width: float | None, height: float | None) -> Value:
    for size in (width, height):
        if size is not None and not 0 < size <= 10_000:
            raise failure("Value", f"The size {size:g} is none: pixels are counted from 1 to 10,000.")
    return {"Kind": kind, "Url": _address(url), "Width": width, "Height": height}


def _address(url: str) -> str:
    if not _SAFE.fullmatch(url):
        raise failure("Value", f"{url[:100]!r} is no address: it begins with https://, http:// or mailto:.")
    return url
