"""What a server printed before it ended: the line in it that says why."""

import re
from collections.abc import Iterable
from typing import Final

__all__ = ["PRINTED", "telling_line"]

PRINTED: Final = "it printed: "
"""How a detail of a finding begins that is a line of the server's output."""

_TELLING: Final = re.compile(
    r"\s*((?:\w+[.:])*\w*(?:Error|Exception)\b.*|panic: .*|thread '.*' panicked.*|Exception in thread .*"
    r"|Unhandled exception.*|fatal error: .*|Segmentation fault.*|terminate called .*)"
)
"""How runtimes begin the line with the reason: Python, Node.js, Go, Rust, Java, C#, C, C++."""


def telling_line(details: Iterable[str]) -> str:
    """Return the line of a server's output that says why it ended; empty where none does.

    Args:
        details: of a finding, lines of output among them.
    """
    printed = [each.removeprefix(PRINTED) for each in details if each.startswith(PRINTED)]
    found = [match[1].strip() for line in printed if (match := _TELLING.match(line))]
    return found[-1] if found else ""
