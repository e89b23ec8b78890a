"""Runs the suite in this process, for the command and for whoever judges several targets in a row."""

import os
from pathlib import Path
from typing import Final

import pytest

import jhup_conformance.suite
from jhup_conformance.plugin import ConformancePlugin
from jhup_conformance.progress import Progress
from jhup_conformance.run.options import Options
from jhup_conformance.run.session import Run
from jhup_conformance.run.shares import Share
from jhup_conformance.run.signals import ending_in_order
from jhup_conformance.target.process import Spawned
from jhup_conformance.target.services import Kind

__all__ = ["SUITE", "launch", "suite_files"]

SUITE: Final = Path(jhup_conformance.suite.__file__).parent
"""The folder of the checks."""
_UNUSED: Final = (
    "terminal",
    "cacheprovider",
    "unraisableexception",  # it collects garbage for a quarter of a second at the end
    "logging",  # these have a part in each phase of each check, and nothing to do there
    "threadexception",
    "faulthandler",
    "setuponly",
    "setupplan",
    "stepwise",
    "debugging",
    "doctest",
    "junitxml",
    "pastebin",
    "recwarn",
    "tmpdir",
    "monkeypatch",
    "unittest",
    "skipping",
    "subtests",
)
"""The parts of pytest that the suite can do without."""


def suite_files(kind: Kind, clauses: frozenset[str] | None = None) -> list[Path]:
    """Return the files of the suite that check a kind of service, in order.

    Args:
        kind: of the service.
        clauses: those asked for; files that name none of them are left out, since to import all takes a while.
    """
    files = sorted(path for path in SUITE.glob("test_s*.py") if kind.has_checks_in(path.name))
    return [path for path in files if _names_one(path, clauses)] or files


def _names_one(file: Path, clauses: frozenset[str] | None) -> bool:
    return clauses is None or any(f'"{each}"' in file.read_text("utf-8") for each in clauses)


def launch(options: Options, progress: Progress, *, spawned: Spawned | None = None, share: Share | None = None) -> Run:
    """Run the suite, untouched by the settings of whatever project the user stands in.

    Args:
        options: what to do.
        progress: who wants to know how the run goes on.
        spawned: the server to be started, where it isn't the one that the options name.
        share: which checks are made here; None for what the options say.

    Returns:
        The run, which has ended; its reports are written.
    """
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    plugin = ConformancePlugin(options, progress, spawned=spawned, share=share)
    arguments = (
        # Paths, and no name of a package: else pytest reads a conftest.py of where the user stands.
        *map(str, suite_files(options.kind, options.clauses)),
        "-c",
        os.devnull,
        "--rootdir",
        str(SUITE.parent),
        "--assert=plain",
        *(word for plugin in _UNUSED for word in ("-p", f"no:{plugin}")),
        "--import-mode=importlib",
    )
    with ending_in_order():
        pytest.main(list(arguments), plugins=[plugin])
    return plugin.run
