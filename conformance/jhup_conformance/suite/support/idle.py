"""The connection that stays open and silent for as long as a run lasts, for the clause about silence (CONN-5)."""

from dataclasses import dataclass

from jhup_conformance.verify.exchange import End, script
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.script import frame
from jhup_conformance.wire.line import Line, drive

__all__ = ["Idle", "keep_idle"]

_KEY = "the idle connection"


@dataclass(slots=True)
class Idle:
    """A connection on which a put was stored, and nothing has been sent since.

    Attributes:
        line: the connection.
        since: when its last byte was sent by the network's clock.
        revived: how often the target had been started anew at that time.
    """

    line: Line
    since: float
    revived: int

    @property
    def seconds(self) -> float:
        """How long it has been silent."""
        return self.line.network.clock.now() - self.since


def keep_idle(judge: Judge) -> Idle | None:
    """Open it at the first call, and give it at the next ones; None where it would keep all others waiting."""
    return judge.once(_KEY, lambda: _open(judge)) if judge.lanes > 1 else None


def _open(judge: Judge) -> Idle:
    line = judge.dial()
    body = frame(b"idle", cmd="put", filename=judge.names.new(), filesize=4)
    line.plan(script(body, (4, len(body) - 4), End.HOLD, judge.runner.pace.pause))
    drive([line], until=lambda _: True, patience=judge.runner.pace.patience, at_most=10.0)
    return Idle(line, line.last_sent, judge.runner.dialer.revived)
