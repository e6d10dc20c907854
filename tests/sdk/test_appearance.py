"""Every hint takes its attributes on its kinds of values, and no others."""

from __future__ import annotations

from typing import Any

import pytest

from packsys.sdk import (
    Boolean,
    Choice,
    Date,
    DateTime,
    Duration,
    Email,
    Hint,
    Number,
    ObjectSchema,
    Person,
    Property,
    Text,
    Type,
)
from packsys.sdk.appearance import RULES
from tests.sdk.declaring import refused

SHOWN: list[tuple[Type, Hint, dict[str, Any]]] = [
    (Date, Hint.DATE, {"format": "YYYY-MM-DD"}),
    (DateTime, Hint.TIME, {"format": "HH:mm"}),
    (DateTime, Hint.DATETIME, {"date_format": "D MMM", "time_format": "HH:mm"}),
    (Duration, Hint.DURATION, {"precision": 0, "max_unit": "hours"}),
    (Number, Hint.PERCENT, {"precision": 1, "thousands": True}),
    (Number, Hint.CURRENCY, {"precision": 2, "code": "EUR", "format": "accounting"}),
    (Number, Hint.SLIDER, {"minimum": 0, "maximum": 10, "step": 0.5, "show_value": True}),
    (Number, Hint.PROGRESS_BAR, {"minimum": 0, "maximum": "Total", "step": 1}),
    (Number, Hint.SCALE, {"maximum": 5, "icon": "star"}),
    (Boolean, Hint.TOGGLE, {}),
    (Text, Hint.EMAIL, {"display": "icon_and_email"}),
    (Text, Hint.URL, {"display": "card", "force": True}),
    (Text, Hint.EMBED, {"force": False}),
    (Text, Hint.IMAGE, {"outline": "solid", "corners": "rounded", "shape": "circle", "width": 20, "height": 20}),
    (Text, Hint.IMAGE_ATTACHMENT, {"width": 20}),
    (Text, Hint.ATTACHMENT, {}),
    (Text, Hint.HTML, {}),
    (Text, Hint.MARKDOWN, {}),
    (Text, Hint.SELECT_LIST, {"options": ["open", Choice(display="Shut", value="closed")], "allow_new_values": True}),
    (Person, Hint.PERSON, {}),
    (Person, Hint.REFERENCE, {}),
    (Text, Hint.RICH_TEXT, {}),
]


@pytest.mark.parametrize(("declared", "hint", "attributes"), SHOWN, ids=[str(hint) for _, hint, _ in SHOWN])
def test_a_hint_takes_its_attributes(declared: Type, hint: Hint, attributes: dict[str, Any]) -> None:
    shown = declared.shown_as(hint, **attributes)
    assert (shown.kind, shown.hint, shown.attributes) == (declared.kind, hint, attributes)


def test_all_22_hints_are_here() -> None:
    assert {hint for _, hint, _ in SHOWN} == set(Hint) == set(RULES)
    assert len(Hint) == 22


@pytest.mark.parametrize(
    ("declared", "hint", "attributes", "sentence"),
    [
        (Text, Hint.PERCENT, {}, "use it with number"),
        (Number, Hint.TOGGLE, {}, "use it with boolean"),
        (Text, Hint.PERSON, {}, "use it with object"),
        (Number, Hint.SCALE, {"maxmum": 5}, "did you mean 'maximum'?"),
        (Number, Hint.SCALE, {"maximum": 21}, "a whole number from 1 to 20"),
        (Number, Hint.SCALE, {"icon": "unicorn"}, "one of 'star'"),
        (Number, Hint.CURRENCY, {"code": "euro"}, "three capitals"),
        (Number, Hint.CURRENCY, {"precision": True}, "a whole number from 0 to 10"),
        (Number, Hint.SLIDER, {"minimum": 5, "maximum": 5}, "make 'maximum' greater"),
        (Number, Hint.SLIDER, {"minimum": float("nan")}, "a number or a formula"),
        (Number, Hint.SLIDER, {"minimum": 10**400}, "a number or a formula"),
        (Text, Hint.URL, {"force": 1}, "True or False"),
        (Text, Hint.SELECT_LIST, {"options": []}, "a list of texts"),
        (Text, Hint.SELECT_LIST, {"options": "open"}, "a list of texts"),
        (Date, Hint.DATE, {"format": ""}, "a text"),
    ],
)
def test_what_a_hint_does_not_take_is_refused(
    declared: Type, hint: Hint, attributes: dict[str, Any], sentence: str
) -> None:
    assert sentence in refused(lambda: declared.shown_as(hint, **attributes))


def test_a_person_is_known_by_an_address() -> None:
    nobody = ObjectSchema("Member", id="Name", properties={"name": Text})
    member = ObjectSchema("Member", id="Mail", properties={"Mail": Property(Email, from_key="email")})
    assert "name a property of the type Email" in refused(lambda: nobody.shown_as(Hint.PERSON))
    assert member.shown_as(Hint.PERSON).hint is Hint.PERSON
