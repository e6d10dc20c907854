"""A call or a question goes to whoever runs its pack: this process for ours, a sandbox for strangers'."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from packsys.catalog.manifest import describe
from packsys.errors import BrokenPack, NoSandbox
from packsys.memory import MemoryReleases
from packsys.model import Release
from packsys.ports import Call, Inquiry, World
from packsys.sandbox.inprocess import InProcessPacks
from packsys.sandbox.shelf import Shelf
from packsys.sdk import Context, Dynamic, HeaderBearerToken, Pack, Page
from packsys.sdk.targets import Aim, Target
from tests.sandbox.calls import Script, a_call


def a_pack(number: int, name: str) -> Pack:
    pack = Pack(id=number, name=name, version="1.0.0", description="For a test.", authentication=HeaderBearerToken(),
                domains=["a.example"], connection="none")  # fmt: skip

    @pack.formula()
    def greet(context: Context) -> str:
        """Greets."""
        return f"from {context.invocation.pack}"

    @pack.connection_name
    def who(context: Context) -> str:
        return f"account of {context.invocation.pack}"

    @pack.sync_table(dynamic=Dynamic(schema=lambda context: None))  # type: ignore[arg-type, return-value]
    def things(context: Context) -> Page:
        """Lists nothing."""
        return Page([])

    return pack


class Runner:
    """Is a sandbox that names the runtime it stands for, or has no walls."""

    def __init__(self, name: str) -> None:
        self._name = name

    def run(self, call: Call) -> Any:
        if self._name == "javascript":
            raise NoSandbox
        return f"{call.invocation.name} in {self._name}"

    def ask(self, inquiry: Inquiry) -> Any:
        if self._name == "javascript":
            raise NoSandbox
        return f"{inquiry.target.aim} in {self._name}"


OURS, THEIRS, SCRIPT = a_pack(1, "Ours"), a_pack(2, "Theirs"), a_pack(3, "Script")


@pytest.fixture
def shelf() -> Shelf:
    releases = MemoryReleases()
    for pack, runtime in ((THEIRS, "python"), (SCRIPT, "javascript")):
        manifest = describe(pack)
        releases.add(
            Release(
                pack_id=pack.id,
                version=pack.version,
                name=pack.name,
                runtime=runtime,
                digest="0" * 64,
                manifest=manifest,
                archive=b"",
            )
        )
    return Shelf(InProcessPacks([OURS]), releases, {each: Runner(each) for each in ("python", "javascript")})


def a_greeting(pack: Pack, version: str = "1.0.0") -> Call:
    call = a_call(InProcessPacks([pack]), pack.name, "Greet")
    return replace(call, invocation=replace(call.invocation, version=version))


def a_question(pack: Pack, version: str = "1.0.0") -> Inquiry:
    target = Target(aim=Aim.CONNECTION_NAME)
    return Inquiry(pack_id=pack.id, version=version, target=target, world=World(fetcher=Script(), timeout=10.0))


def test_ours_run_in_this_process_and_strangers_where_their_runtime_is(shelf: Shelf) -> None:
    assert (shelf.run(a_greeting(OURS)), shelf.ask(a_question(OURS))) == ("from Ours", "account of Ours")
    assert shelf.run(a_greeting(THEIRS)) == "Theirs::Greet in python"
    assert shelf.ask(a_question(THEIRS)) == "connection_name in python"


def test_what_was_never_published_is_said(shelf: Shelf) -> None:
    with pytest.raises(BrokenPack, match=r"Theirs::Greet is not published as 2\.0\.0: "):
        shelf.run(a_greeting(THEIRS, "2.0.0"))
    with pytest.raises(BrokenPack, match=r"The pack 2 is not published as 2\.0\.0: "):
        shelf.ask(a_question(THEIRS, "2.0.0"))


def test_without_walls_strangers_do_not_run_and_ours_do(shelf: Shelf) -> None:
    for ask in (lambda: shelf.run(a_greeting(SCRIPT)), lambda: shelf.ask(a_question(SCRIPT))):
        with pytest.raises(NoSandbox, match="This machine cannot wall in the code of strangers"):
            ask()
    assert shelf.run(a_greeting(OURS)) == "from Ours"
