"""Attempts to get out of the sandbox, or to do what no pack may, each with the walls that stop it.

Each attempt is a few lines of Python that run as pack code. The attacker has ``ctypes``, ``os``, ``sys`` and the
addresses of some bait outside (see :mod:`tests.sandbox.jail.bait`) in ``bait``. It has got through if ``through``
is true at the end; an exception, or the end of its process, is a wall that held.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

PRELUDE = """
import ctypes, errno, json, os, socket, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)

def call(*arguments):
    passed = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    result = libc.syscall(*passed)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

NUMBERS = NUMBERS_OF[os.uname().machine]

def reads(path):
    with open(path, 'rb') as file:
        return len(file.read(64)) > 0
"""

_CALLS = {
    # name: x86_64, aarch64
    "add_key": (248, 217), "bpf": (321, 280), "chroot": (161, 51), "clone": (56, 220), "clone3": (435, 435),
    "dup": (32, 23), "execveat": (322, 281), "fanotify_init": (300, 262), "inotify_init1": (294, 26),
    "io_uring_setup": (425, 425), "kcmp": (312, 272), "kexec_load": (246, 104), "keyctl": (250, 219),
    "landlock_create_ruleset": (444, 444), "memfd_create": (319, 279), "mount": (165, 40), "mq_open": (240, 180),
    "msgget": (68, 186), "open_by_handle_at": (304, 265), "openat": (257, 56), "openat2": (437, 437),
    "perf_event_open": (298, 241), "personality": (135, 92), "pidfd_getfd": (438, 438), "pidfd_open": (434, 434),
    "pipe2": (293, 59), "pivot_root": (155, 41), "pkey_mprotect": (329, 288), "prctl": (157, 167),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "ptrace": (101, 117), "seccomp": (317, 277),
    "setns": (308, 268), "shmget": (29, 194), "signalfd4": (289, 74), "syslog": (103, 116),
    "timer_create": (222, 107), "unshare": (272, 97), "userfaultfd": (323, 282),
}  # fmt: skip
NUMBERS = {
    "x86_64": {name: numbers[0] for name, numbers in _CALLS.items()},
    "aarch64": {name: numbers[1] for name, numbers in _CALLS.items()},
}


@dataclass(frozen=True)
class Attack:
    """Is one attempt. Each wall of ``walls`` stops it alone; with none of them it gets through.

    ``no_control`` says why the attempt is not made without its walls; ``as_root`` that it needs a root without
    the wall ``user`` to get through; ``landlock`` from which version on that wall stops it.
    """

    name: str
    walls: tuple[str, ...]
    code: str
    no_control: str = ""
    as_root: bool = False
    landlock: int = 1

    @property
    def source(self) -> str:
        return f"{PRELUDE.replace('NUMBERS_OF', repr(NUMBERS))}\n{dedent(self.code).strip()}\n"


def _syscall(name: str, arguments: str, *walls: str, success: str = "True", **options: object) -> Attack:
    code = f"result = call(NUMBERS[{name!r}], {arguments})\nthrough = {success}"
    return Attack(name.replace("_", " "), walls, code, **options)  # type: ignore[arg-type]


FILES = ("namespaces", "landlock", "seccomp")
NETWORK = ("namespaces", "seccomp")
EVERY_FILE = (
    Attack("read a file of everybody's", FILES, "through = reads(bait['public'])"),
    Attack("read a secret of the host's user", FILES, "through = reads(bait['secret'])", as_root=True),
    Attack("read the password file", FILES, "through = reads('/etc/passwd')"),
    Attack("read the program that runs", FILES, "through = reads('/proc/self/exe')"),
    Attack("read the environment of the host", FILES, "through = reads(f'/proc/{bait[\"pid\"]}/environ')",
           as_root=True),
    Attack("read its own memory map", FILES, "through = reads('/proc/self/maps')", as_root=True),
    Attack("write a file", FILES, "through = os.write(os.open(bait['writable'], os.O_WRONLY), b'') == 0"),
    Attack("make a file", FILES, "through = os.open(bait['folder'] + '/new', os.O_CREAT | os.O_WRONLY) >= 0"),
    Attack("make a folder", FILES, "os.mkdir(bait['folder'] + '/new'); through = True"),
    Attack("make a symbolic link", FILES, "os.symlink('/', bait['folder'] + '/link'); through = True"),
    Attack("make a named pipe", FILES, "os.mkfifo(bait['folder'] + '/fifo'); through = True"),
    Attack("remove a file", FILES, "os.unlink(bait['removable']); through = True"),
    Attack("rename a file", FILES, "os.rename(bait['removable'], bait['removable'] + '.moved'); through = True"),
    Attack("link a file", FILES, "os.link(bait['removable'], bait['folder'] + '/linked'); through = True"),
    Attack("list a folder", FILES, "through = len(os.listdir('/etc')) > 0"),
    Attack("empty a file", FILES, "os.truncate(bait['removable'], 0); through = True", landlock=3),
    Attack("look at a file's date", ("namespaces", "seccomp"), "through = os.stat('/etc/passwd').st_size > 0"),
    Attack("go to a folder", ("namespaces", "seccomp"), "os.chdir('/etc'); through = True"),
    Attack(
        "change a file's mode", ("namespaces", "seccomp"), "os.chmod(bait['removable'], 0o777); through = True",
        as_root=True,
    ),
    Attack(
        "open with a raw system call", FILES,
        "through = call(NUMBERS['openat'], -100, b'/etc/passwd', 0, 0) >= 0",
    ),
    Attack(
        "open with openat2", FILES,
        "through = call(NUMBERS['openat2'], -100, b'/etc/passwd', bytes(24), 24) >= 0",
    ),
    Attack("load a module from disk", FILES, """
        sys.path.append(bait['folder'])
        from importlib.machinery import PathFinder
        from importlib.util import module_from_spec
        spec = PathFinder.find_spec('smuggled', [bait['folder']])
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        through = module.LOADED
    """),
    Attack("load a library from disk", FILES, "ctypes.CDLL(bait['library']); through = True"),
    Attack("run a program", FILES, "os.execv('/bin/true', ['true'])", no_control="success would end the process"),
    Attack("walk up from where it is", FILES, "through = reads('../../../../../../etc/passwd')"),
    Attack("open the host's terminal", ("user", *FILES), "os.open('/dev/console', os.O_RDWR); through = True",
           no_control="no test machine has a console"),
    Attack("watch files", ("seccomp",), "through = call(NUMBERS['inotify_init1'], 0) >= 0"),
)  # fmt: skip
EVERY_NETWORK = (
    Attack("connect by TCP", ("namespaces", "landlock", "seccomp"), """
        with socket.create_connection(('127.0.0.1', bait['tcp']), 2) as line:
            through = line.recv(5) == b'bait!'
    """, landlock=4),
    Attack("listen on TCP", ("landlock", "seccomp"), """
        line = socket.socket()
        line.bind(('0.0.0.0', 0))
        line.listen()
        through = True
    """, landlock=4),
    Attack("send by UDP", NETWORK, """
        line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        line.settimeout(2)
        line.sendto(b'ping', ('127.0.0.1', bait['udp']))
        through = line.recv(5) == b'bait!'
    """),
    Attack("connect to a socket in a folder, as Redis has one", NETWORK, """
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(2)
        line.connect(bait['unix'])
        through = line.recv(5) == b'bait!'
    """),
    Attack("connect to an abstract socket", ("namespaces", "landlock", "seccomp"), """
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(2)
        line.connect(bait['abstract'])
        through = line.recv(5) == b'bait!'
    """, landlock=6),
    Attack("listen to the kernel", ("seccomp",), """
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        through = True
    """),
    Attack("talk to the kernel's cipher", ("seccomp",), "socket.socket(38, socket.SOCK_SEQPACKET, 0); through = True",
           no_control="not every kernel has AF_ALG"),
    Attack("make a raw socket", ("user", "seccomp"),
           "socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP); through = True", as_root=True),
    Attack("make a pair of sockets", ("seccomp",), "socket.socketpair(); through = True"),
    Attack("look up a name", ("namespaces", "seccomp"), """
        line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        line.connect(('192.0.2.1', 53))
        through = line.send(b'question') > 0
    """, no_control="a test machine may have no route"),
)  # fmt: skip
_IOVEC = """
    here = ctypes.create_string_buffer(16)
    ours = struct.pack('QQ', ctypes.addressof(here), 8)
    theirs = struct.pack('QQ', bait['address'], 8)
