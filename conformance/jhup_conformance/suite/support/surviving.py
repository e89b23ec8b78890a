"""What an echo server has to survive, and whether it did."""

import contextlib
from collections.abc import Iterator

from jhup_conformance.echo.judge import BLAND, EchoJudge
from jhup_conformance.findings import Finding
from jhup_conformance.wire.dialer import TargetGone
from jhup_conformance.wire.dump import show_bytes

__all__ = ["surviving"]


@contextlib.contextmanager
def surviving(echo: EchoJudge, what: str) -> Iterator[None]:
    """Let something be done that the target has to survive, and make sure of it (rule: name what killed it).

    Raises:
        Finding: when a plain message is not answered any more.
    """
    try:
        yield
        alive = echo.is_alive()
    except TargetGone:
        alive = False
    if not alive:
        raise Finding(f"{show_bytes(BLAND)} answered on after {what}", "it is not answered any more")
