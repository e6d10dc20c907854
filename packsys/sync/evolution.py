"""Compares the schema that a table has with the one that its service, or a new release of its pack, gives now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from packsys.sdk import Kind, ObjectSchema, PackDeclarationError, Property, Type


class Policy(StrEnum):
    """Says what becomes of a table whose schema differs from the one before.

    ``additive`` takes what is new and keeps what was: a removed property stays, blank from now on, and a changed one
    keeps its type, so that values which no longer fit are set aside. ``report`` follows the service wherever it goes.
    ``freeze`` stops at any difference.
    """

    ADDITIVE = "additive"
    FREEZE = "freeze"
    REPORT = "report"


class Movement(StrEnum):
    """Names what can happen to a property."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Is one property that differs: where, how, and what it was and is in words.

    A ``breaking`` one concerns what tells rows apart, so that no policy takes it.
    """

    path: str
    movement: Movement
    before: str = ""
    after: str = ""
    breaking: bool = False

    def __str__(self) -> str:
        """Says it in a sentence, without its full stop."""
        match self.movement:
            case Movement.ADDED:
                return f"{self.path} is new: {self.after}"
            case Movement.REMOVED:
                return f"{self.path} is gone: it was {self.before}"
        return f"{self.path} was {self.before} and is now {self.after}"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Is what becomes of a table: the schema in force from now on, what differs, and whether a person must look first.

    Where the table is ``halted``, the schema is the one before.
    """

    schema: ObjectSchema
    differences: Sequence[Difference] = ()
    halted: bool = False


def evolve(old: ObjectSchema, new: ObjectSchema, policy: Policy = Policy.ADDITIVE) -> Verdict:
    """Decides which schema a table has from now on.

    A change of the property that is the id, of its type or of the identity breaks what tells rows apart: it halts the
    table whatever the policy, since every row would be deleted and come anew.
    """
    found = tuple(differences(old, new))
    if any(each.breaking for each in found) or (found and policy is Policy.FREEZE):
        return Verdict(schema=old, differences=found, halted=True)
    taken = new if policy is not Policy.ADDITIVE else merged(old, new)
    return Verdict(schema=taken, differences=found)


def differences(old: ObjectSchema, new: ObjectSchema) -> Iterator[Difference]:
    """Lists where two schemas differ for the values of rows; words and appearance do not count."""
    yield from _of_identity(old, new)
    yield from _of_properties(old.properties, new.properties, "", old.id)
    yield from _of_openness(old, new, "")


def merged(old: ObjectSchema, new: ObjectSchema) -> ObjectSchema:
    """Gives a schema with everything that either has; where they contradict each other, the old one holds."""
    kept = {name: _kept(each, new.properties.get(name)) for name, each in old.properties.items()}
    properties = {**{name: each for name, each in new.properties.items() if name not in kept}, **kept}
    try:
        return _composed(properties, new, open=old.open or new.open)
    except PackDeclarationError:  # the new card, say, shows as an image what the old type says is a number
        return _composed(properties, old, open=old.open or new.open)


def _composed(properties: Mapping[str, Property], looks: ObjectSchema, *, open: bool) -> ObjectSchema:
    return ObjectSchema(
        looks.name,
        properties=properties,
        id=looks.id,
        display=looks.display,
        featured=looks.featured,
        description=looks.description,
        identity=looks.identity,
        card=looks.card,
        history=looks.history,
        attribution=looks.attribution,
        open=open,
    )


def _kept(old: Property, new: Property | None) -> Property:
    if new is None:
        return replace(old, required=False)
    required = old.required and new.required
    if old.value_type.kind is not new.value_type.kind:
        return replace(old, from_key=new.from_key, required=required)
    return replace(new, type=_merged_type(old.value_type, new.value_type), required=required)


def _merged_type(old: Type, new: Type) -> Type:
    if old.kind is not new.kind:
        return old
    if old.item is not None and new.item is not None:
        return replace(new, item=_merged_type(old.item, new.item))
    if old.schema is not None and new.schema is not None:
        return replace(new, schema=merged(old.schema, new.schema))
    return new if old.schema is None else old


def _of_identity(old: ObjectSchema, new: ObjectSchema) -> Iterator[Difference]:
    for role, before, after in (("id", old.id, new.id), ("identity", old.identity, new.identity)):
        if before != after:
            yield Difference(
                path=f"the {role}", movement=Movement.CHANGED, before=before, after=after or "none", breaking=True
            )


def _of_properties(
    old: Mapping[str, Property], new: Mapping[str, Property], prefix: str, id: str = ""
) -> Iterator[Difference]:
    for name, each in old.items():
        path = f"{prefix}{name}"
        if name not in new:
            yield Difference(
                path=path, movement=Movement.REMOVED, before=_shown(each), breaking=name == id and not prefix
            )
        else:
            for found in _of_property(each, new[name], path):
                yield replace(found, breaking=name == id and not prefix)
    for name, each in new.items():
        if name not in old:
            yield Difference(path=f"{prefix}{name}", movement=Movement.ADDED, after=_shown(each))


def _of_property(old: Property, new: Property, path: str) -> Iterator[Difference]:
    before, after = _terms(old), _terms(new)
    if before != after:
        yield Difference(path=path, movement=Movement.CHANGED, before=", ".join(before), after=", ".join(after))
    yield from _of_inner(old.value_type, new.value_type, path)


def _of_inner(old: Type, new: Type, path: str) -> Iterator[Difference]:
    while old.kind is Kind.LIST is new.kind:
        old, new, path = old.item or Type(), new.item or Type(), f"{path}[]"
    if old.schema is not None and new.schema is not None:
        yield from _of_properties(old.schema.properties, new.schema.properties, f"{path}.")
        yield from _of_openness(old.schema, new.schema, path)


def _of_openness(old: ObjectSchema, new: ObjectSchema, path: str) -> Iterator[Difference]:
    if old.open != new.open:
        words = {True: "open to what is not declared", False: "closed"}
        subject = path or "the row"
        yield Difference(path=subject, movement=Movement.CHANGED, before=words[old.open], after=words[new.open])


def _terms(each: Property) -> list[str]:
    """Says of a property whatever decides which values it takes."""
    said = [_shown(each), f"from the key {each.from_key!r}"]
    said += ["volatile"] if each.volatile else []
    return said + ([f"compared in steps of {each.precision:g}"] if each.precision else [])


def _shown(each: Property) -> str:
    return f"{'required, ' if each.required else ''}{_type_words(each.value_type)}"


def _type_words(declared: Type) -> str:
    if declared.kind is Kind.LIST:
        return f"a list of {_type_words(declared.item or Type())}"
    if declared.schema is not None:
        return "a reference" if declared.hint == "reference" else "an object with declared properties"
    return str(declared)
