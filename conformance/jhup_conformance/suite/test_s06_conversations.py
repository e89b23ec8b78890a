"""Conversations of any course, over one connection or several: what is owed is compared after every step.

The model of the specification is the oracle. What a conversation builds on is tried plainly before, and it is left out
where that fails: then another clause is the one to speak of it.
"""

from collections.abc import Sequence
from typing import ClassVar, Final, cast

import hypothesis
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from jhup_conformance.checks import (
    End,
    Finding,
    Judge,
    Peer,
    Script,
    Stream,
    check,
    command,
    frame,
    header,
    hello,
    name,
    pattern,
    prefix,
    put,
    raw,
    requests,
    stat,
)
from jhup_conformance.suite.support.fairness import only_where, require_lanes

NAMES: Final = 3
"""How many names a conversation is about: few, so that puts meet."""
SIZES: Final = (3, 61, 301, 3_001, 70_001)
"""Lengths of bodies; those at the edges of buffers have a clause of their own (STORE-5)."""
BROKEN: Final = (b"[]", b'{"cmd":"put",}', b"{}", header(cmd="put", filename="a"), b'{"cmd":"x-nothing","x":NaN}')
CLAIMS: Final = (-1, 0, 1, 2**24, 2**31 - 1)
"""Prefixes that no header may have, and one of a header that never comes."""
BAD_NAMES: Final = ("a/b", "", "..", "a\\b", "a\0b", "x" * 256)

slots = st.integers(0, 3)
names = st.integers(0, NAMES - 1)
lengths = st.sampled_from(SIZES)
fractions = st.floats(0.0, 1.0, exclude_min=True, exclude_max=True)


class Unhurried(RuleBasedStateMachine):
    """One request after the other on one connection, each field in a segment of its own."""

    connections: ClassVar[int] = 1
    asks: ClassVar[bool] = False
    paced: ClassVar[bool] = True

    def __init__(self, judge: Judge) -> None:
        super().__init__()
        self.judge = judge
        self.names = [judge.names.new() for _ in range(NAMES)]
        self.script = Script(judge, *self.names)
        self.bodies = 0

    def teardown(self) -> None:
        try:
            self.script.confirm()
        finally:
            self.script.leave()

    def peer(self, slot: int) -> Peer:
        """Return one of the connections, a new one where there are too few."""
        slot %= min(self.connections, max(1, self.judge.lanes - 2))
        while len(self.script.peers) <= slot:
            self.script.connect()
        return self.script.peers[slot]

    def request(self, name: int, length: int) -> Stream:
        """Make a put with a body that was not sent before; of an empty one there is just one."""
        self.bodies += 1
        length = min(length, self.judge.limits.max_filesize)
        body = (b"%d:" % self.bodies + pattern(length))[:length] if length else b""
        return put(body, name=self.names[name], **self.asking)

    @property
    def asking(self) -> dict[str, bool]:
        return {"reply": True} if self.asks else {}

    def send(self, slot: int, stream: Stream, note: str, *, sealed: bool = False) -> None:
        """Send something after whatever is still to be sent on a connection."""
        self.script.step(self.peer(slot).sends(stream.paced() if self.paced else stream, note), sealed=sealed)

    @rule(slot=slots, name=names, length=lengths)
    def put(self, slot: int, name: int, length: int) -> None:
        self.send(slot, self.request(name, length), f"puts {length} bytes as {self.names[name]}")

    @rule(slot=slots, name=names)
    def put_empty(self, slot: int, name: int) -> None:
        self.send(slot, self.request(name, 0), f"puts nothing as {self.names[name]}", sealed=True)

    @rule(slot=slots, name=names, cmd=st.sampled_from(["x-nothing", "x-put", "x-"]))
    def unknown(self, slot: int, name: int, cmd: str) -> None:
        self.send(slot, command(cmd, filename=self.names[name], filesize=5, **self.asking), f"sends {cmd!r}")

    @rule(slot=slots, name=names)
    def stat(self, slot: int, name: int) -> None:
        stream = command("stat", filename=self.names[name], **self.asking)
        self.send(slot, stream, f"sends stat of {self.names[name]}")

    @rule(slot=slots)
    def hello(self, slot: int) -> None:
        self.send(slot, command("hello", **self.asking), "sends hello")


