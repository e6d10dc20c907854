"""A small world for formulas: four packs, two accounts, some variables, and what the packs would answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from packsys.language.codec import dumps, loads
from packsys.language.compile import compile_formula
from packsys.language.invocation import Invocation
from packsys.language.limits import Budget
from packsys.language.memory import Memory
from packsys.language.nodes import Node
from packsys.language.scope import FixedScope, KnownConnection, KnownPack, KnownTable, Scope
from packsys.language.signature import Kind, Need, Parameter, Shape, Signature
from packsys.language.tables import TABLES
from packsys.planner.rounds import Finished, Wave, next_wave
from packsys.values import Account, ErrorValue, Value

NOW = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
ACCOUNT = "8e11cd1b-c2e1-4306-9dac-0bd95ecd5084"
ANY, TEXT, NUMBER = Shape(), Shape(Kind.TEXT), Shape(Kind.NUMBER)


def things(**properties: Shape) -> Shape:
    """Describes an object."""
    return Shape(Kind.OBJECT, properties=properties)


def listing(item: Shape | None = None) -> Shape:
    """Describes a list."""
    return Shape(Kind.LIST, item=item)


REPO = things(Url=TEXT, FullName=TEXT, Stars=NUMBER, Owner=TEXT, Archived=Shape(Kind.BOOLEAN))


Terms: TypeAlias = tuple[tuple[Parameter, ...], Shape, Need, bool]
"""A formula's parameters, its result, its need of an account, and whether it acts."""


def pack(number: int, name: str, formulas: Mapping[str, Terms]) -> KnownPack:
    """Makes a pack."""
    signatures = {
        formula: Signature(number, name, "1.0.0", formula, parameters, result, need, action)
        for formula, (parameters, result, need, action) in formulas.items()
    }
    return KnownPack(id=number, name=name, formulas=signatures)


URL = (Parameter("url", TEXT),)

GITHUB = pack(
    1013,
    "GitHub",
    {
        "Repos": ((Parameter("owner", TEXT, required=False),), listing(REPO), Need.OPTIONAL, False),
        "Repo": (URL, REPO, Need.OPTIONAL, False),
        "Orgs": ((), listing(things(Login=TEXT)), Need.REQUIRED, False),
        "Issues": (URL, listing(), Need.OPTIONAL, False),
        "Star": (URL, ANY, Need.REQUIRED, True),
    },
)
ID = Parameter("id", TEXT)
TAG = (
    ID,
    Parameter("limit", NUMBER, required=False, default=10),
    Parameter("key", TEXT, variadic=True),
    Parameter("value", NUMBER, variadic=True),
)
USERS = pack(
    2,
    "Users",
    {
        "GetUserName": ((ID,), TEXT, Need.NONE, False),
        "IsAdmin": ((ID,), Shape(Kind.BOOLEAN), Need.NONE, False),
        "Tag": (TAG, ANY, Need.NONE, False),
        "Bulk": ((Parameter("ids", listing(TEXT)),), ANY, Need.NONE, False),
        "Sparse": ((Parameter("ids", listing(TEXT), sparse=True),), ANY, Need.NONE, False),
        "Echo": ((Parameter("value"),), ANY, Need.NONE, False),
    },
)
SLACK = pack(3, "Slack", {"Post": ((Parameter("channel", TEXT), Parameter("text", TEXT)), ANY, Need.NONE, True)})
CITY = (Parameter("city", TEXT),)
WEATHER = pack(
    4,
    "Weather",
    {"Now": (CITY, TEXT, Need.NONE, False), "Forecast": (CITY, listing(TEXT), Need.NONE, False)},
)

VARIABLES: Mapping[str, Value] = {
    "thisRow": {"Active": True, "Url": "u/x/7", "Owner": "o9", "Ok": False},
    "u": "u/x/3",
    "c": Account("conn:c"),
    "city": "Oslo",
    "user": "me",
}

SCOPE = FixedScope(
    packs=(GITHUB, USERS, SLACK, WEATHER),
    connections=(
        KnownConnection(id=ACCOUNT, pack_id=1013, name="hereisfun"),
        KnownConnection(id="conn:c", pack_id=1013, name="the c"),
        KnownConnection(id="conn:slack", pack_id=3, name="our Slack"),
    ),
    tables=(KnownTable(id="t-1", name="Tasks", columns={"Name": TEXT, "Status": TEXT, "Hours": NUMBER}),),
    variables=VARIABLES,
    actions=True,
)


