"""Section 6.1, errors: whatever happens on one connection, the others are served (ERR-9)."""

from collections.abc import Callable, Iterable, Iterator

import pytest

from jhup.limits import MAX_FILESIZE
from jhup_conformance.sizes import pattern
from jhup_conformance.suite.support.fairness import require_lanes
from jhup_conformance.verify.exchange import End, script
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.marks import checks
from jhup_conformance.verify.script import Conversation, Move, frame
from jhup_conformance.verify.stream import prefix
from jhup_conformance.wire.line import Line, drive

Hostile = Callable[[Judge], Iterable[tuple[bytes, End]]]
"""Gives what is said on some connections, and how they end."""


def say(data: bytes, end: End = End.HOLD) -> Hostile:
    return lambda _: [(data, end)] * 3


def broken_off(judge: Judge) -> Iterator[tuple[bytes, End]]:
    whole = frame(pattern(5_000), cmd="put", filename=judge.names.new(), filesize=5_000)
    yield from ((whole[:sent], End.RESET) for sent in (0, 2, 4, 30, 100, 2_000, len(whole) - 1))


def unread_replies(_: Judge) -> Iterator[tuple[bytes, End]]:
    """Ask for many replies and read none of them; a target without replies knows nothing of all this."""
    yield frame(cmd="hello", reply=True) * 5_000, End.HOLD


SURROGATE = b'{"cmd":"put","filename":"\\ud800","filesize":0}'
DEEP = b'{"cmd":"x-nothing","x":' + b"[" * 30_000 + b"]" * 30_000 + b"}"
LONG = b'{"cmd":"x-nothing","x":' + b"9" * 60_000 + b"}"
CLIENT_HELLO = bytes.fromhex("16030100a5010000a1030379f0") + bytes(160)

HOSTILE: dict[str, Hostile] = {
    "prefixes that claim too much": say(prefix(2**31 - 1)),
    "prefixes below two": say(prefix(-1)),
    "headers that are no JSON": say(frame()[:4] + b"[]"),
    "headers that are no UTF-8": say(prefix(4) + b"\xff\xfe{}"),
    "a put without filesize": say(frame(cmd="put", filename="x")),
    "a filename that is an object": say(frame(cmd="put", filename={}, filesize=0)),
    "a cmd that is an object": say(frame(cmd={}, filename="x", filesize=0)),
    "bad names": say(frame(b"abc", cmd="put", filename="a/b", filesize=3)),
    "a NUL in a name": say(frame(b"abc", cmd="put", filename="a\0b", filesize=3)),
    "a lone surrogate in a name": say(prefix(len(SURROGATE)) + SURROGATE),
    "the largest filesize": say(frame(b"abc", cmd="put", filename="a/b", filesize=MAX_FILESIZE)),
    "names of the program's parts": say(frame(cmd="__init__") + frame(cmd="finish") + frame(cmd="handle")),
    "deep nesting": say(prefix(len(DEEP)) + DEEP),
    "many digits": say(prefix(len(LONG)) + LONG),
    "HTTP": say(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "a TLS handshake": say(CLIENT_HELLO),
    "zeros": say(bytes(70_000)),
    "noise": lambda judge: [(judge.random.randbytes(70_000), End.HOLD) for _ in range(5)],
    "connections that come and go": lambda _: [(b"", End.RESET)] * 20,
    "requests broken off by resets": broken_off,
    "replies that nobody reads": unread_replies,
}


@checks("ERR-9")
@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
def test_others_are_served_whatever_happens_on_one(judge: Judge, hostile: Hostile) -> None:
    expect_others_served(judge, hostile)


@checks("ERR-9", late=True)
def test_others_are_served_when_requests_break_off_by_end_of_stream(judge: Judge) -> None:
    expect_others_served(judge, lambda judge: [(data, End.FINISH) for data, _ in broken_off(judge)])


def expect_others_served(judge: Judge, hostile: Hostile) -> None:
    """Have one connection open between requests and one in the middle of a put; then let things happen on others."""
    require_lanes(judge, 4)
    names = [judge.names.new() for _ in range(4)]
    bodies = dict(zip(names, (b"before", b"beside", b"behind", pattern(3_000)), strict=True))
    whole = {name: frame(body, cmd="put", filename=name, filesize=len(body)) for name, body in bodies.items()}
    lines: list[Line] = []
    talk = Conversation(judge, names[:3])
    try:
        beside, under_way = talk.join(), talk.join()
        talk.step(Move(beside, whole[names[0]], "a put"))
        half = whole[names[3]][:-1_000]
        talk.send(Move(under_way, half, "half of a put", half, whole[names[3]][-1_000:]))

        lines += misbehave(judge, hostile)

        talk.step(Move(beside, whole[names[1]], "a put after others misbehaved"))
        talk.step(Move(talk.join(), whole[names[2]], "a put on a new connection"))
        talk.track(names[3])
        talk.step(Move(under_way, under_way.rest, "the other half of the put"))
    finally:
        for line in lines:
            line.drop()
        talk.leave()


def misbehave(judge: Judge, hostile: Hostile) -> list[Line]:
    """Open connections, at most as many as the target serves, and say all of it; whether it is taken doesn't matter."""
    lines = []
    for data, end in list(hostile(judge))[: judge.lanes - 3]:
        lines.append(judge.dial())
        lines[-1].plan(script(data, (), end, judge.runner.pace.pause))
    drive(lines, until=lambda _: True, patience=judge.runner.pace.patience, at_most=5.0)
    return lines