class Several(Unhurried):
    """Connections that begin, pause, go on and break off, and puts of one name at the same time."""

    connections = 4
    paced = False

    @rule(slot=slots, name=names, length=lengths, fraction=fractions)
    def begin(self, slot: int, name: int, length: int, fraction: float) -> None:
        peer, whole = self.peer(slot), self.request(name, length)
        if peer.rest:
            self.script.step(peer.completes())
            peer = self.peer(slot)
        self.script.step(peer.begins(whole, max(1, int(len(whole) * fraction))))

    @rule(slot=slots, fraction=fractions)
    def go_on(self, slot: int, fraction: float) -> None:
        peer = self.peer(slot)
        self.script.step(peer.goes_on(int(len(peer.rest) * fraction)))

    @rule(slot=slots)
    def complete(self, slot: int) -> None:
        self.script.step(self.peer(slot).completes())

    @rule(slot=slots, puts=st.lists(st.tuples(names, lengths), min_size=2, max_size=5))
    def several(self, slot: int, puts: Sequence[tuple[int, int]]) -> None:
        note = ", ".join(f"{length} bytes as {self.names[name]}" for name, length in puts)
        self.send(slot, requests(*(self.request(name, length) for name, length in puts)), f"puts at once {note}")

    @rule(slot=slots, how=st.sampled_from([End.RESET, End.FINISH]))
    def hang_up(self, slot: int, how: End) -> None:
        self.script.step(self.peer(slot).ends(how))

    @rule(slot=slots, name=names, length=lengths)
    def put_and_finish(self, slot: int, name: int, length: int) -> None:
        note = f"puts {length} bytes as {self.names[name]}"
        self.send(slot, self.request(name, length).ending(End.FINISH_AT_ONCE), note)

    @rule(name=names, sizes=st.lists(lengths, min_size=2, max_size=4))
    def race(self, name: int, sizes: Sequence[int]) -> None:
        peers = dict.fromkeys(self.peer(slot) for slot in range(len(sizes)))
        free = [peer for peer in peers if not peer.rest]
        steps = [
            peer.sends(self.request(name, length), f"puts {length} bytes as {self.names[name]}")
            for peer, length in zip(free, sizes, strict=False)
        ]
        if steps:
            self.script.race(self.names[name], steps)


class Hostile(Several):
    """The same among connections that misbehave."""

    @rule(slot=slots, name=names, head=st.sampled_from(BROKEN))
    def malformed(self, slot: int, name: int, head: bytes) -> None:
        stream = requests(frame(head), self.request(name, 5))
        self.send(slot, stream, "sends something malformed and a put after it")

    @rule(slot=slots, name=names, claim=st.sampled_from(CLAIMS))
    def bad_prefix(self, slot: int, name: int, claim: int) -> None:
        stream = requests(raw(prefix(claim), "prefix"), self.request(name, 5))
        self.send(slot, stream, f"claims a header of {claim} bytes")

    @rule(slot=slots, name=names, bad=st.sampled_from(BAD_NAMES))
    def refused(self, slot: int, name: int, bad: str) -> None:
        stream = put(self.request(name, 5), name=bad, **self.asking)
        self.send(slot, stream, f"puts {bad[:8]!r}, which is refused", sealed=True)


class Asking(Hostile):
    """The same, a reply asked for with every request."""

    asks = True


