"""Writes logs as events with dotted names and bound ids, as text for people or JSON for machines."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

_STANDARD = frozenset(vars(logging.LogRecord("", 0, "", 0, "", None, None))) | {"message", "asctime", "taskName"}
_FOREIGN = {"data", "color_message"}  # what Celery and uvicorn bind for formatters of their own


def set_up_logging(*, format: str = "text", level: int = logging.INFO, stream: TextIO = sys.stderr) -> None:
    """Sends every log event of the process to ``stream``; ``format`` is ``text`` or ``json``."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if format == "json" else TextFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)


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
