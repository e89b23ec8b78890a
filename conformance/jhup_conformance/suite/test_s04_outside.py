"""Section 4.2, names and file systems: nothing outside of the store is touched, and nothing in it that is no file.

For these the suite needs the store's folder. It puts canaries beside it and in it, and removes them in the end.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from jhup_conformance.findings import Finding, NotSeen
from jhup_conformance.suite.support.bad_names import RequestOf
from jhup_conformance.suite.support.followed import expect_followed
from jhup_conformance.suite.support.planted import CANARY, KINDS, Garden, Occupied
from jhup_conformance.verify.exchange import Case, End, script
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.marks import checks
from jhup_conformance.verify.stream import Talk, header
from jhup_conformance.wire.line import Line, drive

Way = Callable[[Path, Path], str]
"""Gives a filename that leads from the store's folder to a file beside it."""

WAYS: dict[str, Way] = {
    "the parent folder": lambda _, file: f"../{file.name}",
    "the parent folder, with a backslash": lambda _, file: f"..\\{file.name}",
    "the folder itself, then its parent": lambda _, file: f"./../{file.name}",
    "a missing folder, then back twice": lambda _, file: f"missing/../../{file.name}",
    "the folder by its own name": lambda folder, file: f"../{folder.name}/../{file.name}",
    "two slashes": lambda _, file: f"..//{file.name}",
    "both slashes": lambda _, file: f"..\\../{file.name}",
    "an absolute path": lambda _, file: str(file),
    "an absolute path with two slashes": lambda _, file: f"/{file}",
    "an absolute path by way of the root": lambda _, file: "../" * 30 + str(file)[1:],
    "a URL": lambda _, file: file.as_uri(),
    "NUL behind it": lambda _, file: f"../{file.name}\0.txt",
    "NUL before it": lambda _, file: f"\0/../{file.name}",
    "a line end behind it": lambda _, file: f"../{file.name}\n",
    "an escape of a URL": lambda _, file: f"..%2f{file.name}",
    "all of it as escapes of a URL": lambda _, file: f"%2e%2e%2F{file.name}",
    "an escape of a URL, escaped": lambda _, file: f"..%252f{file.name}",
    "full-width characters": lambda _, file: f"．．／{file.name}",
    "a division slash": lambda _, file: f"..\u2215{file.name}",
    "a surrogate within": lambda _, file: f"..\udc2f{file.name}",
}

RAW = {
    "an over-long slash": b"..\xc0\xaf",
    "over-long dots and slash": b"\xc0\xae\xc0\xae\xc0\xaf",
    "a slash as an escape": b"..\\u002f",
    "all of it as escapes": b"\\u002e\\u002e\\u002f",
    "a slash behind a backslash of JSON": b"..\\/",
}


def attack(filename: bytes) -> list[tuple[Callable[[Talk], None], End]]:
    """Give everything that may be tried with a filename, as it stands in the header: recipes, and how they end."""

    def put(body: bytes, members: bytes = b"") -> Callable[[Talk], None]:
        head = b'{"cmd":"put","filesize":%d,%s"filename":"%s"}' % (len(body), members, filename)
        return lambda talk: talk.frame(head, body)

    def cut_off(talk: Talk) -> None:
        talk.frame(b'{"cmd":"put","filesize":99,"filename":"%s"}' % filename, b"never all of it")

    def stat(talk: Talk) -> None:
        talk.frame(b'{"cmd":"stat","reply":true,"filename":"%s"}' % filename)

    asking = put(b"", b'"reply":true,')
    return [
        (put(b"escaped"), End.HOLD),
        (put(b""), End.HOLD),
        (asking, End.FINISH),
        (stat, End.FINISH),
        (cut_off, End.FINISH),
    ]


def encoded(filename: str) -> bytes:
    return header(x=filename.encode("utf-8", "replace").decode()).partition(b':"')[2][:-2]


def try_all(judge: Judge, *filenames: bytes) -> list[Line]:
    """Send what may be tried with filenames, each on a connection of its own, and give the target time for it."""
    judge.control(Case.unhurried(RequestOf("@", next=False)), why="a plain put fails")
    pace, lines = judge.runner.pace, []
    attacks = [each for several in zip(*map(attack, filenames), strict=True) for each in several]
    for recipe, end in attacks[: judge.lanes]:
        talk = Talk(judge.names)
        recipe(talk)
        lines.append(judge.dial())
        lines[-1].plan(script(talk.stream, talk.borders(), end, pace.pause))
    until = judge.clock.now() + pace.settle
    drive(lines, until=lambda _: judge.clock.now() >= until, patience=pace.settle, at_most=10.0)
    for line in lines:
        line.drop()
    judge.runner.prove_alive()
    return lines


