"""A file that is no pack is told what it is instead, and what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress

import pytest

from packsys.errors import BrokenPack, PackError
from tests.sandbox.javascript.packs import VERSION, Bench


@pytest.mark.parametrize(
    ("bundle", "said"),
    [
        (b"", "is empty"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
        (b"/" * 5_000_001, "5000001 bytes, and 5000000 are the most"),
        (b"1 + 1", "It exports nothing. Write 'export const pack = newPack()'"),
        (b"module.exports = {render: 1, main: 2}", "It exports render, main."),
        (b"module.exports = {pack: 5}", "It exports pack."),
        (b"module.exports = {manifest: {formulas: {Old: []}}}", "formulas are no list, as in bundles of the first"),
        (b"const fs = require('fs')", "no bundle of its own yet: build it with 'packs build'"),
        (b"import * as sdk from '@codahq/packs-sdk'", "no bundle of its own yet"),
        (b"export const pack = {}", "no bundle of its own yet"),
        (b"const site = new URL('https://example.com')", "packs find no URL unless they are published with the web's"),
        (b"throw new Error('Not today.')", "raises while it is loaded"),
        (b"module.exports = {pack:", "no JavaScript that V8 understands"),
        (b"PK\x03\x04 a file of another kind", "no JavaScript that V8 understands"),
    ],
)
def test_what_is_no_pack_is_told_so(bench: Bench, bundle: bytes, said: str) -> None:
    pack = bench.shelf.add({"bundle.js": bundle})
    with pytest.raises(BrokenPack, match=re.escape(said)):
        bench.sandbox.declared(pack, VERSION)


TRICKS = (
    "}); globalThis.evil = 1; ({",
    "return 1 }); }); (() => { (() => {",
    "*/ return 1 /*",
    "<!-- x\nreturn 1",
    "return 1 //\u2028 }); evil()",
    "</script><script>return 1",
    "import 'fs'",
    "export default 1",
    "super.x()",
    "arguments.callee()",
    "return new.target",
    "await (await import('fs'))",
    "return 1\n#! x",
    "`${",
    "'use strict",
    "\0",
    "\ud800",
    "return eval('1')",
    "}, async () => 5); throw 1; (",
    "return this.constructor.constructor('return 1')()",
)


@pytest.mark.parametrize("body", TRICKS)
def test_a_body_that_leaves_its_function_reaches_nothing_but_its_own_isolate(bench: Bench, body: str) -> None:
    function = {"name": "Go", "parameters": [], "implementation": body, "returnType": "string"}
    pack = bench.shelf.add({"pack.json": json.dumps({"functions": [function]}).encode()})
    with suppress(PackError):
        assert bench.again(pack) in (1, None)
    after = bench.add("return [typeof evil, typeof params, {}.evil].join()")
    assert bench.again(after) == "undefined,object,"


def test_a_bundle_that_declares_more_than_anybody_needs_is_refused(bench: Bench) -> None:
    pack = bench.shelf.add({"bundle.js": b"module.exports = {pack: {formulas: [], x: new Array(100001).fill(1)}}"})
    with pytest.raises(BrokenPack, match="more than 100000 things"):
        bench.sandbox.declared(pack, VERSION)


@pytest.mark.parametrize("files", [{}, {"index.js": b"1"}, {"pack.json": b"{"}, {"pack.json": b'{"functions": []}'}])
def test_files_without_a_pack_are_told_so(bench: Bench, files: Mapping[str, bytes]) -> None:
    pack = bench.shelf.add(files)
    with pytest.raises(BrokenPack):
        bench.sandbox.declared(pack, VERSION)
