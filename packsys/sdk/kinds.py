"""The kinds of values, and the hints that say how to show them."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Names the kinds of values."""

    ANY = "any"
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    DURATION = "duration"
    OBJECT = "object"
    LIST = "list"


class Hint(StrEnum):
    """Says how a value is meant to be shown, on top of its kind."""

    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    DURATION = "duration"
    PERCENT = "percent"
    CURRENCY = "currency"
    SLIDER = "slider"
    PROGRESS_BAR = "progressBar"
    SCALE = "scale"
    TOGGLE = "toggle"
    EMAIL = "email"
    URL = "url"
    EMBED = "embed"
    IMAGE = "image"
    IMAGE_ATTACHMENT = "imageAttachment"
    ATTACHMENT = "attachment"
    HTML = "html"
    MARKDOWN = "markdown"
    SELECT_LIST = "selectList"
    PERSON = "person"
    REFERENCE = "reference"
    RICH_TEXT = "richText"
