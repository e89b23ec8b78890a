"""Section 4.2, names and file systems: nothing outside of the store is touched, and nothing in it that is no file.

For these the suite needs the store's folder. It puts canaries beside it and in it, and removes them in the end.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from jhup_conformance.checks import Dialogue, End, Finding, Judge, NotSeen, Stream, check, frame, header, wait_for_all
from jhup_conformance.suite.support.bad_names import spelled
from jhup_conformance.suite.support.followed import NEXT, check_followed, followed
from jhup_conformance.suite.support.planted import CANARY, KINDS, Garden, occupied

Way = Callable[[Path, Path], str]
"""Makes a filename that leads from the store's folder to a file beside it."""

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
    "NUL after it": lambda _, file: f"../{file.name}\0.txt",
    "NUL before it": lambda _, file: f"\0/../{file.name}",
    "a line end after it": lambda _, file: f"../{file.name}\n",
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
    "a slash after a backslash of JSON": b"..\\/",
}


def attack(filename: bytes) -> list[Stream]:
    """Return everything that may be tried with a filename, as it stands in the header."""

    def put(body: bytes, members: bytes = b"") -> Stream:
        return frame(b'{"cmd":"put","filesize":%d,%s"filename":"%s"}' % (len(body), members, filename), body).paced()

    cut_off = frame(b'{"cmd":"put","filesize":99,"filename":"%s"}' % filename, b"never all of it").paced()
    stat = frame(b'{"cmd":"stat","reply":true,"filename":"%s"}' % filename).paced()
    return [
        put(b"escaped"),
        put(b""),
        put(b"", b'"reply":true,').ending(End.FINISH),
        stat.ending(End.FINISH),
        cut_off.ending(End.FINISH),
    ]


def encoded(filename: str) -> bytes:
    return header(x=filename.encode("utf-8", "replace").decode()).partition(b':"')[2][:-2]


def try_all(judge: Judge, *filenames: bytes) -> list[Dialogue]:
    """Send what may be tried with filenames, each on a connection of its own, and allow the target time for it."""
    judge.require(spelled("@").paced())
    attacks = [each for several in zip(*map(attack, filenames), strict=True) for each in several]
    dialogues = []
    for stream in attacks[: judge.lanes]:
        dialogues.append(judge.converse())
        dialogues[-1].send(stream)
    until = judge.clock.now() + judge.pace.settle
    wait_for_all(dialogues, lambda _: judge.clock.now() >= until, patience=judge.pace.settle, at_most=10.0)
    for dialogue in dialogues:
        dialogue.drop()
    judge.is_alive()
    return dialogues


def check_untouched(judge: Judge, lead: Callable[[Path, Path], bytes]) -> None:
    folder = judge.require_folder().folder
    canary, fresh = (folder.parent / f"{judge.names.new()}-{kind}" for kind in ("canary", "fresh"))
    body = CANARY + canary.name.encode()
    digest = hashlib.sha256(body).hexdigest().encode()
    try:
        canary.write_bytes(body)
    except OSError as error:
        raise NotSeen(f"nothing can be put beside the store's folder: {error.strerror}") from error
    try:
        dialogues = try_all(judge, *(lead(folder.absolute(), file.absolute()) for file in (canary, fresh)))
        if not canary.exists() or canary.read_bytes() != body:
            actual = "was changed" if canary.exists() else "was removed"
            raise Finding("nothing outside the store touched", f"{canary} {actual}", dialogues[0].transcript)
        if fresh.exists():
            raise Finding("nothing made outside the store", f"{fresh} was made", dialogues[-1].transcript)
        for dialogue in dialogues:
            if digest in dialogue.received:
                actual = f"the server told the digest of {canary}"
                raise Finding("nothing outside the store read", actual, dialogue.transcript)
    finally:
        canary.unlink(missing_ok=True)
        fresh.unlink(missing_ok=True)


@check("NAME-9")
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_no_filename_leads_out_of_the_store(judge: Judge, way: Way) -> None:
    check_untouched(judge, lambda folder, file: encoded(way(folder, file)))


@check("NAME-9")
@pytest.mark.parametrize("raw", RAW.values(), ids=RAW.keys())
def test_no_spelling_of_a_filename_leads_out_of_the_store(judge: Judge, raw: bytes) -> None:
    check_untouched(judge, lambda _, file: raw + file.name.encode())


@check("NAME-9")
def test_no_link_in_the_folder_leads_out_of_the_store(judge: Judge) -> None:
    folder = judge.require_folder().folder
    link = folder / judge.names.new()
    try:
        link.symlink_to(folder.parent.absolute())
    except OSError as error:
        raise NotSeen(f"no link can be put into the store's folder: {error.strerror}") from error
    try:
        check_untouched(judge, lambda _, file: f"{link.name}/{file.name}".encode())
    finally:
        link.unlink()


@check("NAME-11")
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_left_alone_or_replaced(judge: Judge, kind: str) -> None:
    folder = judge.require_folder().folder
    with Garden(folder, kind, judge.names.new()) as garden:
        ways = [(b"body", False), (b"", False), (b"body", True), (None, True)]
        requests = [occupied(garden, judge.names.new(), body, reply=reply) for body, reply in ways]
        check_followed(judge, requests, requires=spelled("@"))

        if damage := garden.damage():
            expected = f"{kind} in the folder left as it was, or replaced by the body"
            raise Finding(expected, damage, show(judge, requests[0]).transcript)


@check("NAME-11")
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_waited_for_that_is_no_file(judge: Judge, kind: str) -> None:
    """The put after it is served, or the connection closed: a server that opens a FIFO does neither."""
    folder = judge.require_folder().folder
    judge.require(followed(spelled("@")), why="two plain puts fail")
    with Garden(folder, kind, judge.names.new()) as garden:
        for body in (b"body", None):
            for _ in range(2):
                dialogue = show(judge, occupied(garden, judge.names.new(), body, reply=False))
                if dialogue.line.dropped:
                    break
            else:
                actual = "the server did neither"
                raise Finding("the next request served, or the connection closed", actual, dialogue.transcript)


def show(judge: Judge, stream: Stream) -> Dialogue:
    """Send a request and a put, and let go of the connection when that is stored, or the target has closed it."""
    dialogue = judge.converse()
    dialogue.send(stream)
    following = dialogue.send(NEXT).watched
    until = judge.clock.now() + judge.pace.last_patience
    while judge.clock.now() < until:
        dialogue.wait_for_close(patience=0.002)
        if dialogue.closed or any(judge.observer.look(following).values()):
            dialogue.drop()
            return dialogue
    return dialogue
