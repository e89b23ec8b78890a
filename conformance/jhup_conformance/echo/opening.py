"""Sets up the judge of an echo server."""

from jhup.address import Address
from jhup_conformance.echo.declared import Declared
from jhup_conformance.effort import Effort
from jhup_conformance.judging import Judging
from jhup_conformance.spawn import Spawned
from jhup_conformance.vitals import Vitals

__all__ = ["open_echo"]


def open_echo(
    target: Address, declared: Declared, effort: Effort, *, vitals: Vitals | None, spawned: Spawned | None
) -> Judging:
    """Get to know an echo server.

    Raises:
        Unreachable: when nobody is there.
    """
    raise NotImplementedError
