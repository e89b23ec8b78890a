"""What the plainest exchanges with an echo server came to: where not even these are right, nothing else is judged."""

from jhup.clauses import Clause
from jhup_conformance.findings import Finding, NotSeen

__all__ = ["Gate"]


class Gate:
    """What came of the plainest exchanges, before the checks.

    Attributes:
        clause: the clause that they broke; empty when none.
        finding: the breach, raised by the checks of that clause.
    """

    def __init__(self) -> None:
        self.clause = ""
        self.finding: Finding | None = None

    @property
    def reason(self) -> str:
        """Why nothing else can be judged; empty when the plain exchanges were right."""
        if self.finding is None:
            return ""
        return f"a plain exchange breaks {self.clause}: expected {self.finding.expected}; actual: {self.finding.actual}"

    def admit(self, clause: Clause) -> None:
        """Let a check begin, unless not even plain exchanges are right.

        Raises:
            Finding: for the clause that they break.
            NotSeen: for any other.
        """
        if self.finding is None:
            return
        if clause.id == self.clause:
            raise self.finding
        raise NotSeen(f"nothing can be learnt: {self.reason}")
