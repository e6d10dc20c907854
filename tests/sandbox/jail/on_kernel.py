"""Attempts on the kernel, and on the memory of the machine."""

from __future__ import annotations

from tests.sandbox.jail.attack import Attack, syscall

KERNEL = (
    Attack("learn the name of the host and its kernel", ("seccomp",), """
        told = ctypes.create_string_buffer(6 * 65)
        done(libc.uname(told))
        through = len(told.raw[65:130].strip(b'\\0')) > 0
    """),
    Attack("learn the load of the host", ("seccomp",), """
        told = ctypes.create_string_buffer(256)
        done(libc.sysinfo(told))
        through = True
    """),
    syscall("unshare", "0x10000000", "seccomp"),
    Attack("enter another namespace", ("namespaces", "user", "seccomp"), """
        there = os.open('/proc/self/ns/uts', os.O_RDONLY)
        through = call(NUMBERS['setns'], there, 0) == 0
    """, as_root=True),
    syscall("mount", "b'none', b'/tmp', b'tmpfs', 0, 0", "user", "seccomp", no_control="it would change the machine"),
    syscall("chroot", "b'/'", "user", "seccomp", as_root=True),
    syscall("pivot_root", "b'.', b'.'", "user", "seccomp", no_control="it would change the machine"),
    syscall("keyctl", "0, -3, 1, 0, 0", "seccomp", no_control="the kernel counts keys for a while after their end"),
    syscall("add_key", "b'user', b'k', b'v', 1, -1", "seccomp",
             no_control="the kernel counts keys for a while after their end"),
    syscall("bpf", "0, struct.pack('IIII112x', 2, 4, 4, 1), 128", "user", "seccomp", as_root=True,
             beside=("namespaces",)),
    syscall("io_uring_setup", "1, ctypes.create_string_buffer(120)", "seccomp",
            no_control="the kernel counts rings for a while after their end"),
    syscall("userfaultfd", "1", "seccomp"),
    syscall("perf_event_open", "struct.pack('II120x', 1, 64), 0, -1, -1, 0", "seccomp", as_root=True,
             beside=("namespaces",)),
    syscall("kexec_load", "0, 0, 0, 0", "user", "seccomp", no_control="it would change the machine"),
    Attack("open a file by its number", ("seccomp",), """
        handle = ctypes.create_string_buffer(struct.pack('Ii128x', 128, 0), 136)
        call(NUMBERS['name_to_handle_at'], -100, bait['public'].encode(), handle, ctypes.create_string_buffer(4), 0)
        root = os.open('/', os.O_RDONLY)
        through = call(NUMBERS['open_by_handle_at'], root, handle, 0) >= 0
    """, as_root=True, beside=("namespaces", "landlock")),
    syscall("syslog", "3, ctypes.create_string_buffer(64), 64", "seccomp", as_root=True, beside=("namespaces",)),
    syscall("shmget", "0, 4096, 0o1600", "seccomp", no_control="what it makes outlives the process"),
    syscall("msgget", "0, 0o1600", "seccomp", no_control="what it makes outlives the process"),
    syscall("mq_open", "b'bait', 66, 0o600, 0", "seccomp", "limits",
             no_control="what it makes outlives the process"),
    syscall("memfd_create", "b'm', 0", "seccomp"),
    syscall("dup", "3", "seccomp"),
    syscall("pipe2", "ctypes.create_string_buffer(8), 0", "seccomp"),
    syscall("signalfd4", "-1, bytes(8), 8, 0", "seccomp"),
    syscall("timer_create", "1, 0, ctypes.create_string_buffer(8)", "seccomp"),
    syscall("personality", "0x0400000", "seccomp"),
    syscall("fanotify_init", "0, 0", "user", "seccomp", as_root=True, beside=("namespaces",)),
    syscall("umask", "0o77", "seccomp"),
    syscall("sched_setaffinity", "0, 8, struct.pack('Q', 1)", "seccomp"),
    syscall("sched_setscheduler", "0, 3, struct.pack('I', 0)", "seccomp"),
    syscall("setpriority", "0, 0, 5", "seccomp"),
    syscall("memfd_secret", "0", "seccomp"),
    syscall("fsopen", "b'tmpfs', 0", "user", "seccomp", as_root=True, beside=("namespaces",)),
    syscall("open_tree", "-100, b'/', 0x80000", "seccomp"),
    syscall("vmsplice", "3, 0, 0, 0", "seccomp", no_control="it needs a pipe"),
    syscall("sethostname", "b'bait', 4", "user", "seccomp", no_control="it would change the machine"),
    syscall("clock_settime", "0, struct.pack('QQ', 1, 0)", "user", "seccomp",
             no_control="it would change the machine"),
    syscall("adjtimex", "ctypes.create_string_buffer(208)", "seccomp"),
    syscall("init_module", "b'', 0, b''", "user", "seccomp", no_control="it would change the machine"),
    syscall("delete_module", "b'bait', 0", "user", "seccomp", no_control="it would change the machine"),
    syscall("swapon", "b'/bait', 0", "user", "seccomp", no_control="it would change the machine"),
    syscall("acct", "0", "user", "seccomp", no_control="it would change the machine"),
    syscall("quotactl", "0x800002, b'/bait', 0, 0", "user", "seccomp", no_control="it would change the machine"),
    syscall("reboot", "0, 0, 0, 0", "user", "seccomp", no_control="it would change the machine"),
    Attack("change its name in the list of processes", ("seccomp",),
           "through = call(NUMBERS['prctl'], 15, b'systemd', 0, 0, 0) == 0"),
    Attack("make a system call that does not exist", ("seccomp",), """
        call(100_000)
        through = True
    """, no_control="there is none to succeed"),
    syscall("landlock_create_ruleset", "0, 0, 1", "seccomp", success="result > 0"),
    syscall("seccomp", "2, 0, struct.pack('I', 0x7fff0000)", "seccomp"),
    Attack("stop to die with the zygote", ("seccomp",), "through = call(NUMBERS['prctl'], 1, 0, 0, 0, 0) == 0"),
    Attack("become dumpable", ("seccomp",), "through = call(NUMBERS['prctl'], 4, 1, 0, 0, 0) == 0"),
    Attack("make memory executable", ("seccomp",), """
        libc.mmap.restype = ctypes.c_void_p
        where = libc.mmap(None, ctypes.c_size_t(4096), 7, 0x22, -1, ctypes.c_long(0))
        through = done(where) > 0
    """),
    Attack("make written memory executable", ("seccomp",), """
        libc.mmap.restype = ctypes.c_void_p
        where = libc.mmap(None, ctypes.c_size_t(4096), 3, 0x22, -1, ctypes.c_long(0))
        through = done(libc.mprotect(ctypes.c_void_p(where), ctypes.c_size_t(4096), 5)) == 0
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
        through = call(0x40000000 | 39) > 0
    """, no_control="few kernels have the x32 ABI"),
    Attack("raise its own limits", ("seccomp",), """
        through = done(libc.setrlimit(7, struct.pack('QQ', 8, 8))) == 0
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
        "stretch what it has",
        ("limits",),
        """
        libc.mmap.restype = libc.mremap.restype = ctypes.c_void_p
        where = libc.mmap(None, ctypes.c_size_t(4096), 3, 0x22, -1, ctypes.c_long(0))
        grown = libc.mremap(ctypes.c_void_p(where), ctypes.c_size_t(4096), ctypes.c_size_t(2**30), 1)
        through = done(grown) > 0
    """,
    ),
    Attack(
        "take 300 MB as a stack",
        ("limits", "seccomp"),
        """
        libc.mmap.restype = ctypes.c_void_p
        where = libc.mmap(None, ctypes.c_size_t(300 * 2**20), 3, 0x122, -1, ctypes.c_long(0))
        through = done(where) > 0
    """,
    ),
    Attack(
        "share 300 MB with whoever comes",
        ("limits", "seccomp"),
        """
        libc.mmap.restype = ctypes.c_void_p
        where = libc.mmap(None, ctypes.c_size_t(300 * 2**20), 3, 0x21, -1, ctypes.c_long(0))
        through = done(where) > 0
    """,
    ),
    Attack(
        "take address space",
        ("limits",),
        """
        libc.mmap.restype = ctypes.c_void_p
        where = libc.mmap(None, ctypes.c_size_t(2**31), 3, 0x4022, -1, ctypes.c_long(0))
        through = done(where) > 0
    """,
    ),
    Attack(
        "lock memory",
        ("limits", "seccomp"),
        """
        block = ctypes.create_string_buffer(65536)
        through = done(libc.mlock(block, 65536)) == 0
    """,
    ),
)
