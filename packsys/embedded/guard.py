"""Becomes one server: takes the identity it is to run under, ties its life to the launcher's, and executes it.

Run by path as a program (``python -I -S guard.py …``), never imported by the house: a fresh process has one thread,
so that nothing here can deadlock the way code between fork and exec of a threaded program does.
"""

from __future__ import annotations

# All imports here and none later: another user may not be able to read our Python.
import ctypes
import os
import signal
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000


def call_libc(name: str, *arguments: int) -> None:
    """Calls a function of the C library; raises :class:`OSError` when it refuses."""
    if getattr(LIBC, name)(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def enter_namespace(uid: int, gid: int) -> None:
    """Makes a user namespace in which our own user has another number; outside, files stay ours.

    PostgreSQL refuses to run as number 0. In here root is ``uid``, without any account being made.
    """
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    call_libc("unshare", CLONE_NEWUSER)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {outer_uid} 1"),
        ("gid_map", f"{gid} {outer_gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def become(identity: str) -> None:
    """Takes an identity: ``self``, ``namespace:UID:GID`` or ``user:UID:GID``."""
    kind, *numbers = identity.split(":")
    if kind == "namespace":
        enter_namespace(int(numbers[0]), int(numbers[1]))
    elif kind == "user":
        os.setgroups([])
        os.setgid(int(numbers[1]))
        os.setuid(int(numbers[0]))


def end_with(launcher: int, farewell: int) -> None:
    """Asks Linux to send us ``farewell`` when the launcher's thread ends; other systems have no such thing."""
    if sys.platform != "linux":
        return
    call_libc("prctl", PR_SET_PDEATHSIG, farewell, 0, 0, 0)
    if os.getppid() != launcher:
        sys.exit(f"The launcher {launcher} is gone.")


def main(arguments: list[str]) -> None:
    """Runs ``LAUNCHER FAREWELL IDENTITY PROGRAM ARGUMENT…``; with no program, only proves the identity."""
    launcher, farewell, identity, *command = arguments
    become(identity)
    # Last, because a change of identity clears it.
    end_with(int(launcher), int(farewell))
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if command:
        os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
