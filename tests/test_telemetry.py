"""Logs are events with what was bound to them."""

from __future__ import annotations

import json
import logging
import sys

from packsys.telemetry import Hidden, Hiding, JsonFormatter, TextFormatter


def record(**bound: object) -> logging.LogRecord:
    """Makes an event."""
    made = logging.LogRecord("packsys.runtime", logging.WARNING, __file__, 1, "job.repaired", None, None)
    vars(made).update(bound)
    return made


def test_a_machine_reads_one_object_a_line() -> None:
    line = JsonFormatter().format(record(job="j1", cause="lost\nlease"))
    event = json.loads(line)
    assert (event["event"], event["job"], event["cause"], event["level"]) == (
        "job.repaired",
        "j1",
        "lost\nlease",
        "warning",
    )
    assert "\n" not in line


def test_a_person_reads_one_line() -> None:
    assert TextFormatter().format(record(job="j1")).endswith("warning job.repaired job=j1")


def test_what_is_anothers_is_left_out() -> None:
    assert "color_message" not in TextFormatter().format(record(color_message="x"))


def test_a_secret_that_was_opened_is_in_no_line_and_no_traceback() -> None:
    hidden = Hidden()
    hidden.add(['an-obviously-fake-"token"', "short"])
    try:
        raise ValueError('no an-obviously-fake-"token" here')
    except ValueError:
        failed = record(cause='an-obviously-fake-"token"')
        failed.exc_info = sys.exc_info()
    for formatter in (JsonFormatter(), TextFormatter()):
        line = Hiding(formatter, hidden).format(failed)
        assert "obviously" not in line
        assert "***" in line
    assert hidden("a short word") == "a short word"


def test_the_last_secrets_are_hidden() -> None:
    hidden = Hidden(most=2)
    for text in ("secret-1", "secret-2", "secret-3"):
        hidden.add([text])
    assert hidden("secret-1 secret-2 secret-3") == "secret-1 *** ***"
