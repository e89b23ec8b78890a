"""Which connections a target closes when it has to: asked on many at the same time, since each answer may take 5 s."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from jhup.limits import CLOSE_WITHIN
from jhup_conformance.findings import Finding, Wavering
from jhup_conformance.verify.exchange import Case, scene_of, script
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.stream import Talk
from jhup_conformance.wire.line import Line, drive

__all__ = ["Scenario", "watch_closing"]

Scenario: TypeAlias = tuple[str, str]
"""What a case is about, and its own name."""

_MARGIN: Final = 0.5
"""Seconds granted beyond the 5 of the clauses, for the way there and back."""
_SOON: Final = 1.0
"""Seconds after which what is still open is tried again."""
_EXPECTED: Final = f"the connection closed within {CLOSE_WITHIN:.0f} s"


def watch_closing(judge: Judge, cases: Mapping[Scenario, Case]) -> dict[Scenario, Finding | None]:
    """Say what cases say, on a connection each, and see whether the target closes it within 5 s.

    What is still open after a second is said again on a new connection, and counts only if that stays open as well. All
    other connections are silent meanwhile, so that the second try is as good as alone.

    Args:
        judge: gives the connections.
        cases: by what they are about and a name of their own; what follows their last byte is theirs.

    Returns:
        What is wrong with each; None where nothing is. Where there are not connections enough for second tries of all,
        one or more of each kind are tried, and the others left out.
    """
    found: dict[Scenario, Finding | None] = {}
    waiting = list(cases)
    while waiting:
        batch, waiting = waiting[: judge.lanes], waiting[judge.lanes :]
        found |= _watch(judge, {scenario: cases[scenario] for scenario in batch})
        if judge.lanes == 1 and any(found.values()):
            break  # one after the other, they would take too long
    return found


def _watch(judge: Judge, cases: Mapping[Scenario, Case]) -> dict[Scenario, Finding | None]:
    first = {scenario: _begin(judge, case) for scenario, case in cases.items()}
    second: dict[Scenario, Line] = {}
    try:
        _wait(first.values(), _SOON)
        late = [scenario for scenario, line in first.items() if not line.closed]
        if judge.lanes == 1:
            _wait(first.values(), CLOSE_WITHIN)
            for scenario in late:
                first[scenario].drop()
        for scenario in _each_kind_first(late)[: max(1, judge.lanes - len(late))]:
            second[scenario] = _begin(judge, cases[scenario])
        _wait([*first.values(), *second.values()], CLOSE_WITHIN + _MARGIN)
        return {
            scenario: _judge(line, second.get(scenario))
            for scenario, line in first.items()
            if line.closed or scenario in second
        }
    finally:
        for line in [*first.values(), *second.values()]:
            line.drop()


def _each_kind_first(scenarios: Iterable[Scenario]) -> list[Scenario]:
    """Put the first of each kind before the second of any."""
    seen: Counter[str] = Counter()
    ranked = []
    for kind, name in scenarios:
        ranked.append((seen[kind], (kind, name)))
        seen[kind] += 1
    return [scenario for _, scenario in sorted(ranked, key=lambda each: each[0])]


def _begin(judge: Judge, case: Case) -> Line:
    talk = Talk(judge.names)
    case.recipe(talk)
    line = judge.runner.dialer.dial()
    cuts = case.cuts(talk) if callable(case.cuts) else case.cuts
    steps = script(talk.stream, cuts, case.end, judge.runner.pace.pause)
    line.transcript.scene = scene_of(talk, steps, judge.runner.server, must_close=True)
    line.plan(steps)
    return line


def _wait(lines: Iterable[Line], seconds: float) -> None:
    open_lines = [line for line in lines if not line.closed and not line.dropped]
    drive(open_lines, until=lambda _: False, patience=seconds, at_most=seconds + _SOON)


def _judge(first: Line, second: Line | None) -> Finding | None:
    if first.closed or second is None:
        return None
    if second.closed:
        return Wavering(_EXPECTED, "still open the first time, closed the second time", first.transcript)
    return Finding(_EXPECTED, "still open", second.transcript, timed_out=True)
