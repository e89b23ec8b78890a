"""Which connections a target closes when it has to: asked on many at the same time, since each answer may take 5 s."""

from collections.abc import Iterable, Mapping
from typing import Final

from jhup.limits import CLOSE_WITHIN
from jhup_conformance.engine import Line, drive
from jhup_conformance.exchange import Case, script
from jhup_conformance.judge import Judge
from jhup_conformance.outcome import Finding, Wavering
from jhup_conformance.talk import Talk

__all__ = ["watch_closing"]

_MARGIN: Final = 0.5
"""Seconds granted beyond the 5 of the clauses, for the way there and back."""
_SOON: Final = 1.0
"""Seconds after which what is still open is tried again."""
_EXPECTED: Final = f"the connection closed within {CLOSE_WITHIN:.0f} s"


def watch_closing(judge: Judge, cases: Mapping[str, Case]) -> dict[str, Finding | None]:
    """Say what cases say, on a connection each, and see whether the target closes it within 5 s.

    What is still open after a second is said again on a new connection, and counts only if that stays open as well. All
    other connections are silent meanwhile, so that the second try is as good as alone.

    Args:
        judge: gives the connections.
        cases: by name; what follows their last byte is theirs.

    Returns:
        By name, what is wrong; None where nothing is. A target that serves one connection at a time is asked no further
        once something is.
    """
    found: dict[str, Finding | None] = {}
    names = list(cases)
    at_a_time = max(1, judge.lanes // 2)
    for start in range(0, len(names), at_a_time):
        found |= _watch(judge, {name: cases[name] for name in names[start : start + at_a_time]})
        if judge.lanes == 1 and any(found.values()):
            break
    return found


def _watch(judge: Judge, cases: Mapping[str, Case]) -> dict[str, Finding | None]:
    first = {name: _begin(judge, case) for name, case in cases.items()}
    second: dict[str, Line] = {}
    try:
        _wait(first.values(), _SOON)
        for name, line in first.items():
            if not line.closed:
                if judge.lanes == 1:
                    _wait([line], CLOSE_WITHIN)
                    line.drop()
                second[name] = _begin(judge, cases[name])
        _wait([*first.values(), *second.values()], CLOSE_WITHIN + _MARGIN)
        return {name: _judge(line, second.get(name)) for name, line in first.items()}
    finally:
        for line in [*first.values(), *second.values()]:
            line.drop()


def _begin(judge: Judge, case: Case) -> Line:
    talk = Talk(judge.names)
    case.recipe(talk)
    line = judge.runner.dialer.dial()
    cuts = case.cuts(talk) if callable(case.cuts) else case.cuts
    line.plan(script(talk.stream, cuts, case.end, judge.runner.pace.pause))
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
