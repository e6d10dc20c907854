"""A formula runs wave by wave, whatever happens to its messages."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from packsys.errors import FormulaError, IdempotencyMismatch, RequestError
from packsys.model import EventKind, JobState, Route, StepState, Submission
from packsys.runtime.report import report
from packsys.runtime.submit import fingerprint
from tests.ports.single import claim_one, keep_one
from tests.runtime.world import ATTEMPTS, World, secret, world

FIVE = "List(1, 2, 3, 4, 5).FormulaMap(Probe::Add(CurrentValue, 1)).Sum()"


@pytest.fixture(params=[False, True], ids=["quick", "canvas"])
def here(request: pytest.FixtureRequest) -> World:
    """Gives a fresh world, in which waves are sent one way and the other."""
    return world(joins=request.param)


def test_a_formula_without_calls_is_answered_at_once(here: World) -> None:
    job = here.submit(Submission(formula="=6 * 7"))
    assert here.house.jobs.get(job.id).value == 42
    assert not here.messages.waiting


def test_independent_calls_are_one_wave_and_dependent_ones_follow(here: World) -> None:
    job = here.run(f"Probe::Echo({FIVE})")
    assert job.value == 20
    assert here.waves(job.id) == [["Probe::Add"] * 5, ["Probe::Echo"]]


def test_an_equal_call_is_made_once(here: World) -> None:
    job = here.run("Probe::Add(1, 2) + Probe::Add(1, 2)")
    assert job.value == 6
    assert here.waves(job.id) == [["Probe::Add"]]


def test_a_branch_that_is_not_taken_is_not_called(here: World) -> None:
    job = here.run('If(Probe::Add(1, 1) = 2, "yes", Probe::Raise("never"))')
    assert job.value == "yes"
    assert here.waves(job.id) == [["Probe::Add"]]


def test_messages_that_come_twice_change_nothing(here: World) -> None:
    job = here.submit(Submission(formula=FIVE))
    while here.messages.waiting:
        message = here.messages.waiting.popleft()
        here.deliver(message)
        here.deliver(message)
    assert here.house.jobs.get(job.id).value == 20
    assert [step.attempt for step in here.house.steps.of(job.id)] == [1] * 5
    assert here.waves(job.id) == [["Probe::Add"] * 5]


def test_messages_may_come_in_any_order(here: World) -> None:
    job = here.submit(Submission(formula=f"Probe::Echo({FIVE})"))
    while here.messages.waiting:
        here.deliver(here.messages.waiting.pop())
    here.house.wait(60)
    here.reconcile()
    here.settle()
    assert here.house.jobs.get(job.id).value == 20


def test_a_failing_call_is_a_value(here: World) -> None:
    assert here.run('IfError(Probe::Raise("broken"), "mended")').value == "mended"


def test_a_job_that_ends_in_an_error_names_the_call_and_its_place(here: World) -> None:
    job = here.run('1 + Probe::Raise("broken")')
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert job.error.origin is not None
    assert (job.error.code, job.error.origin.call, job.error.origin.start) == ("PackRaised", "Probe::Raise", 4)
    assert report(job)["error"]["actor"] == "maker"


def test_a_retryable_failure_is_tried_again_with_growing_waits(here: World, tmp_path: Path) -> None:
    job = here.submit(Submission(formula="Probe::Fail(503)"))
    for _ in range(3):
        here.settle()
        here.house.wait(60)
        (step,) = here.house.steps.of(job.id)
        here.messages.again(step, route=Route())
        here.messages.delays.pop()
    here.settle()
    assert here.messages.delays == [0.75, 1.5, 3.0]
    assert here.house.jobs.get(job.id).state is JobState.FAILED


def test_a_failure_that_time_does_not_cure_is_not_tried_again(here: World) -> None:
    assert here.run("Probe::Fail(404)").state is JobState.FAILED
    assert here.messages.delays == []


def test_a_retry_that_would_come_after_the_deadline_is_not_made(here: World) -> None:
    assert here.run("Probe::Fail(503)", timeout=0.5).state is JobState.FAILED
    assert here.messages.delays == []


def test_a_cancelled_job_starts_no_step(here: World) -> None:
    job = here.submit(Submission(formula=FIVE))
    here.house.jobs.cancel(job.id)
    here.settle()
    assert here.house.jobs.get(job.id).state is JobState.CANCELLED
    assert {step.state for step in here.house.steps.of(job.id)} == {StepState.QUEUED}


def test_a_result_comes_from_the_cache_in_another_job(here: World) -> None:
    here.run('Probe::Remember("x")')
    job = here.run('Probe::Remember("x")')
    assert [step.cached for step in here.house.steps.of(job.id)] == [True]


def test_a_formula_without_cache_ttl_is_called_again(here: World) -> None:
    here.run('Probe::Echo("x")')
    job = here.run('Probe::Echo("x")')
    assert [step.cached for step in here.house.steps.of(job.id)] == [False]


def test_workspaces_share_no_cached_result(here: World) -> None:
    here.run('Probe::Remember("x")', workspace="one")
    job = here.run('Probe::Remember("x")', workspace="other")
    assert [step.cached for step in here.house.steps.of(job.id)] == [False]


def test_a_chain_of_calls_has_an_end(here: World) -> None:
    formula = "0"
    for _ in range(60):
        formula = f"Probe::Add({formula}, 1)"
    job = here.run(formula)
    assert job.error is not None
    assert job.error.code == "Budget"
    assert len(here.waves(job.id)) == 50


def test_what_is_read_after_an_action_is_read_anew(
    here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROBE_LOG", str(tmp_path / "log"))
    formula = 'RunActions(Probe::Act("a"), Probe::Act(Probe::Remember("x")))'
    for _ in range(2):
        job = here.run(formula, actions=True)
    assert [step.cached for step in here.house.steps.of(job.id)] == [False, False, False]


def test_what_can_go_on_does_not_wait_for_its_neighbours() -> None:
    """Of two chains side by side, one comes to its end while the other's first call still waits."""
    here = world()
    job = here.submit(Submission(formula="Probe::Echo(Probe::Add(1, 1)) + Probe::Echo(Probe::Add(2, 2))"))
    here.deliver(here.messages.waiting.popleft())
    ended = [step.invocation.name for step in here.house.steps.of(job.id) if step.state is StepState.DONE]
    assert ended == ["Probe::Add", "Probe::Echo"]
    here.settle()
    assert here.house.jobs.get(job.id).value == 6


