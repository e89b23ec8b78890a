"""Connections of a history: each does its part of the plan."""

import contextlib
import json
import selectors
from collections.abc import Iterable, Sequence
from typing import Final

from jhup import ReplyReader
from jhup_conformance.histories.plans import Step
from jhup_conformance.wire.channel import Channel
from jhup_conformance.wire.network import Network

__all__ = ["Lane", "hear_out", "request_of"]

_ENDING: Final = 0.3
"""Seconds for a server to end its side once the client has: it is not judged here whether it does."""


class Lane:
    """One connection and where it is in its part of the plan.

    Args:
        number: its number, from 0.
        steps: what it does, one after the other.
        channel: the connection.
        now: when it was opened.
    """

    def __init__(self, number: int, steps: Sequence[Step], channel: Channel, now: float) -> None:
        self.number = number
        self.channel = channel
        self.left = list(steps)[::-1]
        self.reader = ReplyReader()
        self.unsent = b""
        self.last = b""
        """What is sent after the hold: the last byte of a body, or a whole stat."""
        self.step: Step | None = None
        self.started = now
        self.progress = now
        self.due = now
        """When the next thing is to be done."""
        self.is_over = False
        self.is_served = False
        """Whether all of its steps were answered."""

    def next_step(self, now: float) -> None:
        """Go on to the next step, if there is one."""
        self.step = self.left.pop() if self.left else None
        if self.step is None:
            self.is_over = self.is_served = True
            return
        self.progress = now
        self.due = now + self.step.pause


def hear_out(lanes: Iterable[Lane], network: Network) -> list[int]:
    """End all connections that were served to the end; return the numbers of those on which still more came."""
    waiting = {lane.channel.fileno(): lane for lane in lanes if lane.is_served}
    for lane in waiting.values():
        with contextlib.suppress(OSError):
            lane.channel.half_close()
    surplus, until = [], network.clock.now() + _ENDING
    while waiting and (left := until - network.clock.now()) > 0:
        with network.selector(waiting) as selector:
            for descriptor in waiting:
                selector.register(descriptor, selectors.EVENT_READ, waiting[descriptor])
            heard = [key.data for key, _ in selector.select(left)]
        for lane in heard:
            surplus += _hear(lane)
            del waiting[lane.channel.fileno()]
    return surplus


def _hear(lane: Lane) -> list[int]:
    with contextlib.suppress(OSError):
        return [lane.number] if lane.channel.receive() else []
    return []


def request_of(step: Step, *, reply: bool) -> bytes:
    """Return the request of a step, which asks for a reply or does not."""
    members: dict[str, object] = {"cmd": "stat" if step.body is None else "put", "filename": step.name}
    if step.body is not None:
        members["filesize"] = len(step.body)
    if reply:
        members["reply"] = True
    header = json.dumps(members, ensure_ascii=False).encode()
    return len(header).to_bytes(4, "little", signed=True) + header + (step.body or b"")
