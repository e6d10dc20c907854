"""Writes logs as events with dotted names and bound ids, as text for people or JSON for machines."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any, TextIO

_STANDARD = frozenset(vars(logging.LogRecord("", 0, "", 0, "", None, None))) | {"message", "asctime", "taskName"}
_SHORTEST = 6
_FOREIGN = {"data", "color_message"}  # what Celery and uvicorn bind for formatters of their own


class Hidden:
    """Knows the secrets that a process has opened, and takes them out of the lines of its log.

    The last ``most`` are remembered. A text of less than six characters may well be a word, and is not hidden.
    """

    def __init__(self, most: int = 1000) -> None:
        """Begins with none."""
        self._texts: OrderedDict[str, None] = OrderedDict()
        self._most = most
        self._lock = threading.Lock()
        self._pattern: re.Pattern[str] | None = None

    def add(self, texts: Collection[str]) -> None:
        """Remembers secrets, and how JSON writes them."""
        long = [text for text in texts if len(text) >= _SHORTEST]
        with self._lock:
            known = all(text in self._texts for text in long)
            for form in (form for text in long for form in (text, json.dumps(text)[1:-1])):
                self._texts[form] = None
                self._texts.move_to_end(form)
            while len(self._texts) > self._most:
                self._texts.popitem(last=False)
            if not known:
                self._pattern = re.compile("|".join(map(re.escape, sorted(self._texts, key=len, reverse=True))))

    def __call__(self, line: str) -> str:
        """Gives a line without them."""
        return self._pattern.sub("***", line) if self._pattern else line


def set_up_logging(
    *,
    format: str = "text",
    level: int = logging.INFO,
    stream: TextIO = sys.stderr,
    hide: Callable[[str], str] = lambda line: line,
) -> None:
    """Sends every log event of the process to ``stream``; ``format`` is ``text`` or ``json``.

    ``hide`` has the last word about each line, traceback included.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Hiding(JsonFormatter() if format == "json" else TextFormatter(), hide))
    logging.basicConfig(level=level, handlers=[handler], force=True)


class Hiding(logging.Formatter):
    """Writes what another formatter writes, without what must not be seen."""

    def __init__(self, writes: logging.Formatter, hide: Callable[[str], str]) -> None:
        """Takes the formatter, and what has the last word."""
        super().__init__()
        self._writes = writes
        self._hide = hide

    def format(self, record: logging.LogRecord) -> str:
        """Gives the line."""
        return self._hide(self._writes.format(record))


class JsonFormatter(logging.Formatter):
    """Writes one JSON object a line: time, level, logger, event, and what was bound to it."""

    def format(self, record: logging.LogRecord) -> str:
        """Gives the line."""
        event = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **bound(record),
        }
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        return json.dumps(event, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """Writes one line a person can read: time, level, event, and what was bound to it as key=value."""

    def format(self, record: logging.LogRecord) -> str:
        """Gives the line, and a traceback under it where there is one."""
        time = datetime.fromtimestamp(record.created).strftime("%H:%M:%S.%f")[:-3]
        words = [f"{key}={value}" for key, value in bound(record).items()]
        line = " ".join([time, record.levelname.lower(), record.getMessage(), *words])
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def bound(record: logging.LogRecord) -> dict[str, Any]:
    """Picks what a caller bound to an event with ``extra``, leaving out what is another library's own."""
    return {key: value for key, value in vars(record).items() if key not in _STANDARD | _FOREIGN}
