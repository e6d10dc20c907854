"""What values look like: kinds, hints, and objects with named properties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from packsys.sdk.errors import PackDeclarationError
from packsys.sdk.names import check_name, nearest, pascal


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


@dataclass(frozen=True, kw_only=True)
class Type:
    """Describes a value: its kind, how to show it, and what a list or an object is made of.

    ``attributes`` belong to the hint, such as the decimal places of a percentage.
    """

    kind: Kind = Kind.ANY
    hint: Hint | None = None
    item: Type | None = None
    schema: ObjectSchema | None = None
    attributes: Mapping[str, str | int | float | bool] = field(default_factory=dict)

    def list(self) -> Type:
        """Makes the type of a list of such values."""
        return Type(kind=Kind.LIST, item=self)

    def shown_as(self, hint: Hint, **attributes: str | float | bool) -> Type:
        """Makes the type of the same values, shown in another way: ``Number.shown_as(Hint.SCALE, maximum=5)``."""
        return replace(self, hint=hint, attributes=attributes)

    def __str__(self) -> str:
        """Names the type in a sentence: 'a list of Repository objects'."""
        match self.kind:
            case Kind.LIST:
                return f"a list of {self.item.plural if self.item else 'values'}"
            case Kind.OBJECT:
                return f"an object ({self.schema.name})" if self.schema else "an object"
            case Kind.DATETIME:
                return "a date with a time"
            case Kind.BOOLEAN:
                return "true or false"
            case Kind.TEXT:
                return "text"
            case Kind.ANY:
                return "any value"
            case _:
                return f"a {self.kind}"

    @property
    def plural(self) -> str:
        """Names several such values in a sentence."""
        match self.kind:
            case Kind.OBJECT:
                return f"{self.schema.name} objects" if self.schema else "objects"
            case Kind.DATETIME:
                return "dates with times"
            case Kind.ANY:
                return "values"
            case _:
                return f"{self.kind}s"


Anything = Type()
Text = Type(kind=Kind.TEXT)
Number = Type(kind=Kind.NUMBER)
Boolean = Type(kind=Kind.BOOLEAN)
Date = Type(kind=Kind.DATE)
DateTime = Type(kind=Kind.DATETIME)
Duration = Type(kind=Kind.DURATION)
Url = Text.shown_as(Hint.URL)
Email = Text.shown_as(Hint.EMAIL)
Image = Text.shown_as(Hint.IMAGE)
Attachment = Text.shown_as(Hint.ATTACHMENT)
Embed = Text.shown_as(Hint.EMBED)
Markdown = Text.shown_as(Hint.MARKDOWN)
Html = Text.shown_as(Hint.HTML)
Percent = Number.shown_as(Hint.PERCENT)


@dataclass(frozen=True)
class Property:
    """Is one property of an object: its type, and the key it has in the service's own data.

    ``from_key`` is the key under which it was declared unless given. A ``required`` property that the service
    leaves out, or gives as null, makes the whole result an error.
    """

    type: Type | ObjectSchema
    from_key: str = field(default="", kw_only=True)
    required: bool = field(default=False, kw_only=True)
    description: str = field(default="", kw_only=True)

    @property
    def value_type(self) -> Type:
        """Is the type, also where a schema was written in its place."""
        return as_type(self.type)


class ObjectSchema:
    """Describes an object: its properties, which one tells objects apart, and which ones to show first.

    >>> Label = ObjectSchema("Label", id="Id", display="Name", properties={
    ...     "Id": Property(Number, from_key="id", required=True),
    ...     "full_name": Text,
    ...     "Name": Property(Text, from_key="name"),
    ... })
    >>> list(Label.properties)
    ['Id', 'FullName', 'Name']

    A key of ``properties`` becomes a name in PascalCase, as formulas write it, and remains the key of the
    service's data. ``id`` must be unique among such objects, ``display`` is the property that stands for the
    whole, ``featured`` are shown when there is little room.
    """

    def __init__(
        self,
        name: str,
        *,
        properties: Mapping[str, Property | Type | ObjectSchema],
        id: str = "",
        display: str = "",
        featured: Iterable[str] = (),
        description: str = "",
    ) -> None:
        """Refuses names that are malformed, taken or not there, with :class:`packsys.sdk.PackDeclarationError`."""
        check_name("A schema", name)
        self.name = name
        self.description = description
        self.properties: Mapping[str, Property] = MappingProxyType(_named(name, properties))
        self.id = self._known("id", id)
        self.display = self._known("display", display)
        self.featured = tuple(self._known("featured", each) for each in featured)

    def list(self) -> Type:
        """Makes the type of a list of such objects."""
        return as_type(self).list()

    def __repr__(self) -> str:
        """Shows the schema by its name."""
        return f"ObjectSchema({self.name!r})"

    def _known(self, role: str, name: str) -> str:
        if name and pascal(name) not in self.properties:
            raise PackDeclarationError(
                f"Schema {self.name} names {name!r} as {role}, but it has no such property: "
                f"{nearest(name, self.properties)}"
            )
        return pascal(name)


def as_type(declared: Type | ObjectSchema) -> Type:
    """Gives the type of an object that follows a schema; a type stays as it is."""
    return Type(kind=Kind.OBJECT, schema=declared) if isinstance(declared, ObjectSchema) else declared


def _named(schema: str, declared: Mapping[str, Property | Type | ObjectSchema]) -> dict[str, Property]:
    if not declared:
        raise PackDeclarationError(f"Schema {schema} has no properties: declare what its objects hold.")
    named: dict[str, Property] = {}
    for key, written in declared.items():
        name = pascal(key)
        check_name(f"A property of schema {schema}", name or key)
        if name in named:
            raise PackDeclarationError(
                f"Schema {schema} has two properties {name}: rename one, and keep its key with from_key={key!r}."
            )
        named[name] = _property(schema, key, written)
    return named


def _property(schema: str, key: str, written: Property | Type | ObjectSchema) -> Property:
    entry = written if isinstance(written, Property) else Property(written)
    if not isinstance(entry.type, (Type, ObjectSchema)):
        raise PackDeclarationError(
            f"Property {key!r} of schema {schema} is declared as {entry.type!r}: "
            "use a type of the SDK, such as Text, Number.list() or another ObjectSchema."
        )
    return replace(entry, from_key=entry.from_key or key)
