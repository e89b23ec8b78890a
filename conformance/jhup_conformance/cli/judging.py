"""What the command `run` does once its options are read: lists checks, or judges once or whenever a file changes."""

from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console

from jhup_conformance.cli import watching
from jhup_conformance.cli.listing import list_clauses
from jhup_conformance.findings import ExitStatus
from jhup_conformance.language import words_in
from jhup_conformance.reports.console import Rich
from jhup_conformance.reports.detail import Detail
from jhup_conformance.run.launch import launch
from jhup_conformance.run.options import Options
from jhup_conformance.run.shares import usual_jobs

__all__ = ["judge_on_changes", "judge_once", "list_checks"]


def list_checks(console: Console, options: Options) -> ExitStatus:
    """Print the clauses and their checks."""
    list_clauses(console, options)
    return ExitStatus.CONFORMS


def judge_once(console: Console, options: Options, detail: Detail) -> ExitStatus:
    """Judge a target, and print what was found."""
    return launch(_shared(options), Rich(console, detail, words_in(options.lang))).exit_status


def judge_on_changes(console: Console, options: Options, paths: Sequence[str], detail: Detail) -> ExitStatus:
    """Judge a spawned target whenever one of some files changes, until the user ends it."""
    return watching.judge_on_changes(_shared(options), paths, console, detail).exit_status


def _shared(options: Options) -> Options:
    """Have a run judged by as many processes as is usual, where nobody has said by how many."""
    return replace(options, jobs=options.jobs or usual_jobs(options))
