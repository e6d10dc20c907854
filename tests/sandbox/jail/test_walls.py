"""What a machine must offer before packs of strangers run on it, and how the kernel is told."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import platform
import re
import signal
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.errors import NoSandbox
from packsys.sandbox import walls
from packsys.sandbox.confinement import Granted, Layers
from packsys.sandbox.protocol import Malformed, TooLarge, decode, framed, written
from packsys.sandbox.python import PythonSandbox, probe
from packsys.sandbox.supervisor import check_machine
from packsys.sandbox.syscalls import MACHINES, PYTHON, V8, Permit, seccomp_filter
from tests.sandbox.jail.attempts import code_call, sandbox

KILL, ALLOW, REFUSE = 0x80000000, 0x7FFF0000, 0x50001


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary() | st.dates()
    | st.datetimes() | st.timedeltas()
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.text().filter(lambda key: not key.startswith("\0")), inner),
    max_leaves=20,
)


PERMITS = [pytest.param(permit, id=name) for name, permit in (("python", PYTHON), ("v8", V8))]


def verdict(
    machine: str, permit: Permit, number: int, *, audit: int | None = None, third: int = 0, fourth: int = 0
) -> int:
    """Runs the filter as the kernel would: a small classic BPF machine (man 2 seccomp)."""
    program = [*struct.iter_unpack("HBBI", seccomp_filter(MACHINES[machine], permit))]
    data = {0: number, 4: MACHINES[machine].audit if audit is None else audit, 32: third, 40: fourth}
    place, value = 0, 0
    while True:
        code, if_true, if_false, operand = program[place]
        place += 1
        match code:
            case 0x20:
                value = data[operand]
            case 0x15:
                place += if_true if value == operand else if_false
            case 0x35:
                place += if_true if value >= operand else if_false
            case 0x45:
                place += if_true if value & operand else if_false
            case 0x06:
                return operand
            case _:
                raise AssertionError(f"Instruction {code:#x} is none of ours.")


@pytest.mark.parametrize("permit", PERMITS)
@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_says_of_every_call_what_the_tables_say(machine: str, permit: Permit) -> None:
    allowed = {MACHINES[machine].number(call) for call in permit.allowed}
    deadly = {MACHINES[machine].number(call) for call in permit.deadly}
    assert not allowed & deadly - {None}
    for number in range(600):
        wanted = ALLOW if number in allowed else KILL if number in deadly else REFUSE
        assert verdict(machine, permit, number) == wanted


@pytest.mark.parametrize("permit", PERMITS)
@pytest.mark.parametrize("machine", MACHINES)
def test_calls_by_another_architectures_numbers_are_deadly(machine: str, permit: Permit) -> None:
    assert verdict(machine, permit, 0, audit=0x40000003) == KILL  # i386, where 0 is restart_syscall
    assert verdict("x86_64", permit, 0x40000000) == KILL
    assert verdict("x86_64", permit, 0xFFFFFFFF) == KILL


@pytest.mark.parametrize("name", ["mmap", "mprotect"])
@pytest.mark.parametrize("machine", MACHINES)
def test_memory_of_python_may_be_anything_but_executable(machine: str, name: str) -> None:
    number = _number(machine, name)
    verdicts = [verdict(machine, PYTHON, number, third=protection) for protection in range(8)]
    assert verdicts == [ALLOW] * 4 + [0x5000D] * 4
    assert {verdict(machine, V8, number, third=protection) for protection in range(8)} == {ALLOW}


@pytest.mark.parametrize("permit", PERMITS)
@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("flags", [0x1, 0x3, 0x21, 0x122, 0x100])
def test_memory_that_no_limit_counts_is_refused(machine: str, permit: Permit, flags: int) -> None:
    assert verdict(machine, permit, _number(machine, "mmap"), third=3, fourth=flags) == 0x5000D
    assert verdict(machine, permit, _number(machine, "mmap"), third=3, fourth=0x4022) == ALLOW


def _number(machine: str, name: str) -> int:
    number = next(MACHINES[machine].number(call) for call in PYTHON.allowed if call.name == name)
    assert number is not None
    return number


ABIS = {
    "i386": b"\xb8\x14\x00\x00\x00\xcd\x80\xc3",  # mov eax, 20 (getpid); int 0x80; ret
    "x32": b"\xb8\x27\x00\x00\x40\x0f\x05\xc3",  # mov eax, 0x40000027 (getpid); syscall; ret
    "execve": b"\xb8\x3b\x00\x00\x00\x0f\x05\xc3",  # mov eax, 59 (execve); syscall; ret
}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the code is that of x86_64")
@pytest.mark.parametrize("abi", ABIS)
@pytest.mark.parametrize("permit", PERMITS)
def test_a_call_in_machine_code_ends_the_process(permit: Permit, abi: str) -> None:
    """What a pack could do if it found the instruction somewhere: memory is executable only before the filter is."""
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(ABIS[abi])
    jump = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
    child = os.fork()
    if child == 0:
        walls.promise_no_new_privileges()
        walls.filter_system_calls(permit)
        jump()
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGSYS


@pytest.mark.parametrize("permit", PERMITS)
@pytest.mark.parametrize(
    ("machine", "header"), [("x86_64", "x86_64-linux-gnu/asm/unistd_64.h"), ("aarch64", "asm-generic/unistd.h")]
)
def test_the_numbers_are_the_ones_of_the_kernels_headers(machine: str, header: str, permit: Permit) -> None:
    place = Path("/usr/include", header)
    if not place.is_file():
        pytest.skip(f"the kernel's headers for {machine} are not installed")
    found = re.findall(r"#define\s+__NR(?:3264)?_(\w+)\s+(\d+)", place.read_text("utf-8"))
    numbers = {name: int(number) for name, number in found}
    ours = {call.name: MACHINES[machine].number(call) for call in (*permit.allowed, *permit.deadly)}
    ours |= {name: getattr(MACHINES[machine], name) for name in ("capset", "pivot_root", "seccomp")}
    ours |= {"landlock_create_ruleset": 444, "landlock_restrict_self": 446}
    assert {name: numbers.get(name) for name in ours} == ours


@pytest.mark.parametrize(
    ("granted", "refusal"),
    [
        (Granted(landlock_version=7), ""),
        (Granted(landlock="not there"), ""),
        (Granted(namespaces="Operation not permitted", landlock_version=4), ""),
        (
            Granted(namespaces="no", landlock="neither"),
            "There are neither namespaces (no) nor Landlock (neither) here.",
        ),
        (Granted(seccomp="not there"), "The kernel filters no system calls here (not there)."),
    ],
)
def test_less_than_the_minimum_is_refused_in_a_sentence(granted: Granted, refusal: str) -> None:
    assert granted.refusal == refusal


@pytest.mark.parametrize(
    ("system", "machine", "said"),
    [("darwin", "arm64", "run on Linux only: darwin has no namespaces"), ("linux", "riscv64", "no table .* riscv64")],
)
def test_a_machine_without_walls_is_refused(system: str, machine: str, said: str) -> None:
    with pytest.raises(NoSandbox, match=said):
        check_machine(system=system, machine=machine)


def test_the_machine_says_which_walls_it_has(machine: Granted) -> None:
    assert probe() == machine
    assert not machine.refusal
    assert machine.landlock_version >= (0 if machine.landlock else 1)


def test_a_python_that_cannot_start_is_named() -> None:
    runner = PythonSandbox(lambda pack_id, version: {}, python="/bin/false")
    with pytest.raises(NoSandbox, match="cannot be started: its process ended while it started"):
        runner.start()


def test_a_sandbox_without_namespaces_works_as_in_a_default_container(machine: Granted) -> None:
    if machine.landlock:
        pytest.skip("no Landlock on this machine, so the namespaces are the minimum")
    with sandbox(layers=Layers(namespaces=False)) as runner:
        assert runner.run(code_call("through = 1")) == 1
        assert runner.start().namespaces == "it is switched off"


def test_a_message_is_counted_before_it_is_read() -> None:
    assert decode(b"[1,2,3]", values=10) == [1, 2, 3]
    with pytest.raises(TooLarge):
        decode(b"[[],[],[]]", values=5)


@given(st.binary() | st.text().map(str.encode) | values.map(written))
def test_reading_a_strangers_bytes_gives_a_value_or_says_that_they_are_malformed(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        decode(data, values=1_000)


@given(values)
def test_what_was_written_reads_the_same(value: object) -> None:
    assert decode(written(value), values=10_000) == value


def test_what_looks_like_a_date_of_ours_but_is_an_object_stays_one() -> None:
    value = {"\0date": "2026-01-01", "more": 1}
    assert decode(written({"a": value, "\0other": 1}), values=99) == {"a": value, "\0other": 1}
    assert framed(b"{}") == b"\0\0\0\2{}"
    with pytest.raises(Malformed):
        decode(b'{"\\u0000date": "soon"}', values=99)


def test_what_the_documentation_promises_has_its_test() -> None:
    root = Path(__file__).parents[3]
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (root / "docs" / "sandbox.md").read_text("utf-8"))
    assert len(named) > 10
    for file, name in named:
        assert f"def {name}(" in (root / file).read_text("utf-8"), f"{file}::{name}"