"""
PROCESSES = (
    Attack("signal the host", ("namespaces", "landlock", "seccomp"), "os.kill(bait['pid'], 0); through = True",
           as_root=True, landlock=6),
    Attack("signal the zygote", ("landlock", "seccomp"), "os.kill(os.getppid(), 0); through = True", landlock=6),
    Attack("signal everybody", ("seccomp",), "os.kill(-1, 0); through = True",
           no_control="it depends on the other walls whether anybody is there"),
    Attack("signal the process group", ("seccomp",), "os.killpg(0, 0); through = True"),
    Attack("trace the host", ("namespaces", "landlock", "seccomp"),
           "through = call(NUMBERS['ptrace'], 0x4206, bait['pid'], 0, 0) == 0", as_root=True),
    Attack("trace the zygote", ("seccomp",),
           "through = call(NUMBERS['ptrace'], 0x4206, os.getppid(), 0, 0) == 0",
           no_control="the zygote is not dumpable, so only its other walls could be shown"),
    Attack("read the host's memory", ("namespaces", "landlock", "seccomp"),
           _IOVEC + "    through = call(NUMBERS['process_vm_readv'], bait['pid'], ours, 1, theirs, 1, 0) == 8",
           as_root=True),
    Attack("write the host's memory", ("namespaces", "landlock", "seccomp"),
           _IOVEC + "    through = call(NUMBERS['process_vm_writev'], bait['pid'], ours, 1, theirs, 1, 0) == 8",
           as_root=True),
    Attack("open the host as a file", ("namespaces", "seccomp"),
           "through = call(NUMBERS['pidfd_open'], bait['pid'], 0) >= 0"),
    Attack("compare itself with the host", ("namespaces", "landlock", "seccomp"),
           "through = call(NUMBERS['kcmp'], os.getpid(), bait['pid'], 1, 0, 0) >= 0", as_root=True,
           no_control="a kernel may be built without kcmp"),
    Attack("fork", ("limits", "seccomp"), """
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        through = True
    """, as_root=False),
    Attack("start a thread", ("limits", "seccomp"), """
        import threading
        ran = []
        thread = threading.Thread(target=ran.append, args=(1,))
        thread.start()
        thread.join()
        through = bool(ran)
    """),
    Attack("clone with a raw system call", ("limits", "seccomp"), """
        child = call(NUMBERS['clone'], 17, 0, 0, 0, 0)
        if child == 0:
            os._exit(0)
        through = True
    """),
    Attack("start a program", (*FILES, "limits"), """
        child = os.posix_spawn('/bin/true', ['true'], {})
        through = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    """),
    _syscall("execveat", "-100, b'/bin/true', 0, 0, 0", *FILES, no_control="success would end the process"),
    _syscall("clone3", "struct.pack('Q' * 8, 0, 0, 0, 0, 17, 0, 0, 0), 64", "limits", "seccomp",
             success="result > 0 or os._exit(0)"),
    _syscall("pidfd_getfd", "0, 0, 0", "seccomp", no_control="it needs a process that may be traced"),
    Attack("run a program from memory", ("seccomp",), """
        memory = call(NUMBERS['memfd_create'], b'program', 0)
        through = memory >= 0
    """),
    Attack("read the host's open descriptors", ("namespaces", "landlock", "seccomp"),
           "through = len(os.listdir(f'/proc/{bait[\"pid\"]}/fd')) > 0", as_root=True),
    Attack("use a descriptor that was left open", ("seccomp",), """
        found = []
        for number in [*range(4, 1024)]:
            try:
                os.fstat(number)
                found.append(number)
            except OSError:
                pass
        through = bool(found)
    """, no_control="a session holds one descriptor, with and without walls"),
)  # fmt: skip
KERNEL = (
    _syscall("unshare", "0x10000000", "seccomp"),
    _syscall("setns", "0, 0", "seccomp", no_control="it needs a descriptor of a namespace"),
    _syscall("mount", "b'none', b'/tmp', b'tmpfs', 0, 0", "user", "seccomp", no_control="it would change the machine"),
    _syscall("chroot", "b'/'", "user", "seccomp", as_root=True),
    _syscall("pivot_root", "b'.', b'.'", "user", "seccomp", no_control="it would change the machine"),
    _syscall("keyctl", "0, -3, 1, 0, 0", "seccomp", no_control="a kernel may be built without keys"),
    _syscall("add_key", "b'user', b'k', b'v', 1, -3", "seccomp", no_control="a kernel may be built without keys"),
    _syscall("bpf", "0, bytes(128), 128", "seccomp", no_control="the machine decides who may"),
    _syscall("io_uring_setup", "1, bytes(120)", "seccomp", no_control="the machine decides who may"),
    _syscall("userfaultfd", "1", "seccomp", no_control="the machine decides who may"),
    _syscall("perf_event_open", "bytes(128), 0, -1, -1, 0", "seccomp", no_control="the machine decides who may"),
    _syscall("kexec_load", "0, 0, 0, 0", "user", "seccomp", no_control="it would change the machine"),
    _syscall("open_by_handle_at", "-100, bytes(8), 0", "seccomp", no_control="it needs a handle"),
    _syscall("syslog", "3, bytes(64), 64", "seccomp", no_control="the machine decides who may"),
    _syscall("shmget", "0, 4096, 0o1600", "seccomp", no_control="what it makes outlives the process"),
    _syscall("msgget", "0, 0o1600", "seccomp", no_control="what it makes outlives the process"),
    _syscall("mq_open", "b'bait', 66, 0o600, 0", "seccomp", "limits",
             no_control="what it makes outlives the process"),
    _syscall("memfd_create", "b'm', 0", "seccomp"),
    _syscall("dup", "3", "seccomp"),
    _syscall("pipe2", "ctypes.create_string_buffer(8), 0", "seccomp"),
    _syscall("signalfd4", "-1, bytes(8), 8, 0", "seccomp"),
    _syscall("timer_create", "1, 0, ctypes.create_string_buffer(8)", "seccomp"),
    _syscall("personality", "0x0400000", "seccomp"),
    _syscall("fanotify_init", "0, 0", "seccomp", no_control="the machine decides who may"),
    _syscall("landlock_create_ruleset", "0, 0, 1", "seccomp", success="result > 0"),
    _syscall("seccomp", "2, 0, struct.pack('I', 0x7fff0000)", "seccomp"),
    Attack("stop to die with the zygote", ("seccomp",), "through = call(NUMBERS['prctl'], 1, 0, 0, 0, 0) == 0"),
    Attack("become dumpable", ("seccomp",), "through = call(NUMBERS['prctl'], 4, 1, 0, 0, 0) == 0"),
    Attack("make memory executable", ("seccomp",), """
        libc.mmap.restype = ctypes.c_void_p
        where = libc.mmap(None, ctypes.c_size_t(4096), 7, 0x22, -1, ctypes.c_long(0))
        through = where not in (None, ctypes.c_void_p(-1).value)
    """),
    Attack("make written memory executable", ("seccomp",), """
        libc.mmap.restype = ctypes.c_void_p
        where = libc.mmap(None, ctypes.c_size_t(4096), 3, 0x22, -1, ctypes.c_long(0))
        through = libc.mprotect(ctypes.c_void_p(where), ctypes.c_size_t(4096), 5) == 0
    """),
    Attack("make memory executable with a key", ("seccomp",), """
        libc.mmap.restype = ctypes.c_void_p
        where = libc.mmap(None, ctypes.c_size_t(4096), 3, 0x22, -1, ctypes.c_long(0))
        through = call(NUMBERS['pkey_mprotect'], where, 4096, 5, -1) == 0
    """),
    Attack("run native code through a callback", ("seccomp",), """
        from ctypes import CFUNCTYPE, c_int
        through = CFUNCTYPE(c_int)(lambda: 1)() == 1
    """),
    Attack("call by the numbers of the x32 ABI", ("seccomp",), """
        through = os.uname().machine == 'x86_64' and call(0x40000000 | 39) > 0
    """, no_control="few kernels have the x32 ABI"),
    Attack("raise its own limits", ("seccomp",), """
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))
        through = True
    """),
    Attack("become root", ("user", "namespaces", "seccomp"), """
        os.setuid(0)
        through = os.getuid() == 0
    """, as_root=True),
    Attack("lower its niceness", ("seccomp",), "os.nice(1); through = True"),
    Attack("set an alarm", ("seccomp",), "import signal; signal.setitimer(signal.ITIMER_REAL, 100); through = True"),
)  # fmt: skip
MEMORY = (
    Attack("take 300 MB at once", ("limits",), "block = bytearray(300 * 2**20); through = True"),
    Attack(
        "take 300 MB bit by bit",
        ("limits",),
        """
        blocks = [bytearray(2**20) for _ in range(300)]
        through = True
    """,
    ),
    Attack(
        "take address space",
        ("limits",),
        """
        libc.mmap.restype = ctypes.c_void_p
        where = libc.mmap(None, ctypes.c_size_t(2**31), 3, 0x4022, -1, ctypes.c_long(0))
        through = where not in (None, ctypes.c_void_p(-1).value)
    """,
    ),
    Attack(
        "lock memory",
        ("limits", "seccomp"),
        """
        block = ctypes.create_string_buffer(65536)
        through = libc.mlock(block, 65536) == 0
    """,
    ),
)

ATTACKS: tuple[Attack, ...] = (*EVERY_FILE, *EVERY_NETWORK, *PROCESSES, *KERNEL, *MEMORY)
