"""Writes logs as events with dotted names and bound ids, as text for people or JSON for machines."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from base64 import b64encode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from html import escape
from types import TracebackType
from typing import Any, TextIO
from urllib.parse import quote, quote_plus

_STANDARD = frozenset(vars(logging.LogRecord("", 0, "", 0, "", None, None))) | {"message", "asctime", "taskName"}
_SHORTEST = 6
_FOREIGN = {"data", "color_message"}  # what Celery and uvicorn bind for formatters of their own


class Hidden:
    """Knows the secrets that a process has had in its hands, and takes them out of the lines of its log.

    The last ``most`` are remembered. A text of less than six characters may well be a word, and is not hidden.
    """

    def __init__(self, most: int = 1000) -> None:
        """Begins with none."""
        self._texts: OrderedDict[str, frozenset[str]] = OrderedDict()
        self._most = most
        self._lock = threading.Lock()
        self._forms: tuple[str, ...] = ()

    def add(self, texts: Collection[str]) -> None:
        """Remembers secrets, in all their forms."""
        long = [text for text in texts if len(text) >= _SHORTEST]
        with self._lock:
            new = [text for text in long if text not in self._texts]
            self._texts |= {text: forms(text) for text in new}
            for text in long:
                self._texts.move_to_end(text)
            while len(self._texts) > self._most:
                self._texts.popitem(last=False)
            if new:
                self._forms = longest_first(self._texts.values())

    def __call__(self, line: str) -> str:
        """Gives a line without them."""
        # Not one large pattern: it would take longer to compile for each new secret than all lines take to search.
        for form in self._forms:
            if form in line:
                line = line.replace(form, "***")
        return line


def longest_first(known: Collection[Collection[str]]) -> tuple[str, ...]:
    """Puts all forms in an order in which none hides a part of another."""
    return tuple(sorted({form for each in known for form in each}, key=len, reverse=True))


def forms(text: str) -> frozenset[str]:
    """Gives the ways to write a text: as it is, percent-encoded, in JSON, in HTML; and that in base64 and hex."""
    plain = frozenset(_plainly(text))
    return plain.union(*(_in_bytes(each.encode("utf-8", "surrogatepass")) for each in plain))


def _plainly(text: str) -> Iterator[str]:
    yield text
    octets = text.encode("utf-8", "surrogatepass")
    yield from (quote(octets, safe=""), quote(octets), quote_plus(octets), _lower_escapes(quote(octets, safe="")))
    yield from (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
    yield json.dumps(text)[1:-1].replace("/", "\\/")
    yield from (escape(text), escape(text, quote=False), repr(text)[1:-1])


def _in_bytes(data: bytes) -> Iterator[str]:
    yield from (data.hex(), data.hex().upper())
    for encode in (b64encode, urlsafe_b64encode):
        yield encode(data).decode().rstrip("=")
        yield from (_inside(encode, data, before) for before in (0, 1, 2))


def _inside(encode: Callable[[bytes], bytes], data: bytes, before: int) -> str:
    """Gives the part of a longer text in base64 that this one alone decides, after so many bytes of another."""
    first, end = -(-before * 8 // 6), (before + len(data)) * 8 // 6
    return encode(bytes(before) + data).decode()[first:end]


def _lower_escapes(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), text)


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
    # Python would write the traceback of what nobody caught past the log, and so past ``hide``.
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        logging.getLogger(__name__).critical("process.failed", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(said: threading.ExceptHookArgs) -> None:
    if said.exc_value is not None and not issubclass(said.exc_type, SystemExit):
        told = (said.exc_type, said.exc_value, said.exc_traceback)
        name = said.thread.name if said.thread else ""
        logging.getLogger(__name__).critical("thread.failed", exc_info=told, extra={"thread_name": name})


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
