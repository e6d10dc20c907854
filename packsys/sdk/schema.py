"""What values look like: kinds, hints, and objects with named properties."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from packsys.sdk.appearance import check_appearance
from packsys.sdk.errors import PackDeclarationError
from packsys.sdk.kinds import Hint, Kind
from packsys.sdk.names import check_name, nearest, pascal
from packsys.sdk.roles import FITS, Attribution, Card, History, Line, Place


@dataclass(frozen=True, kw_only=True)
class Type:
    """Describes a value: its kind, how to show it, and what a list or an object is made of.

    ``attributes`` belong to the hint, such as the decimal places of a percentage.
    """

    kind: Kind = Kind.ANY
    hint: Hint | None = None
    item: Type | None = None
    schema: ObjectSchema | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def list(self) -> Type:
        """Makes the type of a list of such values."""
        return Type(kind=Kind.LIST, item=self)

    def shown_as(self, hint: Hint, **attributes: Any) -> Type:
        """Makes the type of the same values, shown in another way: ``Number.shown_as(Hint.SCALE, maximum=5)``.

        Which attributes a hint takes is listed in :mod:`packsys.sdk.appearance`.
        """
        check_appearance(self.kind, hint, attributes)
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
    leaves out, or gives as null, makes the whole result an error. A ``mutable`` one may be edited in a table whose
    pack takes updates. ``display_name`` is what people read in place of the name.

    Two more say when a row of a table counts as changed. A ``volatile`` property never makes it so: it differs each
    time it is asked for, as signed addresses do. Values of a ``precision`` make it so when they differ as multiples of
    it: of 0.01, or of as many seconds where a date with a time or a duration is declared.
    """

    type: Type | ObjectSchema
    from_key: str = field(default="", kw_only=True)
    required: bool = field(default=False, kw_only=True)
    description: str = field(default="", kw_only=True)
    mutable: bool = field(default=False, kw_only=True)
    display_name: str = field(default="", kw_only=True)
    volatile: bool = field(default=False, kw_only=True)
    precision: float = field(default=0.0, kw_only=True)

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
    whole, ``featured`` are shown when there is little room. ``identity`` is the name by which references know
    the objects: the schema's own, unless given. With ``open``, objects keep what was not declared.
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
        identity: str = "",
        card: Card | None = None,
        history: History | None = None,
        attribution: Iterable[Attribution] = (),
        open: bool = False,
    ) -> None:
        """Refuses names that are malformed, taken or not there, with :class:`packsys.sdk.PackDeclarationError`."""
        check_name("A schema", name)
        check_name("An identity", identity or name)
        self.name = name
        self.identity = identity or name
        self.description = description
        self.properties: Mapping[str, Property] = MappingProxyType(_named(name, properties))
        self.id = self._checked_id(id)
        self.display = self._known("display", display)
        self.featured = tuple(self._known("featured", each) for each in featured)
        self.card = self._checked_card(card)
        self.history = self._checked_history(history)
        self.attribution = tuple(attribution)
        self.open = open

    def list(self) -> Type:
        """Makes the type of a list of such objects."""
        return as_type(self).list()

    def shown_as(self, hint: Hint, **attributes: Any) -> Type:
        """Makes the type of such objects with a hint: a person, or a choice from a list."""
        email = self.properties[self.id].value_type.hint if self.id else None
        if hint is Hint.PERSON and email is not Hint.EMAIL:
            raise PackDeclarationError(
                f"Schema {self.name} describes no person: name a property of the type Email as its id."
            )
        return self.reference() if hint is Hint.REFERENCE else as_type(self).shown_as(hint, **attributes)

    def reference(self) -> Type:
        """Makes the type of a reference to such an object in its sync table: its id and what it is displayed by."""
        if not self.id:
            raise PackDeclarationError(f"Schema {self.name} cannot be referred to: name the property that is its id.")
        names = dict.fromkeys((self.id, self.display or self.id))
        small = ObjectSchema(
            self.name,
            properties={each: self.properties[each] for each in names},
            id=self.id,
            display=self.display,
            identity=self.identity,
        )
        return as_type(small).shown_as(Hint.REFERENCE)

    def __repr__(self) -> str:
        """Shows the schema by its name."""
        return f"ObjectSchema({self.name!r})"

    def _known(self, role: str, name: str) -> str:
        if name and pascal(name) not in self.properties:
            raise PackDeclarationError(
                f"Schema {self.name} names {name!r} as {role}, but it has no such property: "
                f"{nearest(name, self.properties)}"
            )
        if name and role in FITS:
            self._check_fit(role, name, self.properties[pascal(name)].value_type)
        return pascal(name)

    def _checked_id(self, id: str) -> str:
        known = self._known("id", id)
        if known and (self.properties[known].volatile or self.properties[known].precision):
            raise PackDeclarationError(
                f"Schema {self.name} names {id!r} as id, but does not take it as it is: drop its volatile or precision."
            )
        return known

    def _checked_card(self, card: Card | None) -> Card | None:
        if card is None:
            return None
        single = {role: self._line(role, getattr(card, role)) for role in ("title", "snippet", "image", "link")}
        return Card(subtitles=tuple(self._line("subtitles", each) for each in card.subtitles), **single)

    def _line(self, role: str, place: Place) -> Line:
        line = place if isinstance(place, Line) else Line(place)
        return replace(line, property=self._led_to(role, line.property)) if line.property else line

    def _led_to(self, role: str, path: str) -> str:
        first, _, rest = path.partition(".")
        if not rest:
            return self._known(role, first)
        inner = self.properties[self._known(f"the beginning of its {role}", first)].value_type.schema
        if inner is None:
            raise PackDeclarationError(
                f"Schema {self.name} names {path!r} as {role}, but {first!r} is no object with declared properties: "
                "name a property of this schema."
            )
        return f"{pascal(first)}.{inner._led_to(role, rest)}"

    def _checked_history(self, history: History | None) -> History | None:
        if history is None:
            return None
        return History(**{role: self._known(role, name) for role, name in vars(history).items()})

    def _check_fit(self, role: str, name: str, found: Type) -> None:
        fit = FITS[role]
        if found.kind not in fit.kinds or (fit.hints and found.hint not in fit.hints):
            raise PackDeclarationError(
                f"Schema {self.name} names {name!r} as {role}, but it is {found}: name one that is {fit.says}."
            )


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
    _check_precision(schema, key, entry)
    return replace(entry, from_key=entry.from_key or key)


def _check_precision(schema: str, key: str, entry: Property) -> None:
    if entry.precision and entry.value_type.kind not in (Kind.NUMBER, Kind.DATETIME, Kind.DURATION):
        raise PackDeclarationError(
            f"Property {key!r} of schema {schema} has a precision, but is {entry.value_type}: "
            "only numbers, dates with times and durations can be rounded."
        )
    if not 0 <= entry.precision < math.inf:
        raise PackDeclarationError(
            f"Property {key!r} of schema {schema} has the precision {entry.precision!r}: give a number above 0."
        )


Person = ObjectSchema(
    "Person", id="Email", display="Name", properties={"name": Text, "email": Property(Email, required=True)}
).shown_as(Hint.PERSON)
