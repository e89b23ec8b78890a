"""The connection that stays open and silent for as long as a run lasts, for the clause about silence (CONN-5)."""

from dataclasses import dataclass
from typing import Final

from jhup.limits import IDLE_AT_LEAST
from jhup_conformance.checks import Dialogue, Judge, TooShort, put

__all__ = ["Idle", "keep_idle", "require_silence"]

_ENOUGH: Final = 0.8
"""Share of the time that nothing may be closed in, after which little is left to go wrong."""
_KEY = "the idle connection"


@dataclass(slots=True)
class Idle:
    """A connection on which a put was stored, and nothing has been sent since.

    Attributes:
        dialogue: the connection.
        since: when its last byte was sent, by the judge's clock.
        revived: how often the target had been started anew at that time.
    """

    dialogue: Dialogue
    since: float
    revived: int


def keep_idle(judge: Judge) -> Idle | None:
    """Open it at the first call, and return it at the next ones; None where it would keep all others waiting."""
    return judge.once(_KEY, lambda: _open(judge)) if judge.lanes > 1 else None


def _open(judge: Judge) -> Idle:
    dialogue = judge.converse()
    dialogue.send(put(b"idle").paced())
    dialogue.flush()
    return Idle(dialogue, dialogue.line.last_sent, judge.bench.runner.dialer.revived)


def require_silence(seconds: float) -> None:
    """Say, at the end of a check that held, when its silence was too short for the clause to have passed.

    Args:
        seconds: for which the connection was silent.

    Raises:
        TooShort: when more can still go wrong than was seen.
    """
    if seconds < _ENOUGH * IDLE_AT_LEAST:
        raise TooShort(
            "it held for the silence that this profile has time for; "
            f"the {IDLE_AT_LEAST:.0f} s of the clause take --profile thorough"
        )
