"""Server clauses that can't be seen from outside, each with the reason. A clause is here or has a check, never both."""

from typing import Final

__all__ = ["UNSEEN"]

UNSEEN: Final = {
    "CONN-6": "whether a server's own slowness is counted as silence shows only after it was slow for 30 s or more, "
    "which nothing outside can bring about or recognize",
    "FRAME-13": "a permission; whatever a server does here is right",
    "NAME-10": "a permission; whatever a server does here is right",
    "CONN-4": "a permission; whatever a server does here is right",
    "REPLY-22": "a permission; the model accepts both",
    "REPLY-23": "a permission; the model accepts both",
    "REPLY-25": "a permission; the model accepts both",
}
