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

from jhup_conformance.findings import Finding
from jhup_conformance.sizes import pattern
from jhup_conformance.suite.support.fairness import only_where, require_lanes
from jhup_conformance.verify.exchange import Case, End
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.marks import checks
from jhup_conformance.verify.script import Conversation, Move, Party, frame, part_of_put, rest_of_put
from jhup_conformance.verify.stream import Talk, header, prefix

NAMES: Final = 3
"""How many names a conversation is about: few, so that puts meet."""
SIZES: Final = (3, 61, 301, 3_001, 70_001)
"""Lengths of bodies; those at the edges of buffers have a clause of their own (STORE-5)."""
BROKEN: Final = (b"[]", b'{"cmd":"put",}', b"{}", header(cmd="put", filename="a"), b'{"cmd":"x-nothing","x":NaN}')

slots = st.integers(0, 3)
names = st.integers(0, NAMES - 1)
lengths = st.sampled_from(SIZES)
fractions = st.floats(0.0, 1.0, exclude_min=True, exclude_max=True)


class Unhurried(RuleBasedStateMachine):
    """One request after the other on one connection, each field in a segment of its own."""

    connections: ClassVar[int] = 1
    asks: ClassVar[bool] = False

    def __init__(self, judge: Judge) -> None:
        super().__init__()
        self.judge = judge
        self.names = [judge.names.new() for _ in range(NAMES)]
        self.talk = Conversation(judge, self.names)
        self.bodies = 0

    def teardown(self) -> None:
        try:
            self.talk.confirm()
        finally:
            self.talk.leave()

    def party(self, slot: int) -> Party:
        """Give one of the connections, a new one where there are too few."""
        slot %= min(self.connections, max(1, self.judge.lanes - 2))
        while len(self.talk.parties) <= slot:
            self.talk.join()
        return self.talk.parties[slot]

    def request(self, name: int, length: int) -> bytes:
        """Make a put with a body that was not sent before; of an empty one there is just one."""
        self.bodies += 1
        body = (b"%d:" % self.bodies + pattern(length))[:length] if length else b""
        return self.frame(body, cmd="put", filename=self.names[name], filesize=len(body))

    def frame(self, body: bytes = b"", **members: object) -> bytes:
        return frame(body, **(members | {"reply": True} if self.asks else members))

    def say(self, slot: int, data: bytes, note: str, *, sealed: bool = False, end: End = End.HOLD) -> None:
        """Send something behind whatever is still to be sent on a connection."""
        party = self.party(slot)
        self.talk.step(Move(party, party.rest + data, note, cuts=self.cuts(data), end=end), sealed=sealed)

    def cuts(self, data: bytes) -> tuple[int, ...]:
        """Give the borders of the fields of a request."""
        head = 4 + int.from_bytes(data[:4], "little")
        return (4, head, len(data))

    @rule(slot=slots, name=names, length=lengths)
    def put(self, slot: int, name: int, length: int) -> None:
        self.say(slot, self.request(name, length), f"puts {length} bytes as {self.names[name]}")

    @rule(slot=slots, name=names)
    def put_empty(self, slot: int, name: int) -> None:
        self.say(slot, self.request(name, 0), f"puts nothing as {self.names[name]}", sealed=True)

    @rule(slot=slots, name=names, cmd=st.sampled_from(["x-nothing", "x-put", "x-"]))
    def unknown(self, slot: int, name: int, cmd: str) -> None:
        self.say(slot, self.frame(cmd=cmd, filename=self.names[name], filesize=5), f"says {cmd!r}")

    @rule(slot=slots, name=names)
    def stat(self, slot: int, name: int) -> None:
        self.say(slot, self.frame(cmd="stat", filename=self.names[name]), f"says stat of {self.names[name]}")

    @rule(slot=slots)
    def hello(self, slot: int) -> None:
        self.say(slot, self.frame(cmd="hello"), "says hello")


class Several(Unhurried):
    """Connections that begin, pause, go on and break off, and puts of one name at the same time."""

    connections = 4

    def cuts(self, _: bytes) -> tuple[int, ...]:
        return ()

    @rule(slot=slots, name=names, length=lengths, fraction=fractions)
    def begin(self, slot: int, name: int, length: int, fraction: float) -> None:
        whole = self.request(name, length)
        sent = max(1, int(len(whole) * fraction))
        party = self.party(slot)
        note = f"begins to put {length} bytes as {self.names[name]}: {sent} of {len(whole)} bytes"
        self.talk.step(Move(party, party.rest + whole[:sent], note, whole[:sent], whole[sent:]))

    @rule(slot=slots, fraction=fractions)
    def go_on(self, slot: int, fraction: float) -> None:
        party = self.party(slot)
        sent = int(len(party.rest) * fraction)
        data, rest = party.rest[:sent], party.rest[sent:]
        self.talk.step(Move(party, data, f"goes on: {sent} bytes more", party.under_way + data, rest))

    @rule(slot=slots)
    def complete(self, slot: int) -> None:
        self.say(slot, b"", "completes what it began")

    @rule(slot=slots, puts=st.lists(st.tuples(names, lengths), min_size=2, max_size=5))
    def several(self, slot: int, puts: Sequence[tuple[int, int]]) -> None:
        note = ", ".join(f"{length} bytes as {self.names[name]}" for name, length in puts)
        self.say(slot, b"".join(self.request(name, length) for name, length in puts), f"puts at once {note}")

    @rule(slot=slots, how=st.sampled_from([End.RESET, End.FINISH]))
    def hang_up(self, slot: int, how: End) -> None:
        self.talk.step(Move(self.party(slot), b"", "ends", end=how))

    @rule(slot=slots, name=names, length=lengths)
    def put_and_finish(self, slot: int, name: int, length: int) -> None:
        note = f"puts {length} bytes as {self.names[name]}"
        self.say(slot, self.request(name, length), note, end=End.FINISH_AT_ONCE)

    @rule(name=names, sizes=st.lists(lengths, min_size=2, max_size=4))
    def race(self, name: int, sizes: Sequence[int]) -> None:
        parties = dict.fromkeys(self.party(slot) for slot in range(len(sizes)))
        free = [party for party in parties if not party.rest]
        moves = [
            Move(party, self.request(name, length), f"puts {length} bytes as {self.names[name]}")
            for party, length in zip(free, sizes, strict=False)
        ]
        if moves:
            self.talk.race(self.names[name], moves)


