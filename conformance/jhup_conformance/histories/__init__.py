"""Several connections put and ask for a few shared names at the same time; what they see has an exact verdict.

`jhup.histories` judges; this package draws what to do, does and records it, and shows what was found.
"""

from jhup_conformance.histories.finding import Accusation, accuse
from jhup_conformance.histories.picture import draw_history, print_history
from jhup_conformance.histories.plans import Plan, Step, draw_plan
from jhup_conformance.histories.recording import Recorded, Recording, record

__all__ = [
    "Accusation",
    "Plan",
    "Recorded",
    "Recording",
    "Step",
    "accuse",
    "draw_history",
    "draw_plan",
    "print_history",
    "record",
]
