"""Schemas name the properties that make a card, tell a history, and stand for the whole in a reference."""

from __future__ import annotations

from typing import Any

import pytest

from packsys.sdk import (
    Attribution,
    Card,
    DateTime,
    Hint,
    History,
    Image,
    Line,
    Number,
    ObjectSchema,
    Person,
    Property,
    Text,
    Url,
)
from packsys.sdk.fitting import fit
from packsys.sdk.schema import as_type
from tests.sdk.declaring import refused

Owner = ObjectSchema("Owner", id="Login", display="Login", properties={"login": Text, "picture": Image})


def a_schema(**terms: Any) -> ObjectSchema:
    properties = {
        "id": Property(Number, required=True),
        "name": Property(Text, mutable=True, display_name="Full name"),
        "page": Url,
        "picture": Image,
        "made_at": DateTime,
        "made_by": Person,
        "tags": Text.list(),
        "owner": Owner,
    }
    return ObjectSchema("Thing", **{"id": "Id", "display": "Name", "properties": properties, **terms})


def test_a_card_names_properties_also_inner_ones() -> None:
    card = Card(title="name", subtitles=["Id", Line("owner.login", label="by {VALUE}")], image="Picture", link="page")
    written = a_schema(card=card).card
    assert written is not None
    assert (written.title, written.image, written.link) == (Line("Name"), Line("Picture"), Line("Page"))
    assert written.subtitles == (Line("Id"), Line("Owner.Login", label="by {VALUE}"))


def test_a_history_names_properties() -> None:
    assert a_schema(history=History(created_at="made_at", created_by="MadeBy")).history == History(
        created_at="MadeAt", created_by="MadeBy"
    )


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"id": "Tags"}, "name one that is text or a number"),
        ({"card": Card(title="Nmae")}, "did you mean 'Name'?"),
        ({"card": Card(title="Tags")}, "name one that is a single value"),
        ({"card": Card(image="Name")}, "text with the hint image"),
        ({"card": Card(link="Name")}, "text with the hint url"),
        ({"card": Card(snippet="Owner")}, "text or a list of text"),
        ({"card": Card(subtitles=["Name.First"])}, "is no object with declared properties"),
        ({"card": Card(subtitles=["Owner.Logn"])}, "did you mean 'Login'?"),
        ({"history": History(created_at="Name")}, "name one that is a date"),
        ({"history": History(version="Owner")}, "text, a number or a date"),
        ({"identity": "a thing"}, "begin with a letter"),
    ],
)
def test_a_role_that_does_not_fit_is_refused(terms: dict[str, Any], sentence: str) -> None:
    assert sentence in refused(lambda: a_schema(**terms))


def test_a_reference_holds_the_id_and_what_stands_for_the_whole() -> None:
    reference = a_schema(identity="Item").reference()
    assert reference.schema is not None
    assert (reference.hint, reference.schema.identity) == (Hint.REFERENCE, "Item")
    assert list(reference.schema.properties) == ["Id", "Name"]


def test_only_what_has_an_id_can_be_referred_to() -> None:
    assert "name the property that is its id" in refused(lambda: ObjectSchema("X", properties={"a": Text}).reference())


def test_an_open_object_keeps_what_was_not_declared() -> None:
    shape = ObjectSchema("Row", properties={"full_name": Text}, open=True)
    assert fit({"full_name": "Ada", "age": 36}, as_type(shape)) == {"age": 36, "FullName": "Ada"}


def test_credits_are_kept() -> None:
    assert a_schema(attribution=[Attribution(text="Data by Example")]).attribution[0].text == "Data by Example"
