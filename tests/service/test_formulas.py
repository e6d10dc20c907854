from __future__ import annotations

from typing import Any

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


def asked(http: httpx.Client, marked: str, **terms: object) -> dict[str, Any]:
    """Asks what an editor would at the ``|`` in a formula."""
    body = {"formula": marked.replace("|", ""), "position": marked.index("|"), **terms}
    answer = http.post("/v1/formulas/editor", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_an_editor_is_told_what_can_stand_at_the_cursor(http: httpx.Client) -> None:
    found = asked(http, '"測😀" & Uppe|')
    assert found["completions"] == [
        {
            "label": "Upper",
            "kind": "function",
            "insert": "Upper(",
            "start": 7,
            "detail": "Upper(text, [locale])",
            "documentation": found["completions"][0]["documentation"],
        }
    ]
    assert found["more"] is False


def test_it_knows_the_packs_the_accounts_and_the_variables(http: httpx.Client) -> None:
    http.post("/v1/connections", json={"pack": "GitHub", "name": "our editor", "token": "not-a-real-token"})
    first = [asked(http, typed, variables={"Limit": 3})["completions"][0] for typed in ("Gith|", "[our ed|", "Lim|")]
    assert [(each["kind"], each["insert"]) for each in first] == [
        ("pack", "GitHub::"),
        ("connection", "[our editor]"),
        ("variable", "Limit"),
    ]


def test_completions_are_counted_out(http: httpx.Client) -> None:
    few, none = asked(http, "|", most=2), asked(http, "|", most=0)
    assert (len(few["completions"]), few["more"]) == (2, True)
    assert (none["completions"], none["more"]) == ([], True)


def test_it_is_told_about_the_name_under_the_cursor_and_the_call_around_it(http: httpx.Client) -> None:
    found = asked(http, "Round(Up|per(1), 2)")
    assert (found["hover"]["title"], found["hover"]["start"], found["hover"]["end"]) == ("Upper(text, [locale])", 6, 11)
    assert (found["signature"]["usage"], found["signature"]["active"]) == ("Round(number, [places])", 0)
    assert [(each["name"], each["kind"], each["required"]) for each in found["signature"]["parameters"]] == [
        ("number", "number", True),
        ("places", "number", False),
    ]


def test_it_is_told_all_that_is_wrong(http: httpx.Client) -> None:
    found = asked(http, "List(Fliter(1, 2), 1 < 2 < 3, nope|")
    assert [(mark["severity"], mark["kind"], mark["start"], mark["end"]) for mark in found["diagnostics"]] == [
        ("error", "Syntax", 4, 5),
        ("error", "UnknownFormula", 5, 11),
        ("error", "Syntax", 19, 28),
        ("error", "UnknownName", 30, 34),
    ]
    assert found["diagnostics"][1]["suggestions"][0] == "Filter"
    assert found["diagnostics"][2]["fix"] == "1 < 2 and 2 < 3"


def test_a_position_beyond_the_end_is_the_end(http: httpx.Client) -> None:
    body = {"formula": "Uppe", "position": 99}
    assert http.post("/v1/formulas/editor", json=body).json() == asked(http, "Uppe|")
