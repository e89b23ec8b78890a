"""What the workers of one test run share: the machine, where a test needs all of it, and runs of the suite made once.

Without workers, and where the system has no `fcntl` (Windows), tests come one after another and nothing needs sharing.
"""

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, Final

import pytest
from reported import Reported

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

__all__ = ["MACHINE", "once_for_all"]

RUN: Final = os.environ.get("PYTEST_XDIST_TESTRUNUID") if fcntl else None
"""The name of the run that this process is a worker of; None where there are no others."""


class Machine:
    """Room for many tests, or for one alone: a server that spins would starve those beside it, and be starved.

    A turnstile stands before the room, else whoever wants it alone would wait for as long as others come and go.
    """

    def __init__(self) -> None:
        folder = Path(tempfile.gettempdir())
        self._files = [(folder / f"jhup-{RUN}-{name}").open("wb") for name in ("gate", "room")] if RUN else []
        self._is_inside = self._is_alone = False

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        """Stay in the room beside others."""
        if not self._files:
            yield
            return
        gate, room = self._files
        with _locked(gate):
            fcntl.flock(room, fcntl.LOCK_SH)
        self._is_inside = True
        try:
            yield
        finally:
            self._is_inside = False
            fcntl.flock(room, fcntl.LOCK_UN)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Stay in the room alone, also from within it; whoever was there before is there again afterwards."""
        if not self._files or self._is_alone:
            yield
            return
        gate, room = self._files
        fcntl.flock(room, fcntl.LOCK_UN)
        with _locked(gate):
            fcntl.flock(room, fcntl.LOCK_EX)
            self._is_alone = True
            try:
                yield
            finally:
                self._is_alone = False
                fcntl.flock(room, fcntl.LOCK_SH if self._is_inside else fcntl.LOCK_UN)

    def leave(self) -> None:
        """Remove what the locks stood in; the last one to do so is as good as the first."""
        for file in self._files:
            Path(file.name).unlink(missing_ok=True)


@contextlib.contextmanager
def _locked(file: BinaryIO) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


MACHINE: Final = Machine()


def once_for_all(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Reported], *, alone: bool = False
) -> Reported:
    """Return what a run of the suite left, which the first worker that asks makes for all of them.

    Args:
        factory: of the folders of this run.
        name: of the run of the suite.
        make: makes it in a new folder.
        alone: whether it needs the whole machine.
    """
    # The machine first, then the lock: else one waits for the machine, and one in the room for the lock.
    with MACHINE.alone() if alone else contextlib.nullcontext():
        return _once(factory, name, make)


def _once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Reported]) -> Reported:
    if not RUN:
        return make(factory.mktemp(name))
    folder = factory.getbasetemp().parent / name
    done = folder / "reported.json"
    with (folder.parent / f"{name}.lock").open("wb") as lock, _locked(lock):
        if not done.exists():
            folder.mkdir()
            made = make(folder)
            done.write_text(json.dumps(asdict(made) | {"folder": str(made.folder)}), "utf-8")
        read = json.loads(done.read_text("utf-8"))
    return Reported(read["status"], read["printed"], Path(read["folder"]))
