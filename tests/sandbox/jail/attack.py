"""What an attempt to get out of the sandbox is made of, and the numbers of the system calls that it makes."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from textwrap import dedent, indent

PRELUDE = """
import ctypes, errno, json, os, socket, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)

def call(*arguments):
    passed = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return done(libc.syscall(*passed))

def done(result):
    if result in (None, -1, ctypes.c_void_p(-1).value):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

NUMBERS = NUMBERS_HERE

def reads(path):
    with open(path, 'rb') as file:
        return len(file.read(64)) > 0
"""

_CALLS = {
    # name: x86_64, aarch64
    "acct": (163, 89), "add_key": (248, 217), "adjtimex": (159, 171), "bpf": (321, 280), "chroot": (161, 51),
    "clock_settime": (227, 112), "clone": (56, 220), "clone3": (435, 435), "delete_module": (176, 106),
    "dup": (32, 23), "epoll_create1": (291, 20), "eventfd2": (290, 19), "execveat": (322, 281),
    "fanotify_init": (300, 262), "fcntl": (72, 25), "fsopen": (430, 430), "getsockopt": (55, 209),
    "init_module": (175, 105), "inotify_init1": (294, 26), "io_uring_setup": (425, 425), "ioctl": (16, 29),
    "kcmp": (312, 272), "kexec_load": (246, 104), "keyctl": (250, 219), "landlock_create_ruleset": (444, 444),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "mount": (165, 40), "move_pages": (279, 239),
    "mq_open": (240, 180), "msgget": (68, 186), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "open_tree": (428, 428), "openat": (257, 56), "openat2": (437, 437), "perf_event_open": (298, 241),
    "personality": (135, 92), "pidfd_getfd": (438, 438), "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424),
    "pipe2": (293, 59), "pivot_root": (155, 41), "pkey_mprotect": (329, 288), "prctl": (157, 167),
    "prlimit64": (302, 261), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "ptrace": (101, 117),
    "quotactl": (179, 60), "reboot": (169, 142), "recvmsg": (47, 212), "rt_sigqueueinfo": (129, 138),
    "sched_setaffinity": (203, 122), "sched_setscheduler": (144, 119), "seccomp": (317, 277), "sendmsg": (46, 211),
    "sethostname": (170, 161), "setns": (308, 268), "setpriority": (141, 140), "setsid": (112, 157),
    "shmget": (29, 194), "signalfd4": (289, 74), "socketpair": (53, 199), "splice": (275, 76), "swapon": (167, 224),
    "syslog": (103, 116), "tgkill": (234, 131), "timer_create": (222, 107), "timerfd_create": (283, 85),
    "umask": (95, 166), "unshare": (272, 97), "userfaultfd": (323, 282), "vmsplice": (278, 75),
}  # fmt: skip
NUMBERS = {
    "x86_64": {name: numbers[0] for name, numbers in _CALLS.items()},
    "aarch64": {name: numbers[1] for name, numbers in _CALLS.items()},
}


_REFUSED = """
except OSError as error:
    through = {'errno': error.errno, 'said': str(error)}
except MemoryError:
    through = {'errno': errno.ENOMEM, 'said': 'no memory'}
"""


@dataclass(frozen=True)
class Attack:
    """Is one attempt. Each wall of ``walls`` stops it alone; with none of them it gets through.

    ``no_control`` says why the attempt is not made without its walls; ``as_root`` that it needs a root without
    the wall ``user`` to get through; ``landlock`` from which version on that wall stops it. ``beside`` are walls that
    are left out as well where it is made without its walls: on some machines they stop it too.
    """

    name: str
    walls: tuple[str, ...]
    code: str
    no_control: str = ""
    as_root: bool = False
    landlock: int = 1
    beside: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Is a program that says in ``through`` whether it got out, or in which words the kernel refused."""
        attempt = indent(dedent(self.code).strip(), "    ")
        return f"{PRELUDE.replace('NUMBERS_HERE', repr(NUMBERS.get(platform.machine())))}\ntry:\n{attempt}\n{_REFUSED}"


def syscall(name: str, arguments: str, *walls: str, success: str = "True", **options: object) -> Attack:
    code = f"result = call(NUMBERS[{name!r}], {arguments})\nthrough = {success}"
    return Attack(name.replace("_", " "), walls, code, **options)  # type: ignore[arg-type]


FILES = ("namespaces", "landlock", "seccomp")
NETWORK = ("namespaces", "seccomp")
