"""Attempts on other processes, and on what the process was forked from."""

from __future__ import annotations

from tests.sandbox.jail.attack import FILES, Attack, syscall

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
        try:
            thread.start()
        except RuntimeError as error:  # in these words Python puts any refusal
            raise BlockingIOError(errno.EAGAIN, str(error)) from None
        thread.join()
        through = bool(ran)
    """),
    Attack("start a hundred processes", ("limits", "seccomp"), """
        children = []
        for _ in range(100):
            child = os.fork()
            if child == 0:
                os._exit(0)
            children.append(child)
        through = all(os.waitpid(child, 0)[1] == 0 for child in children)
    """),
    syscall("tgkill", "os.getppid(), os.getppid(), 0", "landlock", "seccomp", landlock=6),
    syscall("rt_sigqueueinfo", "os.getppid(), 0, struct.pack('iii116x', 0, 0, -1)", "landlock", "seccomp", landlock=6),
    syscall("pidfd_send_signal", "0, 0, 0, 0", "seccomp", no_control="it needs a descriptor of a process"),
    syscall("move_pages", "os.getppid(), 0, 0, 0, 0, 0", "seccomp", no_control="a kernel may be built without it"),
    syscall("setsid", "", "seccomp"),
    syscall("prlimit64", "os.getppid(), 7, 0, ctypes.create_string_buffer(16)", "seccomp",
             no_control="the zygote is not dumpable, so only its other walls could be shown"),
    Attack("trace itself", ("seccomp",), "through = call(NUMBERS['ptrace'], 0, 0, 0, 0) == 0",
           no_control="it would stand still at its next signal"),
    Attack("read the memory of the zygote", ("seccomp",), """
        here = ctypes.create_string_buffer(16)
        there = struct.pack('QQ', id(call), 8)
        ours = struct.pack('QQ', ctypes.addressof(here), 8)
        through = call(NUMBERS['process_vm_readv'], os.getppid(), ours, 1, there, 1, 0) == 8
    """, no_control="the zygote is not dumpable, so only its other walls could be shown"),
    Attack("order the zygote to fork", ("host",), """
        import gc
        zygotes = [each for each in gc.get_objects() if type(each).__name__ == '_Zygote']
        lines = [each._control for each in zygotes if each._control.fileno() > 3]
        if not lines:
            raise OSError(errno.EBADF, 'no line to the zygote')
        through = lines[0].send(b'{"kill": 1}') > 0
    """, no_control="a session holds no line to the zygote, with and without walls"),
    Attack("find modules of the host", ("host",), """
        ours = ('bootstrap', 'connections', 'egress', 'settings', 'sandbox.supervisor', 'sandbox.python', 'store')
        through = any(f'packsys.{name}' in sys.modules for name in ours)
    """, no_control="the process never held them, with and without walls"),
    Attack("find the host's environment", ("host",), """
        libc.getenv.restype = ctypes.c_char_p
        through = any(libc.getenv(name) for name in (b'HOME', b'PATH', b'USER', b'PACKSYS_DATABASE_URL'))
    """, no_control="the process was started without one, with and without walls"),
    Attack("find what started it", ("host",), "through = bait['folder'] in ' '.join([*sys.argv, *sys.orig_argv])",
           no_control="its arguments are the same with and without walls"),
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
    syscall("execveat", "-100, b'/bin/true', 0, 0, 0", *FILES, no_control="success would end the process"),
    syscall("clone3", "struct.pack('Q' * 8, 0, 0, 0, 0, 17, 0, 0, 0), 64", "limits", "seccomp",
             success="result > 0 or os._exit(0)"),
    syscall("pidfd_getfd", "0, 0, 0", "seccomp", no_control="it needs a process that may be traced"),
    Attack("run a program from memory", ("seccomp",), """
        memory = call(NUMBERS['memfd_create'], b'program', 0)
        through = memory >= 0
    """),
    Attack("read the host's open descriptors", ("namespaces", "landlock", "seccomp"),
           "through = len(os.listdir(f'/proc/{bait[\"pid\"]}/fd')) > 0", as_root=True),
    Attack("use a descriptor that was left open", ("host",), """
        found = []
        for number in [*range(4, 1024)]:
            try:
                os.read(number, 0)
                found.append(number)
            except OSError as error:
                if error.errno != errno.EBADF:
                    found.append(number)
        through = bool(found)
    """, no_control="a session holds one descriptor, with and without walls"),
)  # fmt: skip
