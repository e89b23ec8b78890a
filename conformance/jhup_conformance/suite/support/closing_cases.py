"""What has to end with a connection closed within 5 seconds, all of it tried at the same time."""

from functools import partial
from typing import Final

import pytest

from jhup_conformance.verify.closing import Scenario, watch_closing
from jhup_conformance.verify.exchange import Case, End
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.stream import Recipe, Talk, header, prefix

__all__ = ["BAD_PREFIXES", "BROKEN", "ENDED", "TRUNCATED", "cut_off", "expect_closed", "one_put", "some_puts", "whole"]

BODY: Final = b"the body of a put that does not come to its end"


def nothing(_: Talk) -> None:
    """A connection on which nothing is said."""


def one_put(talk: Talk) -> None:
    """A put of a few bytes."""
    talk.put(b"abc")


def some_puts(talk: Talk) -> None:
    """Three puts, one behind the other."""
    talk.put(b"abc")
    talk.put(b"d")
    talk.put(b"ef")


def unknown(talk: Talk) -> None:
    talk.say(cmd="x-nothing", filename="x")


def refused(talk: Talk) -> None:
    talk.put(BODY, name="a/b")


def whole(talk: Talk) -> None:
    """The put that others cut off."""
    talk.put(BODY)


def cut_off(sent: int, talk: Talk) -> None:
    """The first bytes of a put, or all but the last ones."""
    talk.put(BODY)
    talk.stream = talk.stream[:sent]


def cut_off_behind_a_put(sent: int, talk: Talk) -> None:
    talk.put(b"abc")
    cut_off(len(talk.stream) + sent, talk)


def cut_off_and_refused(talk: Talk) -> None:
    refused(talk)
    talk.stream = talk.stream[:-5]


def malformed(head: bytes, talk: Talk) -> None:
    talk.frame(head)


def malformed_before_a_put(head: bytes, talk: Talk) -> None:
    talk.frame(head)
    talk.put(b"trap")


TRUNCATED: dict[str, Recipe] = {
    "in the body": partial(cut_off, -20),
    "behind the header": partial(cut_off, -len(BODY)),
    "before the last byte": partial(cut_off, -1),
    "in the prefix": partial(cut_off, 1),
    "before the prefix's last byte": partial(cut_off, 3),
    "behind the prefix": partial(cut_off, 4),
    "in the header": partial(cut_off, 30),
    "before the header's last byte": partial(cut_off, -len(BODY) - 1),
    "in a refused body": cut_off_and_refused,
    "in the second request": partial(cut_off_behind_a_put, 30),
}
ENDED: dict[str, Recipe] = {
    "without a request": nothing,
    "behind a put": one_put,
    "behind several puts": some_puts,
    "behind an unknown command": unknown,
    "behind a refused put": refused,
}
BROKEN = {
    "no JSON": b'{"cmd":"put",}',
    "no object": b"[]",
    "no UTF-8": b'{"cmd":"\xff"}',
    "no cmd": b"{}",
    "no filesize": header(cmd="put", filename="a"),
    "a filesize that is a string": header(cmd="put", filename="a", filesize="3"),
}


BAD_PREFIXES = {"-1": -1, "0": 0, "1": 1, "58 sent big-endian": 58 << 24, "2^20+1": 2**20 + 1, "2^31-1": 2**31 - 1}


def bad_prefix(claim: int, talk: Talk) -> None:
    talk.raw(prefix(claim), "prefix")


def scenarios() -> dict[Scenario, Case]:
    """Give all of them: the clause that each is about with a name of its own, and what is said."""
    cases = {("ERR-6", place): Case.unhurried(recipe, End.FINISH) for place, recipe in TRUNCATED.items()}
    cases |= {("ERR-8", place): Case.unhurried(recipe, End.FINISH) for place, recipe in ENDED.items()}
    cases |= {("ERR-3", fault): Case.unhurried(partial(malformed, head)) for fault, head in BROKEN.items()}
    cases |= {("FRAME-16", name): Case(partial(bad_prefix, claim)) for name, claim in BAD_PREFIXES.items()}
    return cases


def expect_closed(judge: Judge, clause: str, name: str) -> None:
    """Look up what became of one of all these connections, tried at the same time at the first look.

    Raises:
        Finding: when it stayed open.
    """
    judge.control(Case.unhurried(whole), why="the whole put fails")
    found = judge.once("closing", lambda: watch_closing(judge, scenarios()))
    judge.runner.executions += 1
    if (clause, name) not in found:
        pytest.skip("other connections that were not closed took the place of this one")
    finding = found[clause, name]
    if finding is not None:
        raise finding
