"""Exact verdicts on concurrent puts and reads of one name: history in, verdict and smallest witness out.

A store is a set of registers, one a name: a put writes, a stat or a look into the folder reads. Chapter 5 makes each
register *linearizable*: every operation takes effect at one moment between its start and its end. Linearizability is
local: a history of several names is right if and only if that of each name is (Herlihy and Wing 1990).

It is pure: no input or output, and no clock; times are whatever the caller measured, on one clock.
"""

from jhup.histories.operations import Action, HistoryError, Kind, Operation, Value, Violation
from jhup.histories.zones import find_violation

__all__ = ["Action", "HistoryError", "Kind", "Operation", "Value", "Violation", "find_violation"]
