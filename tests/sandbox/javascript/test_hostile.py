"""Programs that do not want to stop, or want everything, are stopped; the next call goes as if nothing had been."""

from __future__ import annotations

import pytest

from packsys.errors import BrokenPack, CallTimeout, PackError, PackRaised, SandboxError
from packsys.sandbox.javascript.nest import Limits
from tests.sandbox.javascript.packs import Answers, Bench, a_bench

# Each with the time that it is given, in seconds, and what it may end as.
HOSTILE = {
    "a busy loop": ("while (true) {}", 0.5, CallTimeout),
    "a busy loop after a wait": ("await null; while (true) {}", 0.5, CallTimeout),
    "a busy loop after a request": ("await context.fetcher.fetch({url: '/'}); while (true) {}", 0.5, CallTimeout),
    "a flood of microtasks": ("const on = () => Promise.resolve().then(on); await on();", 0.5, CallTimeout),
    "a loop that catches everything": ("for (;;) { try { for (;;) {} } finally { continue; } }", 0.5, CallTimeout),
    "a regular expression without end": ("return /^(a+)+$/.test('a'.repeat(40) + 'b')", 0.5, CallTimeout),
    "a thread that sleeps": ("Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0)", 0.5, CallTimeout),
    "a promise that is never resolved": ("await new Promise(() => {})", 20, PackRaised),
    "a heap without end": ("const all = []; for (;;) all.push(new Array(1000).fill(1))", 20, SandboxError),
    "one array of a gigabyte": ("return new Uint8Array(2 ** 30).length", 20, PackError),
    "many arrays beside the heap": (
        "const all = []; for (let n = 0; n < 200; n++) all.push(new Uint8Array(2 ** 24).fill(1)); return all.length",
        20,
        PackError,
    ),
    "shared memory": (
        "const all = []; const more = () => new Uint8Array(new SharedArrayBuffer(2 ** 24)).fill(1);"
        "for (let n = 0; n < 200; n++) all.push(more()); return all.length",
        20,
        PackError,
    ),
    "memory of WebAssembly": ("return new WebAssembly.Memory({initial: 16384}).buffer.byteLength", 20, PackRaised),
    "an array that is filled at once": ("return new Array(2 ** 28).fill(1).length", 20, SandboxError),
    "JSON of 160 MB": ("return JSON.parse('[' + '1,'.repeat(8e7) + '1]').length", 20, PackError),
    "a text of 128 MB": ("return 'x'.repeat(2 ** 27)", 20, SandboxError),
    "a text that doubles": ("let text = 'x'; for (;;) text = text + text + text.length", 20, PackError),
    "recursion without end": ("const on = () => on() + 1; return on()", 20, PackRaised),
    "a proxy that answers for ever": (
        "return new Proxy({}, {ownKeys: () => { for (;;) {} }})",
        0.5,
        CallTimeout,
    ),
    "a getter that never returns": ("return {get value() { for (;;) {} }}", 0.5, CallTimeout),
    "an error whose message never comes": ("throw {get message() { for (;;) {} }}", 0.5, CallTimeout),
    "an object that holds itself": ("const own = {}; own.own = own; return own", 20, PackRaised),
    "nesting without end": ("let deep = []; for (let n = 0; n < 1e5; n++) deep = [deep]; return deep", 20, PackRaised),
    "a sparse array of four billion": ("const wide = []; wide[4294967294] = 1; return wide", 1, PackError),
    "a log without end": ("for (;;) console.log('x'.repeat(1000))", 20, PackError),
    "a flood of requests": (
        "for (let n = 0; n < 5000; n++) context.fetcher.fetch({url: '/'}); await null",
        20,
        PackError,
    ),
    "a flood of small values": ("return new Array(2e6).fill([])", 20, PackError),
    "an array that is stretched": (
        "const b = new ArrayBuffer(8, {maxByteLength: 2 ** 31}); b.resize(2 ** 30);"
        "return new Uint8Array(b).fill(1).length",
        20,
        PackError,
    ),
    "shared memory that is stretched": (
        "const b = new SharedArrayBuffer(8, {maxByteLength: 2 ** 31}); b.grow(2 ** 30);"
        "return new Uint8Array(b).fill(1).length",
        20,
        PackError,
    ),
    "a text that is normalized": ("return 'x'.repeat(2 ** 29).normalize('NFD').length", 20, PackError),
    "a sort that never ends": ("return [1, 2, 3].sort(() => { for (;;) {} })", 0.5, CallTimeout),
    "a reviver that never ends": ("return JSON.parse('[1]', () => { for (;;) {} })", 0.5, CallTimeout),
    "a thenable that never answers": ("return {then() { for (;;) {} }}", 0.5, CallTimeout),
    "a thenable that is never done": ("return {then() {}}", 20, PackRaised),
    "a result that grows while it is written": (
        "const all = []; const more = {get again() { all.push(more); return all }}; all.push(more); return all",
        20,
        PackError,
    ),
    "weak references without end": (
        "const all = []; for (;;) all.push(new WeakRef({big: new Array(1000).fill(1)}))",
        20,
        PackError,
    ),
    "symbols without end": ("for (let n = 0; ; n++) Symbol.for('x'.repeat(1000) + n)", 20, PackError),
    "a template without end": ("let s = 'x'; while (true) s = `${s}${s}`; return s", 20, PackError),
    "closures without end": ("let f = () => 1; for (;;) { const g = f; f = () => g() }", 20, PackError),
    "a flood of BigInts": ("let wide = 2n; for (;;) wide = wide ** 64n", 20, PackError),
}


