from __future__ import annotations

import httpx
import pytest


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/formulas/plan"])
def test_a_wrong_formula_says_where_and_what_would_be_right(http: httpx.Client, path: str) -> None:
    answer = http.post(path, json={"formula": '"a" +\n "😀" + Nope()'})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["actor"]) == (422, "UnknownFormula", "author")
    assert problem["detail"] == "There is no formula 'Nope'."
    assert problem["formula"] == {
        "kind": "UnknownFormula",
        "line": 2,
        "column": 8,
        "start": 13,
        "end": 17,
        "utf16": {"start": 14, "end": 18},
        "expected": ["a formula"],
        "found": "Nope",
        "suggestions": ["Note"],
        "drawing": "There is no formula 'Nope'. (line 2, column 8)\n   \"😀\" + Nope()\n         ^\nDid you mean Note?",
    }


def test_a_plan_has_a_tree_steps_waves_and_warnings(http: httpx.Client) -> None:
    answer = http.post("/v1/formulas/plan", json={"formula": "GitHub::Repo(GitHub::Repos().First().Url)"})
    assert answer.status_code == 200
    plan = answer.json()
    assert plan.keys() == {"tree", "steps", "waves", "warnings"}
    assert [step["call"] for step in plan["steps"]] == ["GitHub::Repos", "GitHub::Repo"]
    assert plan["waves"] == [[plan["steps"][0]["id"]], [plan["steps"][1]["id"]]]
    assert plan["steps"][1]["depends_on"] == [plan["steps"][0]["id"]]


def test_a_plan_runs_nothing_and_takes_no_terms_of_a_run(http: httpx.Client) -> None:
    answer = http.post("/v1/formulas/plan", json={"formula": "=1", "wait": 3})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/wait")
