"""What the suite is known to say wrongly of suspects."""

from typing import Final

__all__ = ["KNOWN"]

KNOWN: Final[dict[str, str]] = {
    "flushes at the end": "accused of ERR-4, and missed at STORE-4",
    "gives up sending": "missed at CONN-8: its control already meets a server that takes no replies",
    "spins at the end": "missed at ERR-7 on a machine that has other things to do",
}
"""Suspects by name, and what is wrong; each has to go from here by making it right."""
