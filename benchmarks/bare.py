"""Calls the functions of the benchmark's packs with nothing around them: what the sandbox is measured beside."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from py_mini_racer import init_mini_racer

from packsys import sdk
from packsys.catalog.result import adapt
from packsys.sandbox.javascript.child import FLAGS
from packsys.sandbox.javascript.isolate import Isolate
from packsys.sandbox.loading import load_pack
from packsys.sdk import targets
from packsys.sdk.calling import call as call_function
from packsys.sdk.targets import Aim, Target

PACKS = Path(__file__).parent / "packs"
PAGE = Target(aim=Aim.PAGE, name="Things")
_LOG = logging.getLogger("packsys.pack.Bench")

# Given a text it begins a call, and given none it says what came of it: an isolate lets promises run in between.
_SCRIPT = """
(function () {
  'use strict';
  const module = {exports: {}};
  (function () { SOURCE })();
  const {formulas, syncTables} = module.exports.pack;
  const context = {fetcher: {fetch: async () => ({status: 200, body: {}})}};
  let outcome;
  return function step(message = this) {
    if (`${message}` === '') return outcome;
    const {name, params} = JSON.parse(message);
    const found = formulas.find(each => each.name === name) ?? syncTables[0].getter;
    found.execute(params, context).then(value => { outcome = JSON.stringify(value); });
    return '';
  };
})()
"""


class Near:
    """Is the fetcher of a function that is called without walls."""

    def fetch(self, request: sdk.Request) -> sdk.Response:
        """Gives an empty answer."""
        return sdk.Response(status=200, headers={}, body=b"{}")


class Mirror:
    """Is a process that sends back what it gets: the least that two processes can say to each other on this machine."""

    def __init__(self) -> None:
        """Starts the process."""
        self._line, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-I", "-S", "-c", _MIRROR, str(theirs.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()])

    def ask(self, times: int) -> None:
        """Says something, and waits for it to come back."""
        for _ in range(times):
            self._line.sendall(b"something")
            self._line.recv(64)

    def close(self) -> None:
        """Ends the process."""
        self._line.close()
        self._process.wait()


_MIRROR = "import os, sys\nline = int(sys.argv[1])\nwhile said := os.read(line, 64): os.write(line, said)"


class BarePython:
    """Calls a function of the pack in this process."""

    def __init__(self) -> None:
        """Loads the pack."""
        self._pack = load_pack(PACKS / "bench.py")

    def call(self, formula: str, **arguments: Any) -> object:
        """Gives the value, fitted to its type."""
        declared = self._pack.formulas[formula]
        return adapt(call_function(declared, self._context(formula), arguments), declared.result)

    def page(self) -> object:
        """Gives a thousand rows."""
        return targets.invoke(self._pack, PAGE, self._context("Things"), {})

    def _context(self, name: str) -> sdk.Context:
        invocation = sdk.Invocation(pack=self._pack.name, version=self._pack.version, formula=name)
        return sdk.Context(fetcher=Near(), invocation=invocation, logger=_LOG)


class BareJavaScript:
    """Calls a function of the pack in an isolate of this process."""

    def __init__(self) -> None:
        """Loads the pack."""
        library = init_mini_racer(flags=FLAGS, ignore_duplicate_init=True)
        self._isolate = Isolate(library, heap=0)
        self._isolate.begin(_SCRIPT.replace("SOURCE", (PACKS / "bench.js").read_text("utf-8")))

    def call(self, formula: str, **arguments: Any) -> object:
        """Gives the value."""
        return json.loads(self._isolate.exchange(json.dumps({"name": formula, "params": [*arguments.values()]})))

    def page(self) -> object:
        """Gives a thousand rows."""
        return self.call("Things")
