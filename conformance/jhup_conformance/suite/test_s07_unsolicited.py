"""Section 7, connections: a server is silent unless it was asked."""

from collections.abc import Sequence

from jhup_conformance.checks import (
    NOTHING,
    Dialogue,
    End,
    Finding,
    Judge,
    Stream,
    Unsolicited,
    check,
    command,
    frame,
    header,
    pattern,
    prefix,
    put,
    raw,
    together,
    wait_for_all,
)

PUT = put(b"abc")
HALF_A_PUT = PUT.first(-2)
UNASKED: dict[str, Stream] = {
    "nothing": NOTHING,
    "a put": PUT,
    "an empty put": put(b""),
    "a put of some length": put(pattern(500)),
    "a put with reply false": put(b"abc", reply=False),
    "a put with reply null": put(b"abc", reply=None),
    "a put with reply 1": put(b"abc", reply=1),
    "a put with reply as a string": put(b"abc", reply="true"),
    "a put with reply in a list": put(b"abc", reply=[True]),
    "a stat": command("stat", filename="a"),
    "a stat with reply false": command("stat", filename="a", reply=False),
    "a hello": command("hello"),
    "a hello with reply as a string": command("hello", reply="true"),
    "an unknown command": command("x-nothing", filename="a"),
    "a bad name": put(b"abc", name="a/b"),
    "no name": put(b"abc", name=""),
    "a malformed header": frame(header(cmd="put", filename="a")),
    "a header that is no JSON": frame(b"hello"),
    "a prefix below two": raw(prefix(-1)),
    "a prefix that claims too much": raw(prefix(2**31 - 1)),
    "half a put": HALF_A_PUT,
}


@check("CONN-1", blind=True)
@together("streams", UNASKED.values(), UNASKED, at_a_time=7)
def test_no_unsolicited_bytes_are_sent(judge: Judge, streams: tuple[Stream, ...]) -> None:
    sees = judge.bench.runner.observer is not None
    at_a_time = judge.lanes if sees else 1  # a server of one at a time notices the others too late
    for start in range(0, len(streams), at_a_time):
        listen(judge, streams[start : start + at_a_time])
    judge.observer  # noqa: B018 - asked for what it raises
    judge.require(PUT.paced(), why="even a plain upload fails, so nothing else can be judged")


def listen(judge: Judge, streams: Sequence[Stream]) -> None:
    """Send each stream on a connection, and take what comes: at first, then when the stream has ended."""
    moment = 2 * judge.pace.settle
    dialogues: list[Dialogue] = []
    try:
        for stream in streams:
            dialogues.append(judge.converse())
            dialogues[-1].send(stream.paced())
            if stream != HALF_A_PUT:  # a stream that ends inside a request has clauses of its own
                dialogues[-1].end(End.FINISH, after=moment)
        wait_for_all(dialogues, lambda each: bool(each.received), patience=moment, at_most=2.0)
        for stream, dialogue in zip(streams, dialogues, strict=True):
            if dialogue.received:
                case = next(title for title, each in UNASKED.items() if each == stream)
                raise Finding(points=(Unsolicited(len(dialogue.received), case),), transcript=dialogue.transcript)
    finally:
        for dialogue in dialogues:
            dialogue.drop()
