"""The steps that send a stream: its segments, the pauses between them, its end; and what a record says of them."""

from collections.abc import Iterable
from itertools import pairwise

from jhup import model
from jhup_conformance.verify.stream import Bound, End
from jhup_conformance.wire.transcript import Action, Kind, Scene

__all__ = ["actions", "actions_of", "scene_of"]


def actions(data: bytes, cuts: Iterable[int], end: End, pause: float, *, prompt: bool = False) -> list[Action]:
    """Return the steps that send some bytes, cut into segments, and end the stream.

    Args:
        data: the bytes.
        cuts: offsets before which a new segment begins; those outside the bytes don't count.
        end: what follows the last byte.
        pause: seconds between segments.
        prompt: whether a pause ends as soon as what was sent before is known to be read.
    """
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < len(data)}), len(data)]
    steps = [
        Action(Kind.SENT, data[start:stop], pause if start else 0.0, prompt)
        for start, stop in pairwise(edges)
        if stop > start
    ]
    if end in (End.FINISH, End.FINISH_AT_ONCE):
        steps.append(Action(Kind.HALF_CLOSED, b"", pause if end is End.FINISH else 0.0, prompt))
    elif end is End.RESET:
        steps.append(Action(Kind.RESET, b"", pause, prompt))
    elif end is End.LEAVE:
        steps.append(Action(Kind.LEFT))
    return steps


def actions_of(bound: Bound, pause: float) -> list[Action]:
    """Return the steps that send a stream, `pause` seconds between segments where it has no pause of its own."""
    stream = bound.stream
    if stream.pause is None:
        return actions(bound.data, stream.cuts, stream.end, pause, prompt=True)
    return actions(bound.data, stream.cuts, stream.end, stream.pause)


def scene_of(bound: Bound, steps: Iterable[Action], server: model.Server, *, closes: bool) -> Scene:
    """Return what somebody has to know who judges the record of an exchange again."""
    return Scene(
        plan=tuple(steps),
        watched=bound.watched,
        before=dict(bound.before),  # a view can't be sent to another process
        doubtful=bound.doubtful,
        taken=bound.taken,
        must_close=closes,
        limits=(server.max_header, server.max_filesize, server.replies),
    )
