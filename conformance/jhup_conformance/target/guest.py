"""The suite as a guest in a folder of somebody else's: what it makes there is new, and goes when the run ends.

A run makes entries whose names hold its own tag, and a few fixed names where a clause needs them and nothing of that
name was there. A journal in the user's own state folder says what to remove, so that the next run finishes what a
killed one has left.
"""

import contextlib
import json
import os
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import platformdirs
import psutil

from jhup_conformance.findings import NotSeen

__all__ = ["Guest", "finish_killed_runs"]

_NAMES: Final = re.compile(rb'"[A-Za-z_]*name[A-Za-z_]*"\s*:\s*"((?:[^"\\]|\\.)*)"', re.IGNORECASE)
"""Members that a server may take for the name to store under, with their values."""
_SUFFIX: Final = ".journal"
_LATE: Final = 5.0
"""Seconds after the last entry of a journal in which a file of that name may have been written."""


def _state_folder() -> Path:
    return platformdirs.user_state_path("jhup", appauthor=False) / "guests"


class Guest:
    """One run in one folder.

    Args:
        folder: the owner's.
        tag: what the names of this run's own entries hold.
        is_alone: whether nobody else makes entries meanwhile, because the suite has started the server.

    Attributes:
        removed: how many entries were removed.
        left: names of new entries that may be somebody else's.
    """

    def __init__(self, folder: Path, tag: str, *, is_alone: bool) -> None:
        self.folder = folder.absolute()
        self.removed = 0
        self.left: list[str] = []
        self._tag = tag
        self._is_alone = is_alone
        self._before = set(os.listdir(folder))  # noqa: PTH208 - thousands of names
        self._fixed: set[str] = set()
        self._journal: Path | None = None
        self._open_journal()

    def _open_journal(self) -> None:
        record = {
            "folder": str(self.folder),
            "tag": self._tag,
            "pid": os.getpid(),
            "began": psutil.Process().create_time(),
        }
        with contextlib.suppress(OSError):  # without a journal the run still cleans up when it ends
            _state_folder().mkdir(parents=True, exist_ok=True)
            path = _state_folder() / f"{self._tag}{_SUFFIX}"
            path.write_text(json.dumps(record) + "\n", "utf-8")
            self._journal = path

    def admit(self, data: bytes, watched: Iterable[str] = ()) -> None:
        """Let bytes be sent that concern no entry which was there before.

        Args:
            data: the bytes.
            watched: names under which something may be stored because of them.

        Raises:
            NotSeen: when they do.
        """
        for name in (*names_in(data), *watched):
            if self._tag in name or name in self._fixed:
                continue
            if name in self._before:
                raise NotSeen(f"left out: the folder has an entry {name!r} that is not the suite's")
            self._note(name)

    def _note(self, name: str) -> None:
        self._fixed.add(name)
        if self._journal:
            with contextlib.suppress(OSError), self._journal.open("a", encoding="utf-8") as file:
                file.write(json.dumps(name) + "\n")

    def leave(self) -> None:
        """Remove what this run has made. May be called again."""
        removed = _clean(self.folder, self._tag, self._is_doubtful, time.time())
        self.removed += len(removed)
        with contextlib.suppress(OSError):
            now = set(os.listdir(self.folder))  # noqa: PTH208 - thousands of names
            self.left = sorted(now - self._before)
        if self._journal and not any(is_tagged(name, self._tag) for name in self.left):
            self._journal.unlink(missing_ok=True)

    def _is_doubtful(self, name: str) -> bool:
        return name not in self._before and (self._is_alone or name in self._fixed)


def names_in(data: bytes) -> Iterator[str]:
    """Yield the strings in bytes that a server may take for names to store under."""
    for match in _NAMES.finditer(data):
        with contextlib.suppress(ValueError):
            yield json.loads(b'"' + match[1] + b'"')


def is_tagged(name: str, tag: str) -> bool:
    """Tell whether a name holds a run's tag, as it is or in hexadecimal digits."""
    folded = name.lower()
    return tag in folded or tag.encode().hex() in folded


def _clean(folder: Path, tag: str, doubtful: Callable[[str], bool], until: float) -> list[str]:
    """Remove entries of a run from a folder, and those beside it that have its tag; returns their names.

    Args:
        folder: the store's.
        tag: of the run.
        doubtful: tells whether an entry without the tag is the run's, if it was written during the run.
        until: when the run ended (seconds since the epoch); what was written later is somebody else's.
    """
    removed = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in list(entries):
            if is_tagged(entry.name, tag):
                ours = True
            else:
                ours = doubtful(entry.name) and entry.stat(follow_symlinks=False).st_mtime <= until
            if ours and _remove(Path(entry.path), tree=is_tagged(entry.name, tag)):
                removed.append(entry.name)
    with contextlib.suppress(OSError), os.scandir(folder.parent) as entries:
        beside = [entry for entry in entries if is_tagged(entry.name, tag)]
        removed += [entry.name for entry in beside if _remove(Path(entry.path), tree=True)]
    return removed


def _remove(path: Path, *, tree: bool) -> bool:
    """Remove an entry, of folders only a run's own; never what a link leads to."""
    try:
        if not stat.S_ISDIR(path.lstat().st_mode):
            path.unlink()
            return True
        if tree:
            shutil.rmtree(path)
        return tree
    except OSError:
        return False


def finish_killed_runs() -> int:
    """Remove what runs have left that were killed; returns how many entries that were."""
    count = 0
    with contextlib.suppress(OSError):
        for journal in sorted(_state_folder().glob(f"*{_SUFFIX}")):
            try:
                head, *names = (json.loads(line) for line in journal.read_text("utf-8").splitlines())
                if _is_under_way(head):
                    continue
                sent = frozenset(names)
                until = journal.stat().st_mtime + _LATE
                count += len(_clean(Path(head["folder"]), str(head["tag"]), sent.__contains__, until))
            except (OSError, ValueError, KeyError, TypeError):
                continue  # unreadable, or half written when its run was killed: it names nothing to remove
            journal.unlink(missing_ok=True)
    return count


def _is_under_way(head: dict[str, Any]) -> bool:
    try:
        return abs(psutil.Process(int(head["pid"])).create_time() - float(head["began"])) < 1.0
    except psutil.Error:
        return False
