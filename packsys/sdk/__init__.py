"""What makers of packs import. It needs nothing but Python, and it is all of packsys that enters the sandbox."""

from __future__ import annotations

from packsys.sdk.authentication import Authentication, HeaderBearerToken
from packsys.sdk.context import Context, Invocation
from packsys.sdk.errors import FetchError, PackDeclarationError, StatusCodeError, UserVisibleError
from packsys.sdk.formula import Example, Formula
from packsys.sdk.http import Fetcher, Request, Response
from packsys.sdk.pack import Pack
from packsys.sdk.parameters import Parameter
from packsys.sdk.schema import (
    Anything,
    Attachment,
    Boolean,
    Date,
    DateTime,
    Duration,
    Email,
    Embed,
    Hint,
    Html,
    Image,
    Kind,
    Markdown,
    Number,
    ObjectSchema,
    Percent,
    Property,
    Text,
    Type,
    Url,
)

__all__ = [
    "Anything",
    "Attachment",
    "Authentication",
    "Boolean",
    "Context",
    "Date",
    "DateTime",
    "Duration",
    "Email",
    "Embed",
    "Example",
    "FetchError",
    "Fetcher",
    "Formula",
    "HeaderBearerToken",
    "Hint",
    "Html",
    "Image",
    "Invocation",
    "Kind",
    "Markdown",
    "Number",
    "ObjectSchema",
    "Pack",
    "PackDeclarationError",
    "Parameter",
    "Percent",
    "Property",
    "Request",
    "Response",
    "StatusCodeError",
    "Text",
    "Type",
    "Url",
    "UserVisibleError",
]
