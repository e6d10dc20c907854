"""A pack is found in a file, a folder or a module, and what is wrong with it is said with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from packsys.errors import BrokenPack
from packsys.sandbox.loading import load_pack

GOOD = """
from packsys.sdk import Context, Pack

pack = Pack(id=9106, name="Found", version="{version}", description="For a test.")

@pack.formula()
def answer(context: Context) -> float:
    \"\"\"Gives the answer.\"\"\"
    return 42
"""


@pytest.mark.parametrize("place", ["packs.github", "packs.github.pack", "packs/github", "packs/github/pack.py"])
def test_one_pack_is_found_by_all_its_names(place: str) -> None:
    root = Path(__file__).parents[2]
    assert load_pack(root / place if "/" in place else place).name == "GitHub"


def test_a_folder_may_hold_more_than_the_pack(tmp_path: Path) -> None:
    (tmp_path / "names.py").write_text("NAME = 'Found'\n")
    (tmp_path / "pack.py").write_text(
        "from .names import NAME\n" + GOOD.replace('"Found"', "NAME").format(version="1.0.0")
    )
    assert load_pack(tmp_path).name == "Found"


def test_loading_again_reads_the_file_again(tmp_path: Path) -> None:
    source = tmp_path / "found.py"
    source.write_text(GOOD.format(version="1.0.0"))
    first = load_pack(source)
    source.write_text(GOOD.format(version="1.10.0"))
    assert (first.version, load_pack(source).version) == ("1.0.0", "1.10.0")


def test_files_of_one_name_in_two_folders_are_two_packs(tmp_path: Path) -> None:
    for version in ("1.0.0", "2.0.0"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "pack.py").write_text(GOOD.format(version=version))
    assert [load_pack(tmp_path / version).version for version in ("1.0.0", "2.0.0")] == ["1.0.0", "2.0.0"]


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("def (:\n", "SyntaxError: invalid syntax"),
        ("import nothing_of_this_name\n", "No module named 'nothing_of_this_name' (pack.py, line 1)"),
        ("\n1 / 0\n", "ZeroDivisionError: division by zero (pack.py, line 2)"),
        ("raise SystemExit(1)\n", "SystemExit: 1 (pack.py, line 1)"),
        ("x = 1\n", "defines no pack: write pack = Pack("),
        (GOOD.format(version="1.0.0").replace("pack", "mine").replace("minesys", "packsys"), "call 'mine' 'pack'"),
        (GOOD.format(version="1.0.0").partition("@")[0], "has no formulas"),
        (GOOD.format(version="1"), "three numbers with dots, such as '1.4.0' (semver.org). (pack.py, line 4)"),
    ],
)
def test_a_pack_that_cannot_be_loaded_says_why_and_where(tmp_path: Path, source: str, sentence: str) -> None:
    (tmp_path / "pack.py").write_text(source)
    with pytest.raises(BrokenPack) as caught:
        load_pack(tmp_path)
    assert sentence in caught.value.message


@pytest.mark.parametrize("place", ["nowhere/at_all", "nowhere.py", "nowhere.at_all", "packs"])
def test_a_pack_that_is_not_there_is_named(place: str) -> None:
    with pytest.raises(BrokenPack, match=place):
        load_pack(place)