def test_a_worker_goes_on_with_one_call_and_sends_the_others() -> None:
    here = world()
    pair = "List(1, 2, 3).FormulaMap(Probe::Add(CurrentValue, Probe::Echo(5)))"
    job = here.submit(Submission(formula=pair))
    here.deliver(here.messages.waiting.popleft())
    states = [step.state for step in here.house.steps.of(job.id)]
    assert states == [StepState.DONE, StepState.DONE, StepState.QUEUED, StepState.QUEUED]
    assert len(here.messages.waiting) == 2


def test_a_formula_that_was_answered_before_is_answered_at_once() -> None:
    here = world()
    first = here.run('Probe::Remember("x")')
    again = here.submit(Submission(formula='Probe::Remember("x")'))
    assert (again.state, again.value) == (JobState.DONE, first.value)
    assert [step.cached for step in here.house.steps.of(again.id)] == [True]
    assert not here.messages.waiting


# What was lost is found.


def test_lost_messages_are_sent_again(here: World) -> None:
    job = here.submit(Submission(formula=f"Probe::Echo({FIVE})"))
    here.messages.waiting.clear()
    here.house.wait(30)
    assert here.reconcile() == 1
    here.settle()
    assert here.house.jobs.get(job.id).value == 20


def test_what_is_lost_again_and_again_is_sent_each_time_where_no_message_waits(here: World) -> None:
    """A worker died with it, then another, then a reconciler between finding and sending it."""
    job = here.submit(Submission(formula="Probe::Echo(1)"))
    for _ in range(6):
        here.messages.waiting.clear()
        here.house.wait(10)
        assert here.reconcile() == 1
    here.settle()
    assert here.house.jobs.get(job.id).value == 1


def test_what_may_wait_behind_others_is_sent_ever_more_rarely(here: World) -> None:
    here.submit(Submission(formula="Probe::Echo(1)"))
    repairs = []
    for _ in range(8):
        here.house.wait(10)
        repairs.append(here.reconcile())
    assert repairs == [1, 0, 1, 0, 0, 0, 1, 0]


def test_a_lost_advance_is_made_up_for(here: World) -> None:
    """The worker that kept the last outcome died before it could look at the job."""
    job = here.submit(Submission(formula=FIVE))
    for step in here.house.steps.of(job.id):
        claim = claim_one(here.house.steps, job.id, step.key, worker="dies", lease=30)
        assert claim
        assert keep_one(here.house.steps, claim, step.number + 1)
    here.messages.waiting.clear()
    here.house.wait(30)
    assert here.reconcile() == 1
    here.settle()
    assert here.house.jobs.get(job.id).value == 20


def test_nothing_is_repaired_where_nothing_stands_still(here: World) -> None:
    here.submit(Submission(formula=FIVE))
    assert here.reconcile() == 0


def test_a_step_whose_worker_died_is_given_to_another(here: World) -> None:
    job = here.submit(Submission(formula="Probe::Echo(1)"))
    (step,) = here.house.steps.of(job.id)
    here.messages.waiting.clear()
    claim_one(here.house.steps, job.id, step.key, worker="dead", lease=1.0)
    here.house.wait(5)
    assert here.reconcile() == 1
    here.settle()
    assert here.house.jobs.get(job.id).value == 1


def test_a_step_that_kills_every_worker_fails(here: World) -> None:
    job = here.submit(Submission(formula='IfError(Probe::Echo(1), "given up")'))
    (step,) = here.house.steps.of(job.id)
    for _ in range(ATTEMPTS):
        here.messages.waiting.clear()
        assert claim_one(here.house.steps, job.id, step.key, worker="dead", lease=1.0)
        here.house.wait(5)
        here.reconcile()
    here.settle()
    assert here.house.jobs.get(job.id).value == "given up"


