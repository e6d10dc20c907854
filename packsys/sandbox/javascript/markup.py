"""Reads XML as the objects that packs of the Coda SDK expect.

Attributes are under ``$``, the text beside them under ``_``, and children are lists by tag; an element with text
alone is that text. The root's own name is left out.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as Tree

from packsys.errors import UpstreamError


class _NoDoctype(Tree.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        # Entities are declared there, and with them a short text can become an endless one.
        raise UpstreamError("The service answered with XML that declares a document type, which is not read.")


def read_xml(body: bytes) -> Any:
    """Reads a document; raises :class:`~packsys.errors.UpstreamError` for one that is malformed."""
    try:
        root = Tree.fromstring(body, Tree.XMLParser(target=_NoDoctype()))  # noqa: S314 - no document type, no entities
        return _element(root)
    except (Tree.ParseError, ValueError, LookupError, RecursionError) as error:
        raise UpstreamError("The service answered with XML that cannot be read.") from error


def _element(element: Tree.Element) -> Any:
    said = "".join([element.text or "", *(child.tail or "" for child in element)])
    text = said if said.strip() else ""
    made: dict[str, Any] = {"$": dict(element.attrib)} if element.attrib else {}
    for child in element:
        made.setdefault(_name(child), []).append(_element(child))
    if not made:
        return text
    return {**made, "_": text} if text else made


def _name(element: Tree.Element) -> str:
    return element.tag.rpartition("}")[2]
