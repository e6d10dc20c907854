"""The packs that ``packsys pack init`` writes to start from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from packsys.errors import Conflict, RequestError
from packsys.sdk import PackDeclarationError
from packsys.sdk.names import check_name, pascal

_PYTHON = {
    "pack.py": '''"""<name> in formulas."""

from typing import Annotated

from packsys.sdk import Context, Example, Pack

pack = Pack(id=<number>, name="<name>", version="0.1.0", description="Says what <name> is for.")


@pack.formula(examples=[Example(arguments=["you"], result="Hello, you!")])
def greet(context: Context, name: Annotated[str, "Whom to greet."] = "world") -> str:
    """Greets somebody by name."""
    return f"Hello, {name}!"
''',
    "test_pack.py": '''"""<name> does what it says."""

from pathlib import Path

from packsys.sandbox.loading import load_pack
from packsys.sdk.testing import run, standard_tests

pack = load_pack(Path(__file__).parent)

TestStandard = standard_tests(pack)


def test_it_greets_the_world() -> None:
    assert run(pack, "Greet") == "Hello, world!"
''',
    "README.md": """# <name>

Says what <name> is for.

    packsys pack check <folder>
    packsys pack test <folder>
    packsys run <folder> '=<name>::Greet("you")'
""",
}

_TYPESCRIPT = {
    "pack.ts": """import * as coda from '@codahq/packs-sdk';

export const pack = coda.newPack();

pack.addFormula({
  name: 'Greet',
  description: 'Greets somebody by name.',
  parameters: [
    coda.makeParameter({type: coda.ParameterType.String, name: 'name', description: 'Whom to greet.', optional: true}),
  ],
  resultType: coda.ValueType.String,
  examples: [{params: ['you'], result: 'Hello, you!'}],
  execute: async ([name]) => `Hello, ${name ?? 'world'}!`,
});
""",
    "package.json": """{
  "name": "<package>",
  "version": "0.1.0",
  "private": true,
  "packsys": {"id": <number>, "name": "<name>"},
  "devDependencies": {"@codahq/packs-sdk": "^1.17.5"}
}
""",
    ".gitignore": "bundle.js\nnode_modules/\n",
    "README.md": """# <name>

Says what <name> is for.

    npm install
    packsys pack check <folder>
    packsys pack add <folder>
    packsys formula '=<name>::Greet("you")'
""",
}


def write_starter(place: Path, name: str, number: int, *, typescript: bool = False) -> Path:
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
    words = {"name": called, "number": str(number), "folder": folder.name, "package": called.lower()}
    for file, text in (_TYPESCRIPT if typescript else _PYTHON).items():
        (folder / file).write_text(_filled(text, words), encoding="utf-8")
    return folder


def _filled(text: str, words: Mapping[str, str]) -> str:
    for word, said in words.items():
        text = text.replace(f"<{word}>", said)
    return text
