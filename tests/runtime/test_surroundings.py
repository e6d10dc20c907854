"""What pack code finds around it when it runs for a job, and when it is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import pytest

from packsys.errors import BrokenPack, NotConnected, NotFound, RequestError
from packsys.memory import MemoryBlobs
from packsys.runtime.allowance import Allowance
from packsys.runtime.connect import NewConnection
from packsys.runtime.inquire import Question
from packsys.sdk import Anything, Context, HeaderBearerToken, Number, ObjectSchema, Pack, Page
from packsys.sdk.surroundings import Sync
from packsys.sdk.targets import Aim, Target
from tests.runtime.world import World, secret, world

pack = Pack(
    id=9310,
    name="Around",
    version="1.0.0",
    description="For a test.",
    domains=["a.example"],
    authentication=HeaderBearerToken(),
)


@pack.formula(connection="none", cache_ttl=60)
def double(context: Context, n: Annotated[float, "What."], times: Annotated[float, "How often."] = 1) -> float:
    """Doubles."""
    return n * 2**times


@pack.formula(connection="none", result=Anything)
def recall(context: Context, name: Annotated[str, "Of which."], arguments: Annotated[object, "Which."]) -> Any:
    """Looks for what an earlier call gave."""
    return context.cache.get(name, arguments)  # type: ignore[arg-type]


@pack.formula(connection="none", result=Anything)
def look(context: Context, n: Annotated[float, "Any number."]) -> Any:
    """Shows its context."""
    return [context.location.source, context.location.workspace, context.token, context.locale]


@pack.formula(connection="none", result=Anything, is_action=True)
def act(context: Context) -> Any:
    """Shows its context."""
    return context.location.source


@pack.formula(connection="none")
def keep(context: Context, n: Annotated[float, "What to keep."]) -> str:
    """Keeps a file."""
    return context.blobs.store(f"{n:g}".encode(), content_type="text/plain", name="n.txt")


@pack.connection_name
def who(context: Context) -> str:
    """Names the account, and where it is asked."""
    return f"{context.endpoint} {context.location.source} {context.location.workspace} {context.location.user}"


@pack.sync_table(schema=ObjectSchema("Thing", id="Id", properties={"id": Number}), connection="none")
def things(context: Context, first: Annotated[float, "The first id."]) -> Page:
    """Lists things."""
    return Page([{"id": first, "source": context.location.source, "so": dict(context.sync.continuation)}])


@pytest.fixture
def here() -> World:
    """Gives a world with the pack above."""
    return world(pack)


RECALL = 'Around::Recall("Double", Object("n", {n}))'


def test_a_pack_finds_what_an_earlier_call_gave(here: World) -> None:
    here.run("Around::Double(3)")
    assert here.run(RECALL.format(n=3)).value == [6]
    assert here.run('Around::Recall("Double", Object("times", 1, "n", 3))').value == [6]
    assert here.run(RECALL.format(n=4)).value is None


@pytest.mark.parametrize(
    "formula",
    [
        'Around::Recall("Act", Object())',
        'Around::Recall("Nothing", Object())',
        'Around::Recall("Look", Object("n", 1))',
    ],
)
def test_what_is_not_kept_is_not_found(here: World, formula: str) -> None:
    here.run("Around::Act()", actions=True)
    here.run("Around::Look(1)")
    assert here.run(formula).value is None


def test_another_workspace_finds_nothing(here: World) -> None:
    here.run("Around::Double(3)")
    assert here.run(RECALL.format(n=3), workspace="other").value is None


def test_a_call_knows_where_it_is_and_has_a_token_of_its_own(here: World) -> None:
    one = here.run("Around::Look(1)", workspace="w").value
    other = here.run("Around::Look(2)", workspace="w").value
    assert isinstance(one, list)
    assert isinstance(other, list)
    assert one[:2] == other[:2] == ["formula", "w"]
    assert len(str(one[2])) == 32
    assert one[2] != other[2]
    assert here.run("Around::Act()", actions=True).value == "action"


def test_a_call_knows_the_locale_of_its_job(here: World) -> None:
    assert [
        here.run(f"Around::Look({n}).Nth(4)", **terms).value for n, terms in enumerate(({}, {"locale": "pt_br"}))
    ] == [
        "en",
        "pt-BR",
    ]


@pytest.mark.parametrize("terms", [{"locale": "de"}, {"timezone": "Europe/Oslo"}])
def test_what_is_kept_for_one_locale_or_time_zone_is_not_found_in_another(here: World, terms: dict[str, str]) -> None:
    here.run("Around::Double(3)")
    assert here.run(RECALL.format(n=3), **terms).value is None
    here.run("Around::Double(3)", **terms)
    assert here.run(RECALL.format(n=3), **terms).value == [6]


def test_a_file_is_kept_for_the_workspace_of_the_call(here: World) -> None:
    blobs = MemoryBlobs(now=lambda: datetime.now(UTC), allowance=Allowance(files=1))
    kept = here.calling(surround=replace(here.execute.make.surround, blobs=blobs))
    address = kept.run("Around::Keep(1)", workspace="one").value
    found = blobs.get(str(address).rpartition("/")[2])
    assert found is not None
    assert (found.content, found.content_type, found.name) == (b"1", "text/plain", "n.txt")
    assert str(kept.run("Around::Keep(2)", workspace="two").value).startswith("http")
    full = kept.run("Around::Keep(3)", workspace="one").error
    assert full is not None
    assert full.code == "BlobTooLarge"


def test_a_table_is_asked_for_a_page(here: World) -> None:
    question = Question(
        pack_id=9310,
        target=Target(aim=Aim.PAGE, name="Things"),
        arguments={"first": 5},
        sync=Sync(continuation={"page": 2}),
    )
    assert here.inquire(question) == Page([{"id": 5, "source": "sync", "so": {"page": 2}}])


def test_an_account_is_asked_for_its_name(here: World) -> None:
    account = NewConnection(
        pack_id=9310, name="mine", token=secret(), workspace="w", endpoint="https://own.example/api"
    )
    made = here.connect(account)
    target = Target(aim=Aim.CONNECTION_NAME)
    question = Question(pack_id=9310, target=target, workspace="w", account=made.id, asked_by="somebody")
    assert here.inquire(question) == "https://own.example/api metadata w somebody"
    with pytest.raises(NotConnected, match="is gone"):
        here.inquire(Question(pack_id=9310, target=target, workspace="other", account=made.id))


def test_a_pack_that_is_not_there_cannot_be_asked(here: World) -> None:
    with pytest.raises(NotFound, match="There is no pack 1: "):
        here.inquire(Question(pack_id=1, target=Target(aim=Aim.CONNECTION_NAME)))


def test_a_formula_is_run_and_not_asked_for(here: World) -> None:
    with pytest.raises(RequestError, match="Double is a formula: submit a job"):
        here.inquire(Question(pack_id=9310, target=Target(name="Double")))


def test_what_a_pack_does_not_have_is_said(here: World) -> None:
    with pytest.raises(BrokenPack, match="Around cannot be asked for that: The pack has no 'Nothing'"):
        here.inquire(Question(pack_id=9310, target=Target(aim=Aim.PAGE, name="Nothing")))