def converse(judge: Judge, machine: type[Unhurried]) -> None:
    """Have conversations, each of a bounded number of steps."""

    @hypothesis.seed(judge.random.getrandbits(32))
    def begin() -> Unhurried:
        return machine(judge)

    bounds = settings(max_examples=max(3, judge.effort.examples // 3), stateful_step_count=judge.effort.steps)
    run_state_machine_as_test(cast("type[RuleBasedStateMachine]", begin), settings=bounds)


# What conversations build on


FILE = name("file")
TWO_PUTS = requests(put(b"abc"), put(b"defgh"))
UNKNOWN_AND_EMPTY = requests(put(b""), command("x-nothing", filename="ignored", filesize=5), put(b"abc"))
SHORTER_OVER_LONGER = put(b"short", name=FILE).having({FILE: b"what is longer"})
NOTHING_OVER_OLD = put(b"", name=FILE).having({FILE: b"old"})
HALF_OVER_OLD = put(b"new", name=FILE).having({FILE: b"old"}).first(-1)
TRAP = put(b"trap")

PLAIN = (TWO_PUTS.paced(), UNKNOWN_AND_EMPTY.paced(), SHORTER_OVER_LONGER.paced(), NOTHING_OVER_OLD.paced())
CUT_AND_GLUED = (TWO_PUTS, *(TWO_PUTS.cut(at) for at in (2, 30, 62)), TWO_PUTS.ending(End.FINISH_AT_ONCE))
BROKEN_OFF = tuple(HALF_OVER_OLD.ending(end) for end in (End.HOLD, End.RESET, End.FINISH))
WRONG = (
    *(requests(frame(head), TRAP) for head in BROKEN),
    *(requests(raw(prefix(claim), "prefix"), TRAP) for claim in CLAIMS),
    *(requests(put(put(b""), name=bad), put(b"abc")) for bad in BAD_NAMES),
)
ASKED = requests(put(b"abc", name=FILE, reply=True), stat(FILE), hello(), command("x-nothing", reply=True))
REFUSALS_ASKED = tuple(requests(put(put(b"", reply=True), name=bad), put(b"abc", reply=True)) for bad in BAD_NAMES)


def only_where_puts_may_meet(judge: Judge) -> None:
    """Leave the check out where two puts of one name at the same time already go wrong."""
    require_lanes(judge, 3)
    try:
        with Script(judge, file := judge.names.new()) as script:
            first, second = script.connect(), script.connect()
            for earlier, later in ((first, second), (second, first)):
                script.send(first.begins(put(b"the first body", name=file), -7))
                script.send(second.begins(put(b"the second", name=file), -5))
                script.step(earlier.completes())
                script.step(later.completes())
    except Finding as reason:
        pytest.skip(f"a prerequisite fails on its own: {reason}")


def only_where_stats_tell_of_others(judge: Judge) -> None:
    """Leave the check out where a stat does not tell what another connection has put meanwhile."""
    try:
        with Script(judge, file := judge.names.new()) as script:
            first, second = script.connect(), script.connect()
            for peer, body in ((first, b"the first body"), (second, b"the second")):
                script.step(peer.sends(put(body, name=file, reply=True), "puts"))
            script.step(first.sends(stat(file), "sends stat"))
    except Finding as reason:
        pytest.skip(f"a prerequisite fails on its own: {reason}")


@check("FRAME-10")
def test_a_connection_carries_requests_of_all_kinds_one_after_the_other(judge: Judge) -> None:
    only_where(judge, *PLAIN)

    converse(judge, Unhurried)


@check("STORE-9", late=True, quick=False)
def test_the_last_to_complete_remains_whatever_happens_beside_it(judge: Judge) -> None:
    only_where(judge, *PLAIN, *CUT_AND_GLUED, *BROKEN_OFF)
    require_lanes(judge, 3)

    converse(judge, Several)


@check("ERR-9", late=True, quick=False)
def test_others_are_served_in_conversations_of_any_course(judge: Judge) -> None:
    only_where(judge, *PLAIN, *CUT_AND_GLUED, *BROKEN_OFF, *WRONG)
    only_where_puts_may_meet(judge)

    converse(judge, Hostile)


@pytest.mark.usefixtures("replies_offered")
@check("REPLY-3", late=True, quick=False)
def test_replies_come_in_order_in_conversations_of_any_course(judge: Judge) -> None:
    only_where(judge, *PLAIN, *CUT_AND_GLUED, *BROKEN_OFF, *WRONG, ASKED, *REFUSALS_ASKED)
    only_where_puts_may_meet(judge)
    only_where_stats_tell_of_others(judge)

    converse(judge, Asking)
