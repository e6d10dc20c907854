"""The tasks: one list of them, and two ways to name them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import bootstrap

ROOT = Path(__file__).parents[2]


def test_make_knows_exactly_the_tasks() -> None:
    targets = re.findall(r"^([a-z%-][a-z %-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = {name for line in targets for name in line.split()}
    assert named == {*bootstrap.TASKS, "help", "bench-%"}


def test_without_words_the_tasks_are_listed() -> None:
    said = subprocess.run([sys.executable, "bootstrap.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^  ([a-z-]+)  ", said, re.MULTILINE) == list(bootstrap.TASKS)


def test_an_old_python_can_read_the_bootstrap() -> None:
    ast.parse((ROOT / "bootstrap.py").read_text(), feature_version=(3, 6))
