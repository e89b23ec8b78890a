"""Server clauses that no check can judge, each with the reason. A clause is here or has a check, never both."""

from typing import Final

from jhup.clauses import Clause, Level

__all__ = ["UNSEEN", "reason_unseen"]

UNSEEN: Final = {
    "CONN-6": "whether a server's own slowness is counted as silence shows only after it was slow for 30 s or more, "
    "which nothing outside can bring about or recognize",
}


def reason_unseen(clause: Clause) -> str:
    """Give the reason why a clause has no check; empty when it has to have one."""
    if clause.level is Level.MAY:
        return "a permission: whatever a server does here is right, and the model accepts all of it"
    return UNSEEN.get(clause.id, "")