class Hostile(Several):
    """The same among connections that misbehave."""

    @rule(slot=slots, name=names, head=st.sampled_from(BROKEN))
    def malformed(self, slot: int, name: int, head: bytes) -> None:
        trap = self.request(name, 5)
        self.say(slot, prefix(len(head)) + head + trap, "says something malformed and a put behind it")

    @rule(slot=slots, name=names, claim=st.sampled_from([-1, 0, 1, 2**24, 2**31 - 1]))
    def bad_prefix(self, slot: int, name: int, claim: int) -> None:
        self.say(slot, prefix(claim) + self.request(name, 5), f"claims a header of {claim} bytes")

    @rule(slot=slots, name=names, bad=st.sampled_from(["a/b", "", "..", "a\\b", "a\0b", "x" * 256]))
    def refused(self, slot: int, name: int, bad: str) -> None:
        trap = self.request(name, 5)
        put = self.frame(trap, cmd="put", filename=bad, filesize=len(trap))
        self.say(slot, put, f"puts {bad[:8]!r}, which is refused", sealed=True)


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


def two_puts(talk: Talk) -> None:
    talk.put(b"abc")
    talk.put(b"defgh")


def unknown_and_empty(talk: Talk) -> None:
    talk.put(b"")
    talk.say(cmd="x-nothing", filename="ignored", filesize=5)
    talk.put(b"abc")


def shorter_over_longer(talk: Talk) -> None:
    talk.put(b"short", name=talk.had(b"what is longer"))


def half_over_old(talk: Talk) -> None:
    talk.put(b"new", name=talk.had(b"old"))
    talk.stream = talk.stream[:-1]


def malformed_before_put(talk: Talk) -> None:
    talk.frame(b"[]")
    talk.put(b"trap")


def bad_prefix_before_put(talk: Talk) -> None:
    talk.raw(prefix(-1), "prefix")
    talk.put(b"trap")


def refused_before_put(talk: Talk) -> None:
    talk.put(frame(b"", cmd="put", filename=talk.new_name(), filesize=0), name="a/b")
    talk.put(b"abc")


def asking(talk: Talk) -> None:
    talk.put(b"abc", reply=True)
    talk.say(cmd="stat", filename=talk.watched[0], reply=True)
    talk.say(cmd="hello", reply=True)
    talk.say(cmd="x-nothing", reply=True)


def only_where_puts_may_meet(judge: Judge) -> None:
    """Leave the check out where two puts of one name at the same time already go wrong."""
    require_lanes(judge, 3)
    talk = Conversation(judge, [name := judge.names.new()])
    try:
        first, second = talk.join(), talk.join()
        talk.send(part_of_put(first, name, b"the first body", -7))
        talk.send(part_of_put(second, name, b"the second", -5))
        talk.step(rest_of_put(first))
        talk.step(rest_of_put(second))
    except Finding as reason:
        pytest.skip(f"it builds on what fails by itself: {reason}")
    finally:
        talk.leave()


PLAIN = tuple(map(Case.unhurried, (two_puts, unknown_and_empty, shorter_over_longer)))
CUT_AND_GLUED = (
    Case(two_puts),
    *(Case(two_puts, (cut,)) for cut in (2, 30, 62)),
    Case(two_puts, end=End.FINISH_AT_ONCE),
)
BROKEN_OFF = (Case(half_over_old), Case(half_over_old, end=End.RESET), Case(half_over_old, end=End.FINISH))
WRONG = (Case(malformed_before_put), Case(bad_prefix_before_put), Case(refused_before_put))


@checks("FRAME-10")
def test_a_connection_carries_requests_of_all_kinds_one_after_the_other(judge: Judge) -> None:
    only_where(judge, *PLAIN)

    converse(judge, Unhurried)


@checks("STORE-9", late=True, quick=False)
def test_the_last_to_complete_remains_whatever_happens_beside_it(judge: Judge) -> None:
    only_where(judge, *PLAIN, *CUT_AND_GLUED, *BROKEN_OFF)
    require_lanes(judge, 3)

    converse(judge, Several)


@checks("ERR-9", late=True, quick=False)
def test_others_are_served_in_conversations_of_any_course(judge: Judge) -> None:
    only_where(judge, *PLAIN, *CUT_AND_GLUED, *BROKEN_OFF, *WRONG)
    only_where_puts_may_meet(judge)

    converse(judge, Hostile)


@checks("REPLY-3", late=True, quick=False)
def test_replies_come_in_order_in_conversations_of_any_course(judge: Judge) -> None:
    judge.require_replies()
    only_where(judge, *PLAIN, *CUT_AND_GLUED, *BROKEN_OFF, *WRONG, asking)
    only_where_puts_may_meet(judge)

    converse(judge, Asking)
