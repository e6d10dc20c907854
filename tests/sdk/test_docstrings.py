"""The examples in docstrings are run."""

from __future__ import annotations

import doctest
import importlib
from typing import Annotated, Any

import pytest
import requests

from packsys import sdk

pack = sdk.Pack(id=9107, name="Rates", version="1.0.0", description="For a test.", domains=["rates.example"])


@pack.formula()
def rate(context: sdk.Context, currency: Annotated[str, "Its code."]) -> float:
    """Finds the rate of a currency."""
    found: float = context.fetch(f"/rates/{currency}").json()["rate"]
    return found


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("packsys.sdk.pack", {"Annotated": Annotated, "Context": sdk.Context}),
        ("packsys.sdk.schema", {}),
        ("packsys.sdk.testing", {"pack": pack}),
        ("tests.fakeapi.server", {"requests": requests}),
    ],
)
def test_the_examples_of_a_module_are_right(module: str, names: dict[str, Any]) -> None:
    ran = doctest.testmod(importlib.import_module(module), extraglobs=names)
    assert (ran.failed, ran.attempted > 0) == (0, True)
