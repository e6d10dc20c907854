"""A herd keeps its processes running, and ends with them."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Running:
    """Is a herd in a process of its own."""

    process: subprocess.Popen[bytes]
    folder: Path

    def started(self, place: int) -> list[int]:
        """Lists the processes of a place, in the order of their start."""
        notes = [path for path in self.folder.glob(f"{place}-*") if path.read_text()]
        return [int(path.name.partition("-")[2]) for path in sorted(notes, key=_began)]

    def times(self, place: int) -> list[float]:
        """Lists when they were started."""
        return sorted(_began(path) for path in self.folder.glob(f"{place}-*") if path.read_text())

    def told(self, pid: int) -> bool:
        """Tells whether a process was told to end."""
        return (self.folder / f"told-{pid}").exists()


def _began(note: Path) -> float:
    return float(note.read_text())


@contextmanager
def herd(folder: Path, *way: str) -> Iterator[Running]:
    """Runs a herd; whatever happens, nothing of it stays."""
    command = (sys.executable, "-m", "tests.workers.sheep", str(folder), *way)
    with (folder / "said").open("wb") as said, subprocess.Popen(command, cwd=ROOT, stderr=said) as process:
        running = Running(process, folder)
        try:
            yield running
        finally:
            process.kill()
            for place in range(2):
                until(lambda place=place: not any(map(lives, running.started(place))))  # type: ignore[misc]


def lives(pid: int) -> bool:
    """Tells whether a process runs."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def grazing(tmp_path: Path) -> Iterator[Running]:
    """Gives a herd of two that live until they are told to end."""
    with herd(tmp_path, "graze") as running:
        until(lambda: bool(running.started(0) and running.started(1)))
        yield running


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM], ids=lambda number: number.name)
def test_a_process_that_was_killed_is_started_again_and_the_others_go_on(grazing: Running, number: int) -> None:
    (first,), (other,) = grazing.started(1), grazing.started(0)
    psutil.Process(first).send_signal(number)
    until(lambda: len(grazing.started(1)) == 2)
    assert (grazing.started(0), lives(other), lives(grazing.started(1)[1])) == ([other], True, True)


@pytest.mark.parametrize("way", ["fall-0", "fall-1", "break"])
def test_a_process_that_ended_by_itself_is_started_again_whatever_its_exit_code(tmp_path: Path, way: str) -> None:
    with herd(tmp_path, way) as running:
        until(lambda: len(running.started(1)) > 2)
        assert len(running.started(0)) == 1


def test_an_exception_that_ended_a_process_is_told(tmp_path: Path) -> None:
    with herd(tmp_path, "break") as running:
        until(lambda: bool(running.started(0)) and b"AttributeError: This is one" in (tmp_path / "said").read_bytes())


def test_one_that_ends_at_once_again_and_again_is_started_after_longer_and_longer_pauses(tmp_path: Path) -> None:
    with herd(tmp_path, "fall-1") as running:
        until(lambda: len(running.times(1)) > 4)
        pauses = [later - earlier for earlier, later in pairwise(running.times(1)[:5])]
    assert all(pause >= 0.05 * 2**falls for falls, pause in enumerate(pauses))


def test_one_that_has_ended_thousands_of_times_is_waited_for_as_before(tmp_path: Path) -> None:
    """A server may be away for days."""
    with herd(tmp_path, "fall-1", "often") as running:
        until(lambda: bool(running.started(0)) and b"worker.ended" in (tmp_path / "said").read_bytes())
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(20) == 0


def test_a_signal_that_comes_just_when_a_process_has_ended_is_passed_on_to_the_others(tmp_path: Path) -> None:
    with herd(tmp_path, "follow", "late") as running:
        assert running.process.wait(20) == 0
        (pid,) = running.started(0)
        assert (running.told(pid), lives(pid)) == (True, False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT], ids=lambda number: number.name)
def test_a_signal_to_end_is_passed_on_and_nothing_is_started_again(grazing: Running, number: int) -> None:
    grazing.process.send_signal(number)
    assert grazing.process.wait(20) == 0
    for place in range(2):
        (pid,) = grazing.started(place)
        assert (grazing.told(pid), lives(pid)) == (True, False)
        assert int((grazing.folder / f"told-{pid}").read_text()) == number


def test_it_gives_the_exit_code_of_a_process_that_did_not_end_well(tmp_path: Path) -> None:
    with herd(tmp_path, "graze-7") as running:
        until(lambda: bool(running.started(0) and running.started(1)))
        running.process.terminate()
        assert running.process.wait(20) == 7


def test_it_can_be_told_to_end_while_one_waits_for_its_next_start(tmp_path: Path) -> None:
    with herd(tmp_path, "fall-1") as running:
        until(lambda: len(running.started(1)) > 3)
        running.process.terminate()
        assert running.process.wait(20) in (0, 1)  # the one that falls may do so just then


def test_the_processes_end_when_the_herd_was_killed(grazing: Running) -> None:
    pids = [*grazing.started(0), *grazing.started(1)]
    grazing.process.kill()
    until(lambda: not any(map(lives, pids)))
    assert all(map(grazing.told, pids))
