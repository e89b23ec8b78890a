"""First contact: a plain put is the control, and says in one line what kind of client this is."""

from dataclasses import dataclass

from jhup_conformance.clients.case import Broken, Case, Seen
from jhup_conformance.clients.checks.s9_1_sending import PLAIN
from jhup_conformance.clients.judges import (
    body_is_the_file,
    framing,
    header_is_right,
    members_have_their_meaning,
    name_is_the_base_name,
    puts,
    was_asked,
)
from jhup_conformance.clients.script import confirm, request, to_end

__all__ = ["UNASKED", "Contact", "contact"]

UNASKED = Case(
    name="a reply that was not asked for",
    script=(request, confirm(), to_end),
    file=PLAIN.file,
)
"""Tells a client that waits for a reply which it did not ask for: with one it is content."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What the first upload showed.

    Attributes:
        line: in one line.
        clause: the clause whose failure explains all that would follow; empty when the client can be judged.
        is_silent: whether no connection came at all.
        always_asks: whether it asks for a reply although it wasn't told to.
    """

    line: str
    clause: str = ""
    is_silent: bool = False
    always_asks: bool = False


def contact(seen: Seen, *, content_with_a_reply: bool) -> Contact:
    """Return what a plain put showed.

    Args:
        seen: of `PLAIN`.
        content_with_a_reply: whether the client reported success when it got a reply that it had not asked for.
    """
    if not seen.talks:
        return Contact(f"no connection came to the scripted server; {seen.how_it_ended}", is_silent=True)
    for clause, judge in (
        ("CLIENT-1", framing),
        ("CLIENT-2", header_is_right),
        ("CLIENT-6", members_have_their_meaning),
    ):
        fault = judge(seen)
        if isinstance(fault, Broken):
            return Contact(f"no put came: {fault.actual}", clause)
    for clause, judge in (("CLIENT-3", name_is_the_base_name), ("CLIENT-4", body_is_the_file)):
        fault = judge(seen)
        if isinstance(fault, Broken):
            return Contact(f"a put came, and not of the file: {fault.actual}", clause)
    if seen.ending is not None and seen.ending.trouble:
        return Contact(f"the file came, and then {seen.ending.trouble}", _why(content_with_a_reply))
    if seen.ending is not None and seen.ending.status != 0:
        return Contact(f"the file came, and yet {seen.how_it_ended}", _why(content_with_a_reply))
    return Contact(_described(seen), always_asks=was_asked(seen))


def _why(content_with_a_reply: bool) -> str:
    return "CLIENT-10" if content_with_a_reply else "CLIENT-19"


def _described(seen: Seen) -> str:
    told = ["a plain put came, whole"]
    talk, first = next(iter(puts(seen)))
    if was_asked(seen):
        told.append("asking for a reply")
    told.append("half-closed or closed by itself" if talk.ended == "end of stream" else "ended by a reset")
    if first.header[:1] != b"{":
        told.append("white space before the object")
    return ", ".join(told)