TASKS: Value = [
    {"Name": "mow", "Status": None, "Hours": 1},
    {"Name": "paint", "Status": "open", "Hours": 3.5},
    {"Name": "roof", "Status": "done", "Hours": 2.5},
    {"Name": "sweep", "Status": "open", "Hours": 0.5},
]
"""The rows of the table; of any other question only the language knows the answer."""


def _repos(owner: str) -> Value:
    return [
        {"Url": f"u/{owner}/{n}", "FullName": f"{owner}/r{n}", "Stars": n * 60, "Owner": f"o{n % 2}"} for n in range(4)
    ]


def _repo(url: str) -> Value:
    stars = int(url[-1]) * 60 if url[-1].isdigit() else 5
    return {"Url": url, "FullName": f"full:{url}", "Stars": stars, "Archived": False, "Owner": "o1"}


def answer(call: Invocation) -> Value:
    """Answers a call as the packs would, and the table; the weather service is down."""
    if call.pack_id == TABLES:
        return [TASKS] if call.arguments["query"] == {"give": "rows"} else []
    return _of_pack(call)


def _of_pack(call: Invocation) -> Value:
    first = next((str(value) for value in call.arguments.values() if value is not None), None)
    account = "conn:hereisfun" if call.account == ACCOUNT else str(call.account)
    match call.formula:
        case "Repos":
            return _repos(first or account)
        case "Repo":
            return _repo(first or account)
        case "Orgs":
            return [{"Login": "acme"}, {"Login": "beta"}]
        case "Issues":
            return [1, 2, 3]
        case "GetUserName":
            return f"name-{first}"
        case "IsAdmin":
            return True
        case "Forecast":
            return ["rain", "sun"]
        case "Now":
            return ErrorValue("Upstream", "The service answers 503.")
        case "Post" | "Star":
            return "OK"
    return dict(call.arguments)


@dataclass(frozen=True)
class Run:
    """Is a formula that ran to its end: the value, the waves, and how often calls were merged."""

    value: Value
    waves: Sequence[Sequence[Invocation]]
    merged: int

    @property
    def calls(self) -> list[list[str]]:
        """Names the calls of each wave."""
        return [[call.name for call in wave] for wave in self.waves]


def tree_of(formula: str, scope: Scope = SCOPE) -> Node:
    """Compiles a formula as a worker gets it: through the codec."""
    return loads(dumps(compile_formula(formula, scope).tree))


def decide(
    tree: Node,
    outcomes: Mapping[str, Value],
    *,
    scope: Scope = SCOPE,
    timezone: str = "UTC",
    locale: str = "en",
    budget: Budget | None = None,
    memory: Memory | None = None,
) -> Wave | Finished:
    """Asks what a formula needs now."""
    return next_wave(
        tree,
        variables=scope.variables,
        outcomes=outcomes,
        now=NOW,
        timezone=timezone,
        locale=locale,
        budget=budget,
        memory=memory,
    )


def run(
    formula: str,
    *,
    scope: Scope = SCOPE,
    answers: Callable[[Invocation], Value] = answer,
    timezone: str = "UTC",
    locale: str = "en",
    budget: Budget | None = None,
) -> Run:
    """Runs a formula to its end, wave by wave."""
    tree, merged = tree_of(formula, scope), 0
    outcomes: dict[str, Value] = {}
    waves: list[Sequence[Invocation]] = []
    while True:
        match decide(tree, outcomes, scope=scope, timezone=timezone, locale=locale, budget=budget):
            case Finished(value):
                return Run(value, waves, merged)
            case Wave(calls, more):
                waves.append(calls)
                merged += more
                outcomes |= {call.key: answers(call) for call in calls}


def value_of(formula: str, **terms: object) -> Value:
    """Gives a formula's value."""
    return run(formula, **terms).value  # type: ignore[arg-type]


def failing(formula: str, **terms: object) -> ErrorValue:
    """Gives the error that a formula comes to."""
    value = value_of(formula, **terms)
    assert isinstance(value, ErrorValue), value
    return value
