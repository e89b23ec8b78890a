"""Which connections a target closes when it has to: asked on many at the same time, since each answer may take 5 s."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from jhup.limits import CLOSE_WITHIN
from jhup_conformance.differences import StillOpen
from jhup_conformance.findings import Finding, Wavering
from jhup_conformance.verify.dialogue import Dialogue, wait_for_all
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.stream import Stream

__all__ = ["Scenario", "watch_closing"]

Scenario: TypeAlias = tuple[str, str]
"""What a stream is about, and its own name."""

_MARGIN: Final = 0.5
"""Seconds granted beyond the 5 of the clauses, for the way there and back."""
_SOON: Final = 1.0
"""Seconds after which what is still open is tried again."""


def watch_closing(judge: Judge, streams: Mapping[Scenario, Stream]) -> dict[Scenario, Finding | None]:
    """Send streams, on a connection each, and see whether the target closes it within 5 s.

    What is still open after a second is sent again on a new connection, and counts only if that stays open as well. All
    other connections are silent meanwhile, so that the second try is as good as alone.

    Args:
        judge: opens the connections.
        streams: by what they are about and a name of their own; what follows their last byte is theirs.

    Returns:
        What is wrong with each; None where nothing is. Where there are not connections enough for second tries of all,
        one or more of each kind are tried, and the others left out.
    """
    found: dict[Scenario, Finding | None] = {}
    waiting = list(streams)
    while waiting:
        batch, waiting = waiting[: judge.lanes], waiting[judge.lanes :]
        found |= _watch(judge, {scenario: streams[scenario] for scenario in batch})
        if judge.lanes == 1 and any(found.values()):
            break  # one after the other, they would take too long
    return found


def _watch(judge: Judge, streams: Mapping[Scenario, Stream]) -> dict[Scenario, Finding | None]:
    first = {scenario: _begin(judge, stream) for scenario, stream in streams.items()}
    second: dict[Scenario, Dialogue] = {}
    try:
        _wait(first.values(), _SOON)
        late = [scenario for scenario, dialogue in first.items() if not dialogue.closed]
        if judge.lanes == 1:
            _wait(first.values(), CLOSE_WITHIN)
            for scenario in late:
                first[scenario].drop()
        for scenario in _each_kind_first(late)[: max(1, judge.lanes - len(late))]:
            second[scenario] = _begin(judge, streams[scenario])
        _wait([*first.values(), *second.values()], CLOSE_WITHIN + _MARGIN)
        return {
            scenario: _judge(dialogue, second.get(scenario))
            for scenario, dialogue in first.items()
            if dialogue.closed or scenario in second
        }
    finally:
        for dialogue in [*first.values(), *second.values()]:
            dialogue.drop()


def _each_kind_first(scenarios: Iterable[Scenario]) -> list[Scenario]:
    """Put the first of each kind before the second of any."""
    seen: Counter[str] = Counter()
    ranked = []
    for kind, name in scenarios:
        ranked.append((seen[kind], (kind, name)))
        seen[kind] += 1
    return [scenario for _, scenario in sorted(ranked, key=lambda each: each[0])]


def _begin(judge: Judge, stream: Stream) -> Dialogue:
    dialogue = judge.converse()
    dialogue.send(stream, closes=True)
    return dialogue


def _wait(dialogues: Iterable[Dialogue], seconds: float) -> None:
    still_open = [each for each in dialogues if not each.closed and not each.line.dropped]
    wait_for_all(still_open, lambda _: False, patience=seconds, at_most=seconds + _SOON)


def _judge(first: Dialogue, second: Dialogue | None) -> Finding | None:
    if first.closed or second is None:
        return None
    if second.closed:
        return Wavering(points=(StillOpen(),), transcript=first.transcript, times=(1, 2))
    return Finding(points=(StillOpen(),), transcript=second.transcript, timed_out=True)
