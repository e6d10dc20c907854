"""One V8 isolate, spoken to in text: mini-racer's library, called straight and not through its event loop.

mini-racer runs each order on a thread of its own, and when it is done calls back with a number that came with the order
and the address of the answer. Its Python side needs four orders for a call with one argument, and wakes an event loop
after each: ten times as long. Here the library calls no Python at all, but ``eventfd_write`` of the C library, whose
two arguments are just these: the number is a descriptor, from which this side reads the address.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

# The kinds of values, as mini-racer's C++ counts them.
_TEXT, _ARRAY, _FUNCTION, _FIRST_ERROR = 5, 6, 100, 200


class ScriptError(Exception):
    """JavaScript raised, or could not be read; the message is the engine's."""


class Unexpected(Exception):
    """The isolate gave something else than what the thunk gives."""


class Isolate:
    """Is one isolate; its memory is given back when the process ends."""

    def __init__(self, library: Any, *, heap: int) -> None:
        """Makes it in mini-racer's library, with at most ``heap`` bytes for V8's own memory, where that is not 0."""
        self._library = library
        self._first, self._second = os.eventfd(0), os.eventfd(0)
        (callback,) = library.mr_init_context.argtypes
        self._context = library.mr_init_context(ctypes.cast(ctypes.CDLL(None).eventfd_write, callback))
        library.mr_set_hard_memory_limit(self._context, heap)
        self._nothing = self._evaluated("[]", _ARRAY)
        self._step: Any = None

    @property
    def exhausted(self) -> bool:
        """Tells whether the memory was used up: V8 does not go on afterwards, whatever it answers."""
        return bool(self._library.mr_hard_memory_limit_reached(self._context))

    def run(self, source: str) -> None:
        """Runs a script; raises :class:`ScriptError`."""
        self._free(self._evaluated(source, None))

    def begin(self, thunk: str) -> None:
        """Runs the script that gives the function to be called by :meth:`exchange`."""
        self._step = self._evaluated(thunk, _FUNCTION)

    def exchange(self, text: str) -> str:
        """Calls the function on a text, lets all promises have their turn, and calls it on the empty text.

        Gives what the second call gave; raises :class:`ScriptError` and :class:`Unexpected`. Both calls are ordered
        at once: V8 runs promises after the first has returned, and needs nobody in between.
        """
        given, blank = self._text(text), self._text("")
        for each, told in ((given, self._first), (blank, self._second)):
            self._library.mr_call_function(self._context, self._step, each, self._nothing, told)
        second, first = self._answer(self._second), self._answer(self._first)
        self._free(given, blank)
        try:
            self._checked(first, _TEXT)
            return _read(self._checked(second, _TEXT))
        finally:
            self._free(first, second)

    def _answer(self, told: int) -> Any:
        address = int.from_bytes(os.read(told, 8), sys.byteorder)
        return ctypes.cast(address, self._library.mr_alloc_string_val.restype)

    def _evaluated(self, source: str, kind: int | None) -> Any:
        script = self._text(source)
        self._library.mr_eval(self._context, script, self._first)
        answer = self._answer(self._first)
        self._free(script)
        return self._checked(answer, kind)

    def _checked(self, answer: Any, kind: int | None) -> Any:
        if answer.contents.type >= _FIRST_ERROR:
            raise ScriptError(_read(answer))
        if kind is not None and answer.contents.type != kind:
            raise Unexpected
        return answer

    def _text(self, text: str) -> Any:
        data = text.encode("utf-8", "replace")
        return self._library.mr_alloc_string_val(self._context, data, len(data), _TEXT)

    def _free(self, *values: Any) -> None:
        for value in values:
            self._library.mr_free_value(self._context, value)


def _read(answer: Any) -> str:
    return ctypes.string_at(answer.contents.value.value_ptr, answer.contents.len).decode("utf-8", "replace")
