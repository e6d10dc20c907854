"""Logs are events with what was bound to them."""

from __future__ import annotations

import json
import logging

from packsys.telemetry import JsonFormatter, TextFormatter


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
