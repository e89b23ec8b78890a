"""When a server is started anew because clients that have left keep it at work, or have left it full."""

from dataclasses import dataclass, field
from typing import cast

from jhup_conformance.run.wear import Wear
from jhup_conformance.verify.judging import Judging


@dataclass
class Machine:
    """A judge of a server, its clock and its processor in one; a core is in full use while checks run."""

    spins: bool = False
    seconds: float = 0.0
    looks: list[float] = field(default_factory=list)
    starts: int = 0
    descriptors: float = 0.1

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

    def share_of_descriptors(self) -> float:
        return self.descriptors

    def start(self) -> None:
        self.starts += 1
        self.descriptors = 0.1

    def wear(self) -> Wear:
        return Wear(cast("Judging", self), self.start)


def test_a_server_that_checks_keep_busy_is_looked_at_ever_more_rarely() -> None:
    machine = Machine()
    wear = machine.wear()

    while machine.seconds < 60:
        machine.seconds += 0.03
        wear.end()

    gaps = [later - earlier for earlier, later in zip(machine.looks, machine.looks[1:], strict=False)]
    assert machine.starts == 0
    assert gaps == sorted(gaps)
    assert len(machine.looks) < 10


def test_a_server_that_spins_is_started_anew_and_looked_at_again_soon() -> None:
    machine = Machine(spins=True)
    wear = machine.wear()

    for _ in range(100):
        machine.seconds += 0.03
        wear.end()

    assert (machine.starts, len(machine.looks)) == (3, 3)


def test_a_server_that_rests_between_checks_costs_no_look() -> None:
    machine = Machine()
    machine.used = lambda: 0.1 * machine.seconds  # type: ignore[method-assign]
    wear = machine.wear()

    for _ in range(100):
        machine.seconds += 0.5
        wear.end()

    assert machine.looks == []


def test_a_server_that_has_used_up_half_of_its_descriptors_is_started_anew() -> None:
    machine = Machine(descriptors=0.49)
    wear = machine.wear()
    wear.end()
    before = machine.starts
    machine.descriptors = 0.51
    wear.end()
    wear.end()

    assert (before, machine.starts) == (0, 1)
