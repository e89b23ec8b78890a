"""Does what a plan says on a target, all connections at the same time, and notes every operation with its interval."""

import selectors
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from jhup import Code, Failure, Malformed, Stored
from jhup.histories import Action, Operation
from jhup_conformance.histories.lanes import Lane, hear_out, request_of
from jhup_conformance.histories.plans import Plan, Step
from jhup_conformance.wire.channel import Channel
from jhup_conformance.wire.network import Network

__all__ = ["FOLDER", "LookUp", "Recorded", "Recording", "record"]

FOLDER: Final = -1
"""The lane of the looks into the store."""
_LOOKS: Final = 0.001
"""Seconds between two looks."""

LookUp = Callable[[str], tuple[int, str] | None]
"""Sees the store: size and SHA-256 of the body under a name, None where there is none."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One operation as it was done.

    Attributes:
        lane: the number of its connection, from 0; `FOLDER` for a look.
        name: the name it is about.
        operation: what it did, and when; its value is a label of the body.
        reply: what was answered, in a word.
    """

    lane: int
    name: str
    operation: Operation
    reply: str = ""


@dataclass(slots=True)
class Recording:
    """All that was done and seen.

    Attributes:
        recorded: the operations.
        misreplies: puts that were answered with the name, size or digest of something else, in words.
        unanswered: lanes that waited in vain, although others were served.
        broken: lanes whose connection ended or said what is no reply, with the reason.
        surplus: lanes to which more replies came than they asked for, so that nobody knows which is whose.
    """

    recorded: list[Recorded] = field(default_factory=list)
    misreplies: list[str] = field(default_factory=list)
    unanswered: list[int] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    surplus: list[int] = field(default_factory=list)

    def of_name(self, name: str) -> list[Recorded]:
        """Return the operations on a name."""
        return [each for each in self.recorded if each.name == name]

    @property
    def names(self) -> list[str]:
        """The names, in order."""
        return sorted({each.name for each in self.recorded})


def record(
    plan: Plan,
    dial: Callable[[], Channel],
    network: Network,
    *,
    replies: bool,
    look: LookUp | None = None,
    patience: float = 10.0,
) -> Recording:
    """Do what a plan says.

    Args:
        plan: what to do; its names have no body yet.
        dial: opens a connection.
        network: what the connections belong to.
        replies: whether the target answers; without replies a put counts as open, and there are no stats.
        look: sees the store, if anything does: it is looked at all the while.
        patience: seconds without any progress after which a connection is not waited for any longer.

    Raises:
        Unreachable: when a connection can't be opened.
    """
    return _Recorder(plan, network, replies=replies, look=look, patience=patience).run(dial)


def _digest(body: bytes) -> tuple[int, str]:
    return len(body), sha256(body).hexdigest()


