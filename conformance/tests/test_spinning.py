"""When a server is started anew because clients that have left keep it at work."""

from dataclasses import dataclass, field
from typing import cast

from jhup_conformance.run.spinning import Spinning
from jhup_conformance.verify.judging import Judging


@dataclass
class Machine:
    """A judge of a server, its clock and its processor in one; a core is in full use while checks run."""

    spins: bool = False
    seconds: float = 0.0
    looks: list[float] = field(default_factory=list)
    starts: int = 0

    @property
    def clock(self) -> "Machine":
        return self

    @property
    def vitals(self) -> "Machine":
        return self

    def now(self) -> float:
        return self.seconds

    def used(self) -> float:
        return self.seconds

    def load(self, seconds: float) -> float:
        self.looks.append(self.seconds)
        self.seconds += seconds
        return float(self.spins)

    def start(self) -> None:
        self.starts += 1

    def spinning(self) -> Spinning:
        return Spinning(cast("Judging", self), self.start)


def test_a_server_that_checks_keep_busy_is_looked_at_ever_more_rarely() -> None:
    machine = Machine()
    spinning = machine.spinning()

    while machine.seconds < 60:
        machine.seconds += 0.03
        spinning.end()

    gaps = [later - earlier for earlier, later in zip(machine.looks, machine.looks[1:], strict=False)]
    assert machine.starts == 0
    assert gaps == sorted(gaps)
    assert len(machine.looks) < 10


def test_a_server_that_spins_is_started_anew_and_looked_at_again_soon() -> None:
    machine = Machine(spins=True)
    spinning = machine.spinning()

    for _ in range(100):
        machine.seconds += 0.03
        spinning.end()

    assert (machine.starts, len(machine.looks)) == (3, 3)


def test_a_server_that_rests_between_checks_costs_no_look() -> None:
    machine = Machine()
    machine.used = lambda: 0.1 * machine.seconds  # type: ignore[method-assign]
    spinning = machine.spinning()

    for _ in range(100):
        machine.seconds += 0.5
        spinning.end()

    assert machine.looks == []
