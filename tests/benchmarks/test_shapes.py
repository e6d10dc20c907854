"""What is measured is the same work for everybody."""

from __future__ import annotations

from math import inf

import pytest

from benchmarks.execution.goals import AT_LEAST, beside
from benchmarks.execution.peers.limit import graph
from benchmarks.execution.shapes import NAPPING, SHAPES, Shape
from benchmarks.figures import Figure

ALL = pytest.mark.parametrize("shape", [*SHAPES, NAPPING], ids=lambda shape: shape.name)


@ALL
def test_a_formula_makes_the_calls_of_its_shape(shape: Shape) -> None:
    written = shape.formula.count("Probe::")
    assert written == (1 if "FormulaMap" in shape.formula else shape.calls)


@ALL
@pytest.mark.parametrize("seed", [0, 7])
def test_a_graph_of_nodes_gives_the_value_of_its_shape(shape: Shape, seed: int) -> None:
    values: dict[int, int] = {}
    for node in graph(shape, seed):  # each comes after those that it needs
        values[node["id"]] = sum(node["numbers"]) + sum(values[need] for need in node["needs"])
        last = node
    assert (last["after"], values[last["id"]]) == ([], shape.value(seed))


def test_a_comparison_says_whether_its_goal_is_met() -> None:
    (figure,) = beside("mixed_rate", {"packsys": [1.0, 1.0], "canvas": [2.0, 2.0]})
    assert figure == Figure("mixed_rate", 2.0, "x", "canvas", at_least=AT_LEAST["mixed_rate", "canvas"])
    assert figure.met is False


def test_a_figure_without_a_goal_meets_none() -> None:
    assert Figure("anything", inf, "ms").met is None
