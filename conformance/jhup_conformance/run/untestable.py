"""Server clauses that are not judged, each with the reason. A clause is here or has a check, never both.

Their outcome is NOT_JUDGED, which counts nowhere.
"""

from typing import Final

from jhup.clauses import Clause, Level

__all__ = ["UNSEEN", "reason_unseen"]

UNSEEN: Final = {
    "CONN-6": "whether a server's own slowness is counted as silence shows only after it was slow for 30 s or more, "
    "which nothing outside can bring about or recognize",
}


def reason_unseen(clause: Clause) -> str:
    """Return the reason why a clause is not judged; empty when it has to have a check."""
    if clause.level is Level.MAY:
        return "a permission: whatever a server does here is right, and the model accepts all of it"
    return UNSEEN.get(clause.id, "")
