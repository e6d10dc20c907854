"""A formula over a synced table, from the request to the answer, on real servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from packsys.client import Packsys, Refused

pytestmark = pytest.mark.slow


@pytest.fixture
def counted(service: Packsys) -> Iterator[str]:
    """Gives a table of thirty numbers that was synced."""
    made = service.syncs.create(pack="Probe", table="Numbers", name="Counted", parameters={"pages": 3, "label": "x"})
    run = service.syncs.wait(service.syncs.start(made["id"], mode="full")["id"])
    assert run["state"] == "succeeded"
    yield str(made["id"])
    service.syncs.delete(made["id"])


def test_a_formula_reads_a_synced_table(service: Packsys, counted: str) -> None:
    job = service.wait(service.submit('[Counted].Filter(Number >= 20 and Label = "x").Count()').id)
    assert job.result() == 10
    assert [(step["call"], step["state"]) for step in service.job(job.id).report["steps"]] == [
        ("Tables::Count", "done")
    ]
    assert service.run("[Counted].Sort(false, Number).Slice(1, 3).FormulaMap(Number * 2)") == [58, 56, 54]
    assert service.run(f"$$[table:{counted}:::false:false:Whatever].Number.Sum() + Probe::Add(1, 2)") == 438
    assert service.run("[Counted].Slice(1, 2).FormulaMap(Probe::Add(Number, 1))") == [1, 2]


def test_what_it_would_do_is_planned_and_its_columns_are_offered(service: Packsys, counted: str) -> None:
    plan = service.plan("[Counted].Filter(Number > 3).Number.Max()")
    assert [step["call"] for step in plan["steps"]] == ["Tables::Max"]
    offered = service.assist("[Counted].Filter(Nu", 19)["completions"]
    assert (offered[0]["label"], offered[0]["kind"]) == ("Number", "column")


def test_a_column_that_is_none_and_a_table_that_is_gone_are_said(service: Packsys) -> None:
    made = service.syncs.create(pack="Probe", table="Numbers", name="Short lived")
    with pytest.raises(Refused, match="has never been synced"):
        service.run("[Short lived].Count()")
    service.syncs.wait(service.syncs.start(made["id"], mode="full")["id"])
    with pytest.raises(Refused, match="Nothing here is called 'Nmber'"):
        service.run("[Short lived].Filter(Nmber > 1)")
    assert service.run("[Short lived].Count()") == 10
    service.syncs.delete(made["id"])
    with pytest.raises(Refused, match="Nothing here is called 'Short lived'"):
        service.run("[Short lived].Count()")