def expect_untouched(judge: Judge, lead: Callable[[Path, Path], bytes]) -> None:
    folder = judge.require_folder().folder
    canary, fresh = (folder.parent / f"{judge.names.new()}-{kind}" for kind in ("canary", "fresh"))
    body = CANARY + canary.name.encode()
    digest = hashlib.sha256(body).hexdigest().encode()
    try:
        canary.write_bytes(body)
    except OSError as error:
        raise NotSeen(f"nothing can be put beside the store's folder: {error.strerror}") from error
    try:
        lines = try_all(judge, *(lead(folder.absolute(), file.absolute()) for file in (canary, fresh)))
        if not canary.exists() or canary.read_bytes() != body:
            actual = "was changed" if canary.exists() else "was removed"
            raise Finding("nothing outside the store touched", f"{canary} {actual}", lines[0].transcript)
        if fresh.exists():
            raise Finding("nothing made outside the store", f"{fresh} was made", lines[-1].transcript)
        for line in lines:
            if digest in line.received:
                raise Finding("nothing outside the store read", f"the digest of {canary} was told", line.transcript)
    finally:
        canary.unlink(missing_ok=True)
        fresh.unlink(missing_ok=True)


@checks("NAME-9")
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_no_filename_leads_out_of_the_store(judge: Judge, way: Way) -> None:
    expect_untouched(judge, lambda folder, file: encoded(way(folder, file)))


@checks("NAME-9")
@pytest.mark.parametrize("raw", RAW.values(), ids=RAW.keys())
def test_no_spelling_of_a_filename_leads_out_of_the_store(judge: Judge, raw: bytes) -> None:
    expect_untouched(judge, lambda _, file: raw + file.name.encode())


@checks("NAME-9")
def test_no_link_in_the_folder_leads_out_of_the_store(judge: Judge) -> None:
    folder = judge.require_folder().folder
    link = folder / judge.names.new()
    try:
        link.symlink_to(folder.parent.absolute())
    except OSError as error:
        raise NotSeen(f"no link can be put into the store's folder: {error.strerror}") from error
    try:
        expect_untouched(judge, lambda _, file: f"{link.name}/{file.name}".encode())
    finally:
        link.unlink()


@checks("NAME-11")
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_left_alone_or_replaced(judge: Judge, kind: str) -> None:
    folder = judge.require_folder().folder
    with Garden(folder, kind, judge.names.new()) as garden:
        ways = [Occupied(garden, b"body", reply=False), Occupied(garden, b"", reply=False)]
        ways += [Occupied(garden, b"body", reply=True), Occupied(garden, None, reply=True)]
        expect_followed(judge, (way.pair for way in ways), control=RequestOf("@").pair)

        if damage := garden.damage():
            raise Finding(
                f"{kind} in the folder left as it was, or replaced by the body", damage, show(judge, ways[0]).transcript
            )


@checks("NAME-11")
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_waited_for_that_is_no_file(judge: Judge, kind: str) -> None:
    """The put behind it is served, or the connection closed: a server that opens a FIFO does neither."""
    folder = judge.require_folder().folder
    judge.control(Case(RequestOf("@")), why="two plain puts fail")
    with Garden(folder, kind, judge.names.new()) as garden:
        for body in (b"body", None):
            recipe = Occupied(garden, body, reply=False)
            line = show(judge, recipe)
            if line.dropped or show(judge, recipe).dropped:
                continue
            raise Finding("the next request served, or the connection closed", "neither", line.transcript)


def show(judge: Judge, recipe: Callable[[Talk], None]) -> Line:
    """Say something, and let go of the connection when the last name of it is stored, or the target has closed it."""
    talk = Talk(judge.names)
    recipe(talk)
    line = judge.dial()
    line.plan(script(talk.stream, (), End.HOLD, 0.0))
    until = judge.clock.now() + judge.runner.pace.last_patience
    while judge.clock.now() < until:
        judge.hear(line, until=lambda line: line.closed is not None, patience=0.002)
        if line.closed or judge.observer.look(talk.watched[-1:])[talk.watched[-1]]:
            line.drop()
            return line
    return line