class _Recorder:
    def __init__(self, plan: Plan, network: Network, *, replies: bool, look: LookUp | None, patience: float) -> None:
        self._plan = plan
        self._network = network
        self._now = network.clock.now
        self._replies = replies
        self._look = look
        self._patience = patience
        self._labels: Mapping[tuple[int, str], str] = {
            _digest(step.body): f"{lane}.{number}"
            for lane, steps in enumerate(plan)
            for number, step in enumerate(steps)
            if step.body is not None
        }
        self._names = sorted({step.name for steps in plan for step in steps})
        self._looked = 0
        self._next_look = 0.0
        self.recording = Recording()

    def run(self, dial: Callable[[], Channel]) -> Recording:
        lanes: list[Lane] = []
        try:
            for number, steps in enumerate(self._plan):
                lanes.append(Lane(number, steps, dial(), self._now()))
            for lane in lanes:
                lane.next_step(self._now())
            while active := [lane for lane in lanes if not lane.is_over]:
                self._release(active)
                self._wait(active)
                self._look_around()
            self._look_at_all()
            self.recording.surplus += hear_out(lanes, self._network) if self._replies else []
        finally:
            for lane in lanes:
                lane.channel.close()
        return self.recording

    def _release(self, active: list[Lane]) -> None:
        """Let connections that stall go on, once they are all that is left."""
        if all(lane.step and lane.step.stalls for lane in active):
            for lane in active:
                if lane.last:
                    lane.due = self._now()

    def _wait(self, active: list[Lane]) -> None:
        now = self._now()
        for lane in active:
            if lane.due <= now:
                self._do(lane)
        active = [lane for lane in active if not lane.is_over]
        if not active:
            return
        soonest = min(min(lane.due, lane.progress + self._patience) for lane in active) - self._now()
        seconds = max(0.0, min(soonest, _LOOKS) if self._look else min(soonest, self._patience))
        with self._network.selector(lane.channel.fileno() for lane in active) as selector:
            for lane in active:
                wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if lane.unsent else 0)
                selector.register(lane.channel.fileno(), wanted, lane)
            ready = [(key.data, events) for key, events in selector.select(seconds)]
        for lane, events in ready:
            if events & selectors.EVENT_WRITE:
                self._send(lane)
            if events & selectors.EVENT_READ:
                self._read(lane)
        for lane in active:
            is_stalling = lane.step is not None and lane.step.stalls and bool(lane.last)
            if not lane.is_over and not is_stalling and self._now() > lane.progress + self._patience:
                self._give_up(lane)

    # One connection

    def _do(self, lane: Lane) -> None:
        """Do what is due: begin a request, or send the last byte of one."""
        step = lane.step
        if step is None:
            return
        if lane.last:
            data, lane.last = lane.last, b""
            lane.started = self._now()  # before the last byte is handed over, nothing can have been carried out
            self._hand_over(lane, data)
            if not self._replies:
                self._note(lane, Operation(Action.WRITE, self._label(step), lane.started), "not asked")
                lane.next_step(self._now())
            else:
                lane.due = float("inf")
            return
        request = request_of(step, reply=self._replies)
        lane.last = request[-1:]
        lane.due = float("inf") if step.stalls else self._now() + step.hold
        self._hand_over(lane, request[:-1])

    def _hand_over(self, lane: Lane, data: bytes) -> None:
        lane.unsent += data
        lane.progress = self._now()
        self._send(lane)

    def _send(self, lane: Lane) -> None:
        try:
            while lane.unsent and (taken := lane.channel.send(memoryview(lane.unsent))):
                lane.unsent = lane.unsent[taken:]
                lane.progress = self._now()
        except OSError:
            self._end(lane, "the connection was reset")

    def _read(self, lane: Lane) -> None:
        try:
            data = lane.channel.receive()
        except ConnectionError:
            self._end(lane, "the connection was reset")
            return
        if data is None:
            return
        if not data:
            self._end(lane, "the connection was closed")
            return
        now = self._now()
        try:
            for reply in lane.reader.receive(data):
                if lane.step is None or lane.last:
                    self.recording.surplus.append(lane.number)
                    self._end(lane, "a reply came before the request was whole")
                    return
                self._answered(lane, lane.step, reply, now)
                lane.next_step(now)
        except Malformed as error:
            self._end(lane, str(error))

    def _answered(self, lane: Lane, step: Step, reply: object, now: float) -> None:
        match reply:
            case Stored(filename, size, digest) if step.body is not None:
                self._note(lane, Operation(Action.WRITE, self._label(step), lane.started, now), "ok")
                if (filename, size, digest) != (step.name, *_digest(step.body)):
                    whose = self._labels.get((size, digest), "no body of anybody")
                    self.recording.misreplies.append(
                        f"connection {lane.number} put {self._label(step)} ({len(step.body)} bytes) under {step.name} "
                        f"and was told of {filename}, {size} bytes, sha256 {digest[:16]}…: {whose}"
                    )
            case Stored(_, size, digest):
                self._note(lane, Operation(Action.READ, self._seen(size, digest), lane.started, now))
            case Failure(Code.NOT_FOUND) if step.body is None:
                self._note(lane, Operation(Action.READ, None, lane.started, now))
            case Failure(code) if step.body is not None:  # whether it had an effect is not known
                self._note(lane, Operation(Action.WRITE, self._label(step), lane.started), code.value)

    def _give_up(self, lane: Lane) -> None:
        self.recording.unanswered.append(lane.number)
        self._abandon(lane, "no answer")

    def _end(self, lane: Lane, why: str) -> None:
        self.recording.broken.append(f"connection {lane.number}: {why}")
        self._abandon(lane, why)

    def _abandon(self, lane: Lane, why: str) -> None:
        """Note a put under way as open: if its last byte was sent it may take effect at any time."""
        if lane.step and lane.step.body is not None and not lane.last and not lane.is_over:
            self._note(lane, Operation(Action.WRITE, self._label(lane.step), lane.started), why)
        lane.is_over = True

    # What is seen

    def _note(self, lane: Lane, operation: Operation, reply: str = "") -> None:
        name = lane.step.name if lane.step else ""
        self.recording.recorded.append(Recorded(lane.number, name, operation, reply))

    def _label(self, step: Step) -> str:
        return self._labels[_digest(step.body or b"")]

    def _seen(self, size: int, digest: str) -> str:
        return self._labels.get((size, digest)) or f"{size} bytes of no put ({digest[:8]}…)"

    def _look_around(self) -> None:
        """Look at one name after the other, all the while."""
        if self._look and self._now() >= self._next_look:
            self._look_at(self._names[self._looked % len(self._names)])
            self._looked += 1
            self._next_look = self._now() + _LOOKS

    def _look_at_all(self) -> None:
        for name in self._names if self._look else ():
            self._look_at(name)

    def _look_at(self, name: str) -> None:
        if self._look:
            start = self._now()
            body = self._look(name)
            value = None if body is None else self._seen(*body)
            self.recording.recorded.append(Recorded(FOLDER, name, Operation(Action.READ, value, start, self._now())))
