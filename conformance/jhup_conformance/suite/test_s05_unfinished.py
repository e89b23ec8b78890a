"""Section 5.3, stores on disk: no name shows what is not finished, and a restart removes it."""

import contextlib
import os
from pathlib import Path

import pytest

from jhup.names import is_valid_name
from jhup_conformance.checks import (
    End,
    Finding,
    Judge,
    NotSeen,
    Script,
    check,
    pattern,
    put,
    requests,
)
from jhup_conformance.suite.support.fairness import needs_bodies_of, only_where, require_halves, require_lanes


def guesses(name: str) -> list[str]:
    """Return valid names under which servers like to keep what is not finished."""
    suffixes = (".tmp", ".part", ".partial", ".upload", ".uploading", ".new", ".temp", ".filepart", ".crdownload", "~")
    return [
        *(name + suffix for suffix in suffixes),
        f".{name}", f".{name}.tmp", f".{name}.part", f".{name}.swp", f"~{name}", f"tmp-{name}", f"tmp_{name}",
        f"#{name}#", f"upload-{name}", f"{name}.0", f"{name}.1", f"_{name}",
    ]  # fmt: skip


def marked(name: str, size: int) -> bytes:
    """Return a body that begins with what no other file does."""
    return f"the body of {name}, which nothing else holds. ".encode() + pattern(size)


def files_in(folder: str) -> set[str]:
    """Return the paths of all plain files in a folder and below it: strings, as there are thousands."""
    found: set[str] = set()
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                found |= files_in(entry.path)
            elif entry.is_file(follow_symlinks=False):
                found.add(entry.path)
    return found


_TELLING = 48
"""Bytes by which a body is recognized; a file of fewer may be anybody's."""


def begins_like(path: Path, body: bytes) -> bool:
    """Tell whether a file holds the beginning of a body."""
    try:
        with path.open("rb") as file:
            head = file.read(_TELLING)
    except OSError:  # gone meanwhile, or none of ours
        return False
    return len(head) == _TELLING and body.startswith(head)


@check("STORE-10")
@pytest.mark.parametrize("ending", ["under way", "after a reset"])
@pytest.mark.parametrize("size", [700, 2_000, 300_000])
def test_no_name_shows_an_unfinished_body(judge: Judge, size: int, ending: str) -> None:
    require_lanes(judge, 2)
    needs_bodies_of(judge, size)
    file = judge.names.new()
    body = marked(file, size)
    known = {file, *(os.listdir(judge.folder.folder) if judge.folder else ())}  # noqa: PTH208 - names are enough
    names = guesses(file) if ending == "after a reset" else [file, *guesses(file)]
    script = Script(judge, *names)
    with script.connect() as peer:
        script.send(peer.begins_half(put(body, name=file).paced()))
        if ending == "after a reset":
            script.step(peer.ends(End.RESET))
        script.confirm()
        for entry in os.scandir(judge.folder.folder) if judge.folder else ():
            is_new = entry.name not in known and is_valid_name(entry.name)
            if is_new and entry.is_file(follow_symlinks=False) and begins_like(Path(entry), body):
                raise Finding(
                    "a file of a valid name holds nothing of an unfinished body",
                    f"{entry.name} begins like the body of {file}, a put of which is {ending}",
                    peer.line.transcript,
                )


@check("STORE-10", quick=False)
@pytest.mark.parametrize("size", [700, 2_000, 300_000])
def test_no_put_of_another_name_hits_an_unfinished_body(judge: Judge, size: int) -> None:
    require_lanes(judge, 3)
    needs_bodies_of(judge, size)
    file = judge.names.new()
    only_where(judge, requests(*(put(guess.encode()) for guess in guesses(file))).by_request().ending(End.FINISH))
    script = Script(judge, file, *guesses(file))
    with script.connect() as peer, script.connect() as other:
        script.send(peer.begins_half(put(marked(file, size), name=file).paced()))
        for guess in guesses(file):
            script.step(other.sends(put(guess.encode(), name=guess).paced()))
        script.step(peer.completes())


@check("STORE-11", last=True, quick=False)
def test_a_restart_removes_what_a_killed_process_left_of_unfinished_bodies(judge: Judge) -> None:
    spawned, folder = judge.require_spawned(), judge.require_folder().folder
    require_halves(judge)
    bodies = {name: marked(name, 300_000) for name in (judge.names.new() for _ in range(min(4, judge.lanes)))}
    before = files_in(str(folder))

    def debris() -> list[str]:
        new = map(Path, files_in(str(folder)) - before)
        unfinished = [path for path in new if any(begins_like(path, body) for body in bodies.values())]
        return sorted(str(path.relative_to(folder)) for path in unfinished)

    with Script(judge, *bodies) as script:
        puts = [put(body, name=file).paced() for file, body in bodies.items()]
        script.send(*(script.connect().begins_half(each) for each in puts))
        if not judge.is_alive():
            raise NotSeen("a plain put fails while others are under way")
        transcript = script.peers[0].line.transcript
        spawned.kill()

    if not judge.is_alive():
        raise NotSeen("the server did not come back after it was killed")
    until = judge.clock.now() + judge.pace.last_patience
    while (left := debris()) and judge.clock.now() < until:
        judge.clock.sleep(0.05)  # a server that cleans up after it listens gives no event when it has
    if left:
        expected = "nothing is left of bodies that a killed process did not finish"
        raise Finding(expected, f"left in the folder: {', '.join(left[:3])}", transcript)
