"""The jail itself, with Python and ctypes given back to the attacker: what V8's own wall must not be needed for.

Every attempt is made twice: in a process that is not jailed, where it succeeds, and behind the jail.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ATTEMPTS = {
    "nothing": "pass",
    "read a file": "open('/etc/passwd').read()",
    "list a folder": "os.listdir('/')",
    "write a file": "open('/tmp/packsys-jail-test', 'w').close()",
    "look at the environment": "open('/proc/self/environ').read()",
    "make a TCP socket": "socket.socket()",
    "make a Unix socket": "socket.socket(socket.AF_UNIX)",
    "make a raw netlink socket": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "make a pair of sockets": "socket.socketpair()",
    "fork": "os.fork() or os._exit(0)",
    "start a program": "os.spawnv(os.P_WAIT, '/bin/true', ['true']) == 0 or fail()",
    "start a thread": "(lambda t: (t.start(), t.join()))(threading.Thread(target=int))",
    "signal its parent": "os.kill(os.getppid(), 0)",
    "signal everyone": "os.kill(os.getpid(), 0)",
    "trace itself": "call(101, 0, 0, 0, 0)",
    "read its parent's memory": "call(310, os.getpid(), 0, 0, 0, 0, 0)",
    "make a namespace": "call(272, 0)",
    "make a file in memory": "os.memfd_create('x')",
    "make a pipe": "os.pipe()",
    "raise its limits": "resource.setrlimit(resource.RLIMIT_CPU, resource.getrlimit(resource.RLIMIT_CPU))",
    "change its folder": "os.chdir('/')",
    "map a file": "open(sys.executable, 'rb').fileno()",
    "name the machine": "os.uname()",
    "take 400 MB": "len(bytearray(400 * 2**20))",
}

_HEAD = """
import os, sys, socket, threading, resource, ctypes
sys.path.insert(0, sys.argv[1])
from packsys.sandbox.javascript import jail

def fail(): raise OSError('no')
def call(number, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(ctypes.c_long(number), *[ctypes.c_long(each) for each in arguments]) < 0:
        raise OSError(ctypes.get_errno(), 'refused')
libc = ctypes.CDLL(None)
"""
_JAILED = """
jail.enter()
child = os.fork()
if child:
    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255)
jail.lock(data=384 * 2**20, seconds=10)
"""
_TRY = """
try:
    {attempt}
except BaseException:
    os._exit(1)
os._exit(0)
"""

X86_ONLY = {"trace itself", "read its parent's memory", "make a namespace"}


def ends(attempt: str, *, jailed: bool) -> int:
    program = _HEAD + (_JAILED if jailed else "") + _TRY.format(attempt=ATTEMPTS[attempt])
    root = str(Path(__file__).parents[3])
    done = subprocess.run([sys.executable, "-c", program, root], check=False, capture_output=True, timeout=60, env={})
    return done.returncode


def test_the_jail_lets_a_program_live_that_does_nothing_wrong() -> None:
    assert ends("nothing", jailed=True) == 0


@pytest.mark.parametrize("attempt", [each for each in ATTEMPTS if each != "nothing"])
def test_what_succeeds_outside_fails_behind_the_jail(attempt: str) -> None:
    if attempt in X86_ONLY and os.uname().machine != "x86_64":
        pytest.skip("The number of this system call is that of x86_64.")
    assert ends(attempt, jailed=False) == 0, "the attempt itself is wrong"
    assert ends(attempt, jailed=True) != 0
