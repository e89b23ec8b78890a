"""A finding in one line that stands alone: all that --quiet, live output and junit.xml show."""

from typing import Final

from jhup_conformance.findings import CheckResult
from jhup_conformance.reports.printable import printable

__all__ = ["one_line"]

_LONGEST: Final = 160
"""Characters; the report has the whole."""


def one_line(check: CheckResult) -> str:
    """Say what the server did wrong, then what was seen."""
    return printable(" ".join(check.actual.split()), most=_LONGEST)
