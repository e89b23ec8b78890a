"""Runs tests against mutants, each in a process of its own that sees the changed module in place of the one on disk."""

import importlib.util
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from enum import StrEnum
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any, Final

import hypothesis
import pytest

__all__ = ["Fate", "NotSound", "Runner"]

_MEMORY: Final = 4 * 1024**3
"""Bytes of addresses that a changed module may use up."""
_PROCESSOR: Final = 600
"""Seconds of processor time, after which it is ended even if nobody waits for it any more."""
_ONE_TEST: Final = 8.0
"""Seconds after which a single test counts as one that doesn't end; the longest takes about one."""
_UNSOUND: Final = 300.0
_PRELOADED: Final = ("construct", "rich.table", "click", "psutil", "jsonschema")
"""What tests import of others: loaded once, with pytest and Hypothesis, and inherited by each process."""
_OPTIONS: Final = (
    "-x",
    "-q",
    "-m",
    "not slow",
    "-p",
    "no:cacheprovider",
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
    f"--timeout={_ONE_TEST:g}",
)
_TOO_LONG: Final = b"Failed: Timeout"


class Fate(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    TIMED_OUT = "timed out"


class NotSound(Exception):
    """The tests fail, or don't end, without any change."""


class _Changed(SourceFileLoader):
    """Loads a module from a text that isn't on disk."""

    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002  # the signature is Python's
        return compile(self._text, self.path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    """Finds one module changed; all others are left to those behind it."""

    def __init__(self, name: str, path: Path, text: str) -> None:
        self._name, self._path, self._text = name, path, text

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:  # noqa: ARG002
        if fullname != self._name:
            return None
        where = str(self._path)
        return importlib.util.spec_from_file_location(fullname, where, loader=_Changed(fullname, where, self._text))


class Runner:
    """Runs the tests of one module.

    Args:
        name: its name for imports.
        path: its file.
        tests: files of tests, those that notice most first.
    """

    def __init__(self, name: str, path: Path, tests: Sequence[str]) -> None:
        for each in _PRELOADED:
            importlib.import_module(each)
        self._name, self._path, self._tests = name, path, list(tests)
        self._patience = _UNSOUND

    def measure(self) -> None:
        """See that the tests pass with nothing changed, and how long they take.

        Raises:
            NotSound: when they don't.
        """
        began = time.monotonic()
        fate, said = self._run(self._path.read_text("utf-8"))
        self._patience = 2 * _ONE_TEST + 3 * (time.monotonic() - began)
        if fate is not Fate.SURVIVED:
            raise NotSound(f"the tests of {self._name} are not sound: {fate} with nothing changed\n{said}")

    def fate(self, text: str) -> Fate:
        """Give what becomes of a changed module."""
        return self._run(text)[0]

    def _run(self, text: str) -> tuple[Fate, str]:
        with tempfile.TemporaryFile() as output:
            process = multiprocessing.get_context("fork").Process(target=self._test, args=(text, output.fileno()))
            process.start()
            process.join(self._patience)
            timed_out = process.is_alive()
            if timed_out:
                process.kill()
                process.join()
            output.seek(0)
            said = output.read()
        if timed_out or _TOO_LONG in said:
            return Fate.TIMED_OUT, said.decode(errors="replace")
        return Fate.KILLED if process.exitcode else Fate.SURVIVED, said.decode(errors="replace")

    def _test(self, text: str, output: int) -> None:
        """Run the tests in this process, which is there for nothing else."""
        os.dup2(output, 1)
        os.dup2(output, 2)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR, _PROCESSOR))
        os.environ.pop("PYTEST_ADDOPTS", None)
        sys.meta_path.insert(0, _Finder(self._name, self._path, text))
        hypothesis.settings.register_profile("mutation", database=None, derandomize=True)
        hypothesis.settings.load_profile("mutation")
        status = pytest.main([*_OPTIONS, *self._tests])
        sys.stdout.flush()
        os._exit(int(status))
