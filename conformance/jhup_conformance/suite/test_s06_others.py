"""Section 6.1, errors: whatever happens on one connection, the others are served (ERR-9)."""

from collections.abc import Callable, Iterable, Iterator

import pytest

from jhup.limits import MAX_FILESIZE
from jhup_conformance.checks import (
    NOTHING,
    Dialogue,
    End,
    Finding,
    Judge,
    Script,
    Stream,
    check,
    command,
    frame,
    hello,
    pattern,
    prefix,
    put,
    raw,
    requests,
    wait_for_all,
)
from jhup_conformance.suite.support.fairness import require_lanes

Hostile = Callable[[Judge], Iterable[Stream]]
"""Makes what is sent on some connections."""


def thrice(stream: Stream) -> Hostile:
    return lambda _: [stream] * 3


def broken_off(_: Judge) -> Iterator[Stream]:
    whole = put(pattern(5_000))
    yield from (whole.first(sent) for sent in (0, 2, 4, 30, 100, 2_000, len(whole) - 1))


SURROGATE = b'{"cmd":"put","filename":"\\ud800","filesize":0}'
DEEP = b'{"cmd":"x-nothing","x":' + b"[" * 30_000 + b"]" * 30_000 + b"}"
LONG = b'{"cmd":"x-nothing","x":' + b"9" * 60_000 + b"}"
CLIENT_HELLO = bytes.fromhex("16030100a5010000a1030379f0") + bytes(160)

HOSTILE: dict[str, Hostile] = {
    "prefixes that claim too much": thrice(raw(prefix(2**31 - 1))),
    "prefixes below two": thrice(raw(prefix(-1))),
    "headers that are no JSON": thrice(frame(b"[]")),
    "headers that are no UTF-8": thrice(frame(b"\xff\xfe{}")),
    "a put without filesize": thrice(command("put", filename="x")),
    "a filename that is an object": thrice(command("put", filename={}, filesize=0)),
    "a cmd that is an object": thrice(frame(b'{"cmd":{},"filename":"x","filesize":0}')),
    "bad names": thrice(put(b"abc", name="a/b")),
    "a NUL in a name": thrice(put(b"abc", name="a\0b")),
    "a lone surrogate in a name": thrice(frame(SURROGATE)),
    "the largest filesize": thrice(put(b"abc", name="a/b", filesize=MAX_FILESIZE)),
    "names of the program's parts": thrice(requests(command("__init__"), command("finish"), command("handle"))),
    "deep nesting": thrice(frame(DEEP)),
    "many digits": thrice(frame(LONG)),
    "HTTP": thrice(raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")),
    "a TLS handshake": thrice(raw(CLIENT_HELLO)),
    "zeros": thrice(raw(bytes(70_000))),
    "noise": lambda judge: [raw(judge.random.randbytes(70_000)) for _ in range(5)],
    "connections that come and go": lambda _: [NOTHING.ending(End.RESET)] * 20,
    "requests broken off by resets": lambda judge: [each.ending(End.RESET) for each in broken_off(judge)],
    "replies that nobody reads": lambda _: [raw(hello().data * 5_000)],
}


@check("ERR-9")
@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
def test_others_are_served_whatever_happens_on_one(judge: Judge, hostile: Hostile) -> None:
    check_others_served(judge, hostile)


@check("ERR-9", late=True)
def test_others_are_served_when_requests_break_off_by_end_of_stream(judge: Judge) -> None:
    check_others_served(judge, lambda judge: [each.ending(End.FINISH) for each in broken_off(judge)])


UNHEARD: dict[str, Stream] = {
    "puts": requests(*[put(b"abc")] * 20),
    "requests that ask for replies": requests(*[put(b"abc", reply=True), hello()] * 10),
}


@check("ERR-9", late=True)
@pytest.mark.parametrize("stream", UNHEARD.values(), ids=UNHEARD.keys())
def test_others_are_served_when_a_client_has_left_before_it_hears(judge: Judge, stream: Stream) -> None:
    for _ in range(6):  # a server that is quick enough has answered all before the client is gone
        with judge.converse() as client:
            client.send(stream.ending(End.LEAVE))
            client.flush()
        if not judge.is_alive():
            judge.require(put(b"abc").paced(), why="a put on a new connection fails anyway")
            expected = "a put on another connection takes effect"
            raise Finding(expected, "it does not", client.transcript, timed_out=True)


def check_others_served(judge: Judge, hostile: Hostile) -> None:
    """Have one connection open between requests and one in the middle of a put; then let things happen on others."""
    require_lanes(judge, 4)
    judge.require(requests(put(b"abc"), put(b"d")).by_request(), why="a second put on a connection fails")
    size = min(3_000, judge.limits.max_filesize)
    bodies = {judge.names.new(): body for body in (b"before", b"beside", b"after", pattern(size))}
    before, beside, after, long = (put(body, name=file) for file, body in bodies.items())
    *names, last = bodies
    hostiles: list[Dialogue] = []
    script = Script(judge, *names)
    try:
        other, under_way = script.connect(), script.connect()
        script.step(other.sends(before, "a put"))
        script.send(under_way.begins(long, -(size // 3)))

        hostiles += misbehave(judge, hostile)
        script.beside(hostiles)

        script.step(other.sends(beside, "a put after others misbehaved"))
        script.step(script.connect().sends(after, "a put on a new connection"))
        script.track(last)
        script.step(under_way.completes())
    finally:
        for dialogue in hostiles:
            dialogue.drop()
        script.leave()


def misbehave(judge: Judge, hostile: Hostile) -> list[Dialogue]:
    """Open connections, at most as many as the target serves, and send it all; whether it is taken doesn't matter."""
    dialogues = []
    for stream in list(hostile(judge))[: judge.lanes - 3]:
        dialogues.append(judge.converse())
        dialogues[-1].send(stream)
    wait_for_all(dialogues, lambda _: True, patience=judge.pace.patience, at_most=5.0)
    return dialogues
