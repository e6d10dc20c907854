"""The wheel: whoever installs packsys gets every file of the house, data files too."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.setup.checkout import copy

HOUSE = ("packsys", "packs", "workers", "scheduler", "celeryconfig.py")


@pytest.mark.setup
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("index")
def test_the_wheel_holds_the_whole_house_and_its_command(tmp_path: Path) -> None:
    checkout = copy(tmp_path / "checkout")
    build = [sys.executable, "-m", "uv", "build", "--quiet", "--wheel", "--out-dir", str(tmp_path), str(checkout)]
    subprocess.run(build, check=True)
    with zipfile.ZipFile(next(tmp_path.glob("packsys-*.whl"))) as wheel:
        held = set(wheel.namelist())
        entry_points = wheel.read(next(name for name in held if name.endswith("/entry_points.txt"))).decode()
    files = (file.relative_to(checkout) for file in checkout.rglob("*") if file.is_file())
    house = {str(file) for file in files if file.parts[0] in HOUSE}
    assert {name for name in held if ".dist-info/" not in name} == house
    assert "packsys = packsys.cli.main:main" in entry_points
