"""Requests that may have come before on the same connection: each must be forgotten when the next one is read."""

from typing import Final

import pytest

from jhup_conformance.checks import Judge, Stream, command, hello, name, pattern, put, requests, stat

__all__ = ["ASKED", "EARLIER", "after", "only_where_it_goes_on"]

_BEFORE: Final = name("before")

EARLIER: Final[dict[str, Stream]] = {
    "a put": put(b"the body of an earlier put"),
    "a long put": put(pattern(5_000)),
    "an empty put": put(b""),
    "a refused put": put(b"refused", name="a/b"),
    "an unknown command with a filesize": command("x-nothing", filename=_BEFORE, filesize=7),
    "a stat": command("stat", filename=_BEFORE).having({_BEFORE: b"what was stored before"}),
    "a hello": command("hello"),
}
"""Requests that ask for no reply, by what they are."""

ASKED: Final[dict[str, Stream]] = {
    "a put": put(b"the body of an earlier put", reply=True),
    "a refused put": put(b"refused", name="a/b", reply=True),
    "a stat": stat(_BEFORE).having({_BEFORE: b"what was stored before"}),
    "a stat of nothing": stat(_BEFORE),
    "a hello": hello(),
    "an unknown command": command("x-nothing", reply=True),
}
"""Requests that ask for a reply, by what they are."""


def after(earlier: Stream, following: Stream) -> Stream:
    """Return a request after an earlier one, each in a segment of its own."""
    return requests(earlier, following).by_request()


def only_where_it_goes_on(judge: Judge, earlier: Stream) -> None:
    """Leave the check out where the target ends the connection after the earlier request: what follows isn't read.

    Whether it may is for the clause about that request to say.
    """
    if not judge.works(after(earlier, put(b"any"))) and _closes(judge, earlier):
        pytest.skip("the server closes the connection after the earlier request")


def _closes(judge: Judge, earlier: Stream) -> bool:
    with judge.converse() as dialogue:
        dialogue.send(earlier.paced())
        return dialogue.wait_for_close(patience=judge.pace.patience)
