"""`--watch`: judges the server again each time its source changes, the clauses first that failed."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from rich.console import Console
from rich.markup import escape
from watchfiles import watch

from jhup_conformance.language import words_in
from jhup_conformance.reports.console import Rich
from jhup_conformance.reports.detail import Detail
from jhup_conformance.reports.printable import printable
from jhup_conformance.run.launch import launch
from jhup_conformance.run.options import Options
from jhup_conformance.run.session import Run

__all__ = ["judge_on_changes"]

_SETTLED: Final = 300
"""Milliseconds without a change after which an editor or compiler has done its work."""
_AWAKE: Final = 0.5
"""Seconds after which a wait looks up, so that an interrupt is noticed on every system."""
_MOST_NAMES: Final = 3

_Changes = SimpleQueue[frozenset[str]]


def judge_on_changes(options: Options, paths: Sequence[str], console: Console, detail: Detail) -> Run:
    """Judge a server, and again whenever its source has changed, until a person interrupts.

    Args:
        options: of the first run; the later ones begin with the clauses that failed.
        paths: files and folders to watch.
        console: where the results go.
        detail: how much is said.

    Returns:
        The last run.
    """
    say = words_in(options.lang)
    with _noted(paths) as changes:  # from now on: what changes while a run goes on counts too
        run = launch(options, Rich(console, detail, say))
        again = replace(options, last_failed=True)
        try:
            while not run.interrupted:
                waiting = say("Watching {paths}; Ctrl-C ends.", paths=", ".join(paths))
                console.print(f"\n{escape(printable(waiting))}")
                changed = say("{names} changed", names=", ".join(sorted(_wait(changes))[:_MOST_NAMES]))
                console.rule(escape(printable(changed)))
                run = launch(again, Rich(console, detail, say))
        except KeyboardInterrupt:
            pass  # how a person ends it; what came of the last run is the result
    return run


@contextmanager
def _noted(paths: Sequence[str]) -> Iterator[_Changes]:
    """Note in a queue, from a thread of its own, the names of files that change."""
    queue: _Changes = SimpleQueue()
    stop = threading.Event()

    def note() -> None:
        for changes in watch(*paths, debounce=_SETTLED, step=_SETTLED // 3, stop_event=stop):
            queue.put(frozenset(Path(path).name for _, path in changes))

    thread = threading.Thread(target=note, name="watching", daemon=True)
    thread.start()
    try:
        yield queue
    finally:
        stop.set()
        thread.join()


def _wait(changes: _Changes) -> set[str]:
    """Wait for a change, and return the names of all files that have changed by then."""
    names: set[str] = set()
    while not names:
        try:
            names |= changes.get(timeout=_AWAKE)
        except Empty:
            continue
    while not changes.empty():
        names |= changes.get()
    return names
