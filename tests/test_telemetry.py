"""Logs are events with what was bound to them."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from html import escape
from urllib.parse import quote, quote_plus

import pytest

from packsys.telemetry import Hidden, Hiding, JsonFormatter, TextFormatter

SECRET = 'an-obviously-fake-"token"/<ü>+ end'
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in a path": lambda text: quote(text, safe=""),
    "in a form": quote_plus,
    "in JSON": json.dumps,
    "in JSON as it is": lambda text: json.dumps(text, ensure_ascii=False),
    "in HTML": escape,
    "in base64": lambda text: b64encode(text.encode()).decode(),
    "in base64 for addresses": lambda text: urlsafe_b64encode(text.encode()).decode(),
    "in hex": lambda text: text.encode().hex(),
    "in HEX": lambda text: text.encode().hex().upper(),
    "as Python shows it": repr,
}


def pieces(written: str) -> set[str]:
    """Gives what would give a secret away: any eight characters of it."""
    return {written[start : start + 8] for start in range(1, len(written) - 9)}


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


@pytest.mark.parametrize("written", FORMS.values(), ids=FORMS)
def test_a_secret_is_hidden_however_it_is_written(written: Callable[[str], str]) -> None:
    hidden = Hidden()
    hidden.add([SECRET])
    assert hidden(f"before {written(SECRET)} after").count("***") >= 1
    assert not any(part in hidden(f"before {written(SECRET)} after") for part in pieces(written(SECRET)))


@pytest.mark.parametrize("before", range(6))
def test_a_secret_is_hidden_within_a_longer_text_in_base64(before: int) -> None:
    hidden = Hidden()
    hidden.add([SECRET])
    line = b64encode(b"x" * before + SECRET.encode() + b"yz").decode()
    assert "***" in hidden(line)
    assert len(hidden(line)) < len(line) - len(SECRET)


def test_the_traceback_of_what_nobody_caught_goes_through_the_log() -> None:
    """Python itself would write it past whatever hides secrets."""
    program = (
        "import sys, threading\n"
        "from packsys.telemetry import Hidden, set_up_logging\n"
        "hidden = Hidden()\n"
        f"hidden.add([{SECRET!r}])\n"
        "set_up_logging(hide=hidden)\n"
        "def fail():\n"
        f"    raise ValueError({SECRET!r})\n"
        "thread = threading.Thread(target=fail)\n"
        "thread.start()\n"
        "thread.join()\n"
        "fail()\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "thread.failed" in ended.stderr
    assert "process.failed" in ended.stderr
    assert ended.stderr.count("ValueError: ***") == 2
