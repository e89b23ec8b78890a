"""What a recording proves, and the clause that it is about."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from jhup.histories import Action, Kind, Operation, Violation, find_violation
from jhup_conformance.histories.recording import FOLDER, Recorded, Recording

__all__ = ["CLAUSES", "Accusation", "accuse"]

CLAUSES: Final = ("STORE-6", "STORE-8", "STORE-9", "REPLY-6", "REPLY-7", "REPLY-9", "CONN-3")
"""The clauses that a history can be about."""


@dataclass(frozen=True, slots=True)
class Accusation:
    """A proof that a target is wrong.

    Attributes:
        clause: what it breaks.
        sentence: what happened, for people.
        name: the name that it is about; empty where it is about none.
        witness: the operations that prove it; none where a sentence is all.
    """

    clause: str
    sentence: str
    name: str = ""
    witness: tuple[Recorded, ...] = ()


def accuse(recording: Recording) -> Accusation | None:
    """Return the first thing that a recording proves, None when everything in it is right."""
    for line in recording.misreplies:
        return Accusation("REPLY-6", f"A put was answered with what is not its own: {line}.")
    for name in recording.names:
        recorded = recording.of_name(name)
        if (violation := find_violation(each.operation for each in recorded)) and (
            found := _of_a_name(name, recording, violation)
        ):
            return found
    for lane in recording.unanswered:
        return Accusation("CONN-3", f"Connection {lane} was not answered while another one stalled inside a put.")
    return None


def _of_a_name(name: str, recording: Recording, violation: Violation) -> Accusation | None:
    """Accuse because of what was seen of a name; None when it can't be told whether the store or a reply is wrong."""
    recorded = recording.of_name(name)
    witness = tuple(_of(operation, recorded) for operation in violation.witness)
    clause = "REPLY-9" if _store_was_right(recorded, witness) else _clause(recording, violation)
    if clause == "STORE-9" and not _is_of_the_store(recorded):
        if not _is_between_looks(witness):
            return None
        clause = "REPLY-9"
    return Accusation(clause, f"{_SENTENCES[violation.kind]} ({name}): {tell(witness)}.", name, witness)


def _of(operation: Operation, recorded: Iterable[Recorded]) -> Recorded:
    return next(each for each in recorded if each.operation is operation)


_SENTENCES: Final = {
    Kind.NEVER_WRITTEN: "A body was seen that nobody put",
    Kind.TOO_EARLY: "A body was seen before its last byte was sent",
    Kind.LOST: "The name was seen without a body after it had one",
    Kind.CAME_BACK: "An old body was seen again after another one had replaced it",
    Kind.NO_ORDER: "Two bodies each had to be there before the other",
}


def tell(witness: Iterable[Recorded]) -> str:
    """Tell what the operations of a witness did, in their order."""
    return "; ".join(f"{_who(each)} {_did(each)}" for each in witness)


def _who(each: Recorded) -> str:
    return "a look" if each.lane == FOLDER else f"connection {each.lane}"


def _did(each: Recorded) -> str:
    if each.operation.is_write:
        return f"put {each.operation.value}" + (f" ({each.reply})" if each.reply else "")
    return "found nothing" if each.operation.value is None else f"found {each.operation.value}"


def _clause(recording: Recording, violation: Violation) -> str:
    match violation.kind:
        case Kind.NEVER_WRITTEN:
            return "STORE-8"
        case Kind.TOO_EARLY:
            return "STORE-6"
        case _:
            late = any(_is_late(recording.of_name(name)) for name in recording.names)
            kept = "STORE-6" if violation.kind is Kind.LOST else "STORE-9"
            return "REPLY-7" if late else kept


def _store_was_right(recorded: list[Recorded], witness: tuple[Recorded, ...]) -> bool:
    """Tell whether looks found in the store what a later stat of the witness should have found, and did not.

    Where the stat found nothing, the same body has to be seen before and after it: it may have been missing meanwhile.
    """
    last = witness[-1]
    if last.lane == FOLDER or last.operation.is_write or len(witness) == 1:
        return False
    newer = {each.operation.value for each in witness} - {last.operation.value, None}
    looks = [each.operation for each in recorded if each.lane == FOLDER and each.operation.value in newer]
    before = {each.value for each in looks if each.precedes(last.operation)}
    if last.operation.value is None:
        return bool(before & {each.value for each in looks if last.operation.precedes(each)})
    return bool(before)


def _is_of_the_store(recorded: list[Recorded]) -> bool:
    """Tell whether looks alone prove it too; without any look, stats are all that the store is known by."""
    seen = [each.operation for each in recorded if each.operation.is_write or each.lane == FOLDER]
    return all(each.is_write for each in seen) or find_violation(seen) is not None


def _is_between_looks(witness: tuple[Recorded, ...]) -> bool:
    """Tell whether a single stat contradicts two looks that agree, one before and one after it."""
    match witness:
        case Recorded(lane=lane_before), stat, Recorded(lane=lane_after):
            is_look = lane_before == lane_after == FOLDER
            return is_look and stat.lane != FOLDER and not stat.operation.is_write
    return False


def _is_late(recorded: list[Recorded]) -> bool:
    """Tell whether some body was not seen after its put was answered, but later: then its "ok" came too early."""
    operations = [each.operation for each in recorded]
    reads = [each for each in operations if each.action is Action.READ]
    for write in (each for each in operations if each.is_write):
        missed = [read for read in reads if write.precedes(read) and read.value != write.value]
        seen = [read for read in reads if read.value == write.value]
        if missed and seen:
            first_missed = min(missed, key=lambda read: read.end)
            if any(first_missed.precedes(read) for read in seen):
                return True
    return False
