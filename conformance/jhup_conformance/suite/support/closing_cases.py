"""What has to end with a connection closed within 5 seconds, all of it tried at the same time."""

from typing import Final

import pytest

from jhup_conformance.checks import (
    NOTHING,
    End,
    Judge,
    Stream,
    command,
    frame,
    header,
    prefix,
    put,
    raw,
    requests,
    watch_closing,
)
from jhup_conformance.verify.closing import Scenario

__all__ = ["BAD_PREFIXES", "BROKEN", "ENDED", "TRUNCATED", "WHOLE", "check_closed"]

BODY: Final = b"the body of a put that does not come to its end"
WHOLE: Final = put(BODY)
"""The put that others cut off."""
REFUSED: Final = put(BODY, name="a/b")

TRUNCATED: Final[dict[str, Stream]] = {
    "in the body": WHOLE.first(-20),
    "after the header": WHOLE.first(-len(BODY)),
    "before the last byte": WHOLE.first(-1),
    "in the prefix": WHOLE.first(1),
    "before the prefix's last byte": WHOLE.first(3),
    "after the prefix": WHOLE.first(4),
    "in the header": WHOLE.first(30),
    "before the header's last byte": WHOLE.first(-len(BODY) - 1),
    "in a refused body": REFUSED.first(-5),
    "in the second request": requests(put(b"abc"), WHOLE.first(30)),
}
ENDED: Final[dict[str, Stream]] = {
    "without a request": NOTHING,
    "after a put": put(b"abc"),
    "after several puts": requests(put(b"abc"), put(b"d"), put(b"ef")),
    "after an unknown command": command("x-nothing", filename="x"),
    "after a refused put": REFUSED,
}
BROKEN: Final = {
    "no JSON": b'{"cmd":"put",}',
    "no object": b"[]",
    "no UTF-8": b'{"cmd":"\xff"}',
    "no cmd": b"{}",
    "no filesize": header(cmd="put", filename="a"),
    "a filesize that is a string": header(cmd="put", filename="a", filesize="3"),
}
BAD_PREFIXES: Final = {
    "-1": -1, "0": 0, "1": 1, "58 sent big-endian": 58 << 24, "2^20+1": 2**20 + 1, "2^31-1": 2**31 - 1,
}  # fmt: skip


def _scenarios() -> dict[Scenario, Stream]:
    """Return all of them: the clause that each is about with a name of its own, and what is sent."""
    streams = {("ERR-6", place): each.paced().ending(End.FINISH) for place, each in TRUNCATED.items()}
    streams |= {("ERR-8", place): each.paced().ending(End.FINISH) for place, each in ENDED.items()}
    streams |= {("ERR-3", fault): frame(head).paced() for fault, head in BROKEN.items()}
    streams |= {("FRAME-16", name): raw(prefix(claim), "prefix") for name, claim in BAD_PREFIXES.items()}
    return streams


def check_closed(judge: Judge, name: str) -> None:
    """Look up what became of one of these connections, all tried at the same time at the first look.

    Raises:
        Finding: when it stayed open.
    """
    judge.require(WHOLE.paced(), why="the whole put fails")
    found = judge.once("closing", lambda: watch_closing(judge, _scenarios()))
    judge.bench.runner.executions += 1
    key = (judge.clause.id, name)
    if key not in found:
        pytest.skip("other connections that were not closed took the place of this one")
    finding = found[key]
    if finding is not None:
        raise finding