def test_a_job_past_its_deadline_fails_and_says_so(here: World) -> None:
    job = here.submit(Submission(formula=FIVE, timeout=20))
    here.house.wait(21)
    here.reconcile()
    ended = here.house.jobs.get(job.id)
    assert ended.error is not None
    assert ended.error.code == "DeadlineExceeded"


# Actions.


def test_an_action_runs_once_and_in_order(here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBE_LOG", str(tmp_path / "log"))
    job = here.run('RunActions(Probe::Act("a"), Probe::Act(Probe::Echo("b")))', actions=True)
    assert job.state is JobState.DONE
    assert (tmp_path / "log").read_text().split() == ["a", "b"]
    assert here.waves(job.id) == [["Probe::Act"], ["Probe::Echo"], ["Probe::Act"]]


def test_an_action_whose_worker_died_is_not_repeated(
    here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROBE_LOG", str(tmp_path / "log"))
    job = here.submit(Submission(formula='RunActions(Probe::Act("a"))', actions=True))
    (step,) = here.house.steps.of(job.id)
    here.messages.waiting.clear()
    claim_one(here.house.steps, job.id, step.key, worker="dead", lease=1.0)
    here.house.wait(5)
    here.reconcile()
    here.settle()
    ended = here.house.jobs.get(job.id)
    assert ended.error is not None
    assert ended.error.code == "OutcomeUnknown"
    assert not (tmp_path / "log").exists()


# What is refused.


def test_a_wrong_formula_leaves_nothing_behind(here: World) -> None:
    with pytest.raises(FormulaError):
        here.submit(Submission(formula="Probe::Nope("))
    assert not here.messages.waiting


@pytest.mark.parametrize(
    "terms",
    [
        {"timeout": 0},
        {"timeout": 1e9},
        {"timezone": "Mars/Olympus"},
        {"timezone": ""},
        {"locale": "xx"},
        {"locale": ""},
        {"locale": "../en"},
    ],
)
def test_terms_that_no_job_can_have_are_refused(here: World, terms: dict[str, object]) -> None:
    with pytest.raises(RequestError):
        here.submit(Submission(formula="1", **terms))  # type: ignore[arg-type]


def test_the_same_idempotency_key_gives_the_same_job(here: World) -> None:
    first = here.submit(Submission(formula=FIVE, idempotency_key="k"))
    again = here.submit(Submission(formula=FIVE, idempotency_key="k"))
    assert again.id == first.id
    assert len([message for message in here.messages.waiting if message[0] == "step"]) == 5


def test_a_locale_that_there_is_not_is_refused_with_advice(here: World) -> None:
    with pytest.raises(
        RequestError, match=r"'xx' is not a locale: use a language tag such as 'en', 'de-AT' or 'zh-CN'\."
    ):
        here.submit(Submission(formula="1", locale="xx"))


def test_a_job_is_evaluated_for_its_locale_which_is_kept_in_one_form(here: World) -> None:
    job = here.run("FormatNumber(0.5) & ' ' & Probe::Echo(MonthName(Date(2026, 1, 1)))", locale="de_at")
    assert (job.value, job.locale) == ("0,5 Jänner", "de-AT")


def test_an_idempotency_key_belongs_to_one_locale_however_it_is_written(here: World) -> None:
    first = here.submit(Submission(formula="1", idempotency_key="k", locale="de-AT"))
    assert here.submit(Submission(formula="1", idempotency_key="k", locale="de_at")).id == first.id
    with pytest.raises(IdempotencyMismatch):
        here.submit(Submission(formula="1", idempotency_key="k"))


def test_a_request_without_a_locale_is_the_one_that_it_was_to_former_releases() -> None:
    """Who repeats a request while packsys is updated gets the job, and no mismatch."""
    terms = json.dumps(["1", {}, 300.0, "UTC", False])
    assert fingerprint(Submission(formula="1")) == hashlib.sha256(terms.encode()).hexdigest()


@pytest.mark.parametrize("terms", [{"locale": "de"}, {"timezone": "Europe/Oslo"}])
def test_locales_and_time_zones_share_no_cached_result(here: World, terms: dict[str, str]) -> None:
    here.run('Probe::Remember("x")')
    jobs = [here.run('Probe::Remember("x")', **terms) for _ in range(2)]
    assert [step.cached for job in jobs for step in here.house.steps.of(job.id)] == [False, True]


def test_a_secret_is_sealed_before_it_is_kept(here: World) -> None:
    from packsys.runtime.connect import NewConnection

    made = here.connect(NewConnection(pack_id=1013, name="me", token=secret()))
    kept = here.house.connections.get(made.id, workspace="default")
    assert kept is not None
    assert secret().reveal().encode() not in kept.sealed


def test_the_events_of_a_job_tell_its_story(here: World) -> None:
    job = here.run("Probe::Echo(1)")
    assert [event.kind for event in here.house.events.since(job.id, 0)] == [
        EventKind.JOB_ACCEPTED,
        EventKind.JOB_RUNNING,
        EventKind.STEP_QUEUED,
        EventKind.STEP_RUNNING,
        EventKind.STEP_DONE,
        EventKind.JOB_DONE,
    ]
