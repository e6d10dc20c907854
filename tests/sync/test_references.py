"""References are soft keys: they lead to rows that may not be there."""

from __future__ import annotations

import json

from packsys.sdk import Number, ObjectSchema, Property, Text
from packsys.sync.checking import Checker
from packsys.sync.references import Reference, references
from tests.sync.tables import TASK, Task, User

Team = ObjectSchema(
    "Team",
    id="Id",
    properties={
        "Id": Text,
        "members": User.reference().list(),
        "home": ObjectSchema("Home", properties={"owner": User.reference(), "size": Number}),
        "lead": Property(User),
    },
)


def test_references_are_found_also_inside_objects_and_lists() -> None:
    assert list(references(Task)) == [Reference(("Assignee",), "User", "Id")]
    assert list(references(Team)) == [
        Reference(("Members",), "User", "Id", many=True),
        Reference(("Home", "Owner"), "User", "Id"),
    ]


def test_keys_are_those_of_the_rows_that_are_referred_to() -> None:
    stored = json.loads(Checker(Task)([TASK]).rows[0].document)
    (assignee,) = references(Task)
    assert list(assignee.keys(stored)) == [Checker(User)([{"id": 2.0}]).rows[0].key] == ["2"]


def test_a_blank_refers_to_nothing_and_equal_ones_count_once() -> None:
    members, owner = references(Team)
    raw = {"Id": "1", "members": [{"id": 2}, {"id": 2}, None, {"id": 3}], "home": None}
    stored = json.loads(Checker(Team)([raw]).rows[0].document)
    assert list(members.keys(stored)) == ["2", "3"]
    assert list(owner.keys(stored)) == []
