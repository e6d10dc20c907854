"""The pack that ``packsys pack init`` writes to start from."""

from __future__ import annotations

from pathlib import Path

from packsys.errors import Conflict, RequestError
from packsys.sdk import PackDeclarationError
from packsys.sdk.names import check_name, pascal

_PACK = '''"""{name} in formulas."""

from typing import Annotated

from packsys.sdk import Context, Example, Pack

pack = Pack(id={number}, name="{name}", version="0.1.0", description="Says what {name} is for.")


@pack.formula(examples=[Example(arguments=["you"], result="Hello, you!")])
def greet(context: Context, name: Annotated[str, "Whom to greet."] = "world") -> str:
    """Greets somebody by name."""
    return f"Hello, {{name}}!"
'''

_TEST = '''"""{name} does what it says."""

from pathlib import Path

from packsys.sandbox.loading import load_pack
from packsys.sdk.testing import run, standard_tests

pack = load_pack(Path(__file__).parent)

TestStandard = standard_tests(pack)


def test_it_greets_the_world() -> None:
    assert run(pack, "Greet") == "Hello, world!"
'''

_README = """# {name}

Says what {name} is for.

    packsys pack check {folder}
    packsys pack test {folder}
    packsys run {folder} '={name}::Greet("you")'
"""


def write_starter(place: Path, name: str, number: int) -> Path:
    """Writes a new pack into a folder of its own, and gives that; raises for a name that no pack can have."""
    called = pascal(name)
    try:
        check_name("A pack", called)
    except PackDeclarationError as error:
        raise RequestError(str(error)) from None
    folder = place / Path(name).name
    if folder.exists():
        raise Conflict(f"There is a {folder.name} here already: choose another name, or move it away.")
    folder.mkdir()
    for file, text in (("pack.py", _PACK), ("test_pack.py", _TEST), ("README.md", _README)):
        (folder / file).write_text(text.format(name=called, number=number, folder=folder.name), encoding="utf-8")
    return folder
