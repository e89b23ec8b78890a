"""Section 11.1, how the protocol grows: what a client doesn't know it ignores, or takes for an error."""

from typing import Final

from jhup_conformance.clients.case import Case, Effort, about_report
from jhup_conformance.clients.checks.s9_3_reporting import asked_and_fails, asked_and_succeeds
from jhup_conformance.clients.script import confirm, refuse, request, to_end

__all__ = ["CASES"]

_MORE: Final = {"x-location": {"disk": [1, None, True]}, "warnings": [], "code": "later", "protocol": 7}

CASES: Final[tuple[Case, ...]] = (
    Case(
        name="a reply with members that nobody knows",
        checks={"EXT-1": about_report(asked_and_succeeds)},
        script=(request, confirm(_MORE), to_end),
        asks=True,
        effort=Effort.QUICK,
    ),
    Case(
        name="an error with members that nobody knows",
        checks={"EXT-1": about_report(asked_and_fails)},
        script=(request, refuse({"x-location": 1, "sha256": "no digest"}), to_end),
        asks=True,
    ),
    Case(
        name="an error with a code that nobody knows",
        checks={"EXT-2": about_report(asked_and_fails)},
        script=(request, refuse({"code": "teapot"}), to_end),
        asks=True,
        effort=Effort.QUICK,
    ),
)