@pytest.mark.parametrize("attempt", HOSTILE)
def test_it_is_stopped_and_the_next_call_goes_on(bench: Bench, attempt: str) -> None:
    body, seconds, expected = HOSTILE[attempt]
    with pytest.raises(expected):
        bench.go(body, timeout=seconds)
    assert bench.go("return 'on'") == "on"


@pytest.mark.parametrize("before", ["while (true) {}", "throw new Error('no')", "const ("])
def test_a_pack_that_cannot_be_loaded_is_stopped_too(bench: Bench, before: str) -> None:
    with pytest.raises((BrokenPack, CallTimeout)):
        bench.go("return 1", before=before, timeout=1.0)
    assert bench.go("return 'on'") == "on"


def test_a_pack_that_takes_all_memory_while_it_loads_is_stopped(bench: Bench) -> None:
    with pytest.raises((BrokenPack, SandboxError)):
        bench.go("return 1", before="var all = []; for (;;) all.push(new Array(1000).fill(1));")


def test_the_limit_that_was_met_is_named(bench: Bench) -> None:
    with pytest.raises(SandboxError) as caught:
        bench.go("const all = []; for (;;) all.push(new Array(1000).fill(1))")
    assert (caught.value.limit, caught.value.retryable) == ("memory", False)


def test_the_time_of_the_processor_is_bounded_by_the_kernel_as_well() -> None:
    with a_bench(limits=Limits(seconds=1)) as bench, pytest.raises(SandboxError) as caught:
        bench.go("while (true) {}", timeout=30.0)
    assert caught.value.limit == "time"


@pytest.mark.parametrize(
    ("limits", "body", "limit"),
    [
        (Limits(requests=3), "for (let n = 0; n < 4; n++) await context.fetcher.fetch({url: '/'})", "fetches"),
        (Limits(log_lines=3), "for (let n = 0; n < 4; n++) console.log(n)", "log"),
        (Limits(frame=1000), "return 'x'.repeat(1000)", "output"),
    ],
)
def test_requests_lines_and_output_are_counted(limits: Limits, body: str, limit: str) -> None:
    with a_bench(limits=limits) as bench, pytest.raises(SandboxError) as caught:
        bench.go(body)
    assert caught.value.limit == limit


def test_requests_beyond_the_limit_are_not_sent() -> None:
    answers = Answers()
    with a_bench(limits=Limits(requests=3)) as bench, pytest.raises(SandboxError):
        bench.go("for (;;) await context.fetcher.fetch({url: '/'})", fetcher=answers)
    assert len(answers.requests) == 3
