"""Attempts on files."""

from __future__ import annotations

from tests.sandbox.jail.attack import FILES, Attack

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
        from importlib.machinery import SourceFileLoader
        from types import ModuleType
        module = ModuleType('smuggled')
        SourceFileLoader('smuggled', bait['folder'] + '/smuggled.py').exec_module(module)
        through = module.LOADED
    """),
    Attack("load a library from disk", FILES, """
        try:
            ctypes.CDLL(bait['library'])
        except OSError as error:  # the loader says in words what the kernel said in numbers
            said = (errno.ENOENT, errno.EACCES, errno.EPERM)
            raise OSError(next(each for each in said if os.strerror(each) in str(error)), str(error)) from None
        through = True
    """),
    Attack("run a program", FILES, "os.execv('/bin/true', ['true'])", no_control="success would end the process"),
    Attack("walk up from where it is", FILES, "through = reads('../../../../../../etc/passwd')"),
    Attack("open the host's terminal", ("user", *FILES), "os.open('/dev/console', os.O_RDWR); through = True",
           no_control="no test machine has a console"),
    Attack("watch files", ("seccomp",), "through = call(NUMBERS['inotify_init1'], 0) >= 0"),
)  # fmt: skip
