"""Which system calls pack code may make, and the filter that says so to the kernel.

The numbers are those of ``asm/unistd_64.h`` (x86_64) and ``asm-generic/unistd.h`` (aarch64). What is in neither table
fails with EPERM, so that Python code sees an ordinary error: ``open`` and ``socket`` are such calls.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple


class SystemCall(NamedTuple):
    """Is one system call and its number on each machine; None where the machine has no such call."""

    name: str
    x86_64: int | None
    aarch64: int


ALLOWED: Final = tuple(
    SystemCall(*each)
    for each in (
        # The conversation with the host, over descriptor 3. No descriptor can be made: nothing opens, dups or receives.
        ("read", 0, 63),
        ("write", 1, 64),
        ("close", 3, 57),
        ("fstat", 5, 80),
        ("lseek", 8, 62),
        ("poll", 7, None),
        ("ppoll", 271, 73),
        ("select", 23, None),
        ("pselect6", 270, 72),
        # Memory, up to the limit on address space. mmap and mprotect are looked at once more: nothing executable.
        ("mmap", 9, 222),
        ("mprotect", 10, 226),
        ("munmap", 11, 215),
        ("brk", 12, 214),
        ("mremap", 25, 216),
        ("madvise", 28, 233),
        # Python's own signal handling. None can be sent.
        ("rt_sigaction", 13, 134),
        ("rt_sigprocmask", 14, 135),
        ("rt_sigreturn", 15, 139),
        ("sigaltstack", 131, 132),
        ("restart_syscall", 219, 128),
        # Locks and thread-local data of the one thread that there is.
        ("futex", 202, 98),
        ("rseq", 334, 293),
        ("sched_yield", 24, 124),
        # The clock, and waiting.
        ("clock_gettime", 228, 113),
        ("clock_getres", 229, 114),
        ("clock_nanosleep", 230, 115),
        ("nanosleep", 35, 101),
        ("gettimeofday", 96, 169),
        ("time", 201, None),
        ("times", 100, 153),
        ("getrusage", 98, 165),
        # Randomness.
        ("getrandom", 318, 278),
        # Who am I: libraries ask, and the answers are nobody's in an empty place.
        ("getpid", 39, 172),
        ("getppid", 110, 173),
        ("gettid", 186, 178),
        ("getuid", 102, 174),
        ("geteuid", 107, 175),
        ("getgid", 104, 176),
        ("getegid", 108, 177),
        ("getcwd", 79, 17),
        ("uname", 63, 160),
        ("sysinfo", 99, 179),
        # The end.
        ("exit", 60, 93),
        ("exit_group", 231, 94),
    )
)

DEADLY: Final = tuple(
    SystemCall(*each)
    for each in (
        # No pack makes these by accident: who makes one is attacking, and its process ends there and then.
        # Another program.
        ("execve", 59, 221),
        ("execveat", 322, 281),
        # Other processes' memory, descriptors and signals.
        ("ptrace", 101, 117),
        ("process_vm_readv", 310, 270),
        ("process_vm_writev", 311, 271),
        ("pidfd_open", 434, 434),
        ("pidfd_getfd", 438, 438),
        ("pidfd_send_signal", 424, 424),
        # Large and young parts of the kernel, where most holes are found.
        ("bpf", 321, 280),
        ("io_uring_setup", 425, 425),
        ("io_uring_enter", 426, 426),
        ("io_uring_register", 427, 427),
        ("userfaultfd", 323, 282),
        ("perf_event_open", 298, 241),
        ("add_key", 248, 217),
        ("request_key", 249, 218),
        ("keyctl", 250, 219),
        # Another view of the machine.
        ("unshare", 272, 97),
        ("setns", 308, 268),
        ("mount", 165, 40),
        ("pivot_root", 155, 41),
        ("chroot", 161, 51),
        ("open_by_handle_at", 304, 265),
        # The machine itself.
        ("init_module", 175, 105),
        ("finit_module", 313, 273),
        ("kexec_load", 246, 104),
        ("kexec_file_load", 320, 294),
        ("reboot", 169, 142),
    )
)

_INSTRUCTION: Final = struct.Struct("HBBI")  # struct sock_filter: code, jump if true, jump if false, operand
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _THIRD_ARGUMENT = 0, 4, 32  # offsets in struct seccomp_data, both machines being little-endian
_X32 = 0x40000000  # the bit of the numbers of the x32 ABI, which would name every call a second time
_PROT_EXEC = 4


@dataclass(frozen=True)
class Machine:
    """Is a machine that has a table: how the kernel's audit calls it, and the calls that this module makes."""

    name: str
    audit: int
    capset: int
    pivot_root: int

    def number(self, call: SystemCall) -> int | None:
        """Gives the number of a call here."""
        return call.x86_64 if self.name == "x86_64" else call.aarch64


MACHINES: Final = {
    each.name: each
    for each in (
        Machine("x86_64", audit=0xC000003E, capset=126, pivot_root=155),
        Machine("aarch64", audit=0xC00000B7, capset=91, pivot_root=41),
    )
}


def seccomp_filter(machine: Machine) -> bytes:
    """Writes the filter as a classic BPF program: what the kernel runs before each system call."""
    return b"".join(_INSTRUCTION.pack(*each) for each in _program(machine))


def _program(machine: Machine) -> Iterator[tuple[int, int, int, int]]:
    # A call of the 32-bit ABI has other numbers: it must not be taken for one of ours.
    yield _LOAD, 0, 0, _ARCHITECTURE
    yield _EQUAL, 1, 0, machine.audit
    yield _RETURN, 0, 0, _KILL
    yield _LOAD, 0, 0, _NUMBER
    if machine.name == "x86_64":
        yield _AT_LEAST, 0, 1, _X32
        yield _RETURN, 0, 0, _KILL
    yield from _never_executable(machine)
    yield from _each(machine, ALLOWED, _ALLOW)
    yield from _each(machine, DEADLY, _KILL)
    yield _RETURN, 0, 0, _REFUSE | errno.EPERM


def _never_executable(machine: Machine) -> Iterator[tuple[int, int, int, int]]:
    """Refuses to make memory executable, so that no native code but what is loaded already can run."""
    mmap, mprotect = (machine.number(call) for call in ALLOWED if call.name in ("mmap", "mprotect"))
    yield _EQUAL, 1, 0, mmap or 0
    yield _EQUAL, 0, 4, mprotect or 0
    yield _LOAD, 0, 0, _THIRD_ARGUMENT
    yield _ANY_BIT, 0, 1, _PROT_EXEC
    yield _RETURN, 0, 0, _REFUSE | errno.EACCES
    yield _RETURN, 0, 0, _ALLOW


def _each(machine: Machine, calls: Iterable[SystemCall], verdict: int) -> Iterator[tuple[int, int, int, int]]:
    for call in calls:
        number = machine.number(call)
        if number is not None:
            yield _EQUAL, 0, 1, number
            yield _RETURN, 0, 0, verdict
