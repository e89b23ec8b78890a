"""Section 9.2, waiting: for nothing that was not asked for, not for ever, and not each for the other."""

from typing import Final

from jhup_conformance.clients.case import Broken, Case, Effort, NotSeen, Seen, about_bytes, about_report
from jhup_conformance.clients.checks.s9_1_sending import BIG
from jhup_conformance.clients.files import Content, File
from jhup_conformance.clients.judges import body_is_the_file, fails, succeeds, was_asked
from jhup_conformance.clients.script import Do, Step, header, refuse, request, serve, shut_window, slowly, to_end

__all__ = ["CASES"]

_FOR_EVER: Final = 600.0
_MANY: Final = 24


def waits_for_nothing(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-10: a server that never speaks and never closes is enough."""
    if was_asked(seen):
        return NotSeen("the client asks for replies although it was not told to")
    if seen.ending is None or seen.ending.status == 0:
        return None
    return Broken("the end of the upload, without a reply: none was asked for", seen.how_it_ended)


def gives_up(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-11: a reply that never comes is waited for within a bound."""
    if not was_asked(seen):
        return NotSeen("the client did not ask for a reply")
    if seen.ending is not None and seen.ending.status is None:
        return Broken("an end of the wait for a reply that never comes", seen.how_it_ended)
    return None


def hears_while_it_sends(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-12: a server that said it closes and reads no more is not written to for ever."""
    if not was_asked(seen):
        return NotSeen("the client did not ask for a reply")
    if seen.ending is not None and seen.ending.status is None:
        return Broken(
            "the reply read while the body is sent: it says closing true", f"the client kept on sending; {seen.ending}"
        )
    return None


def leaves_no_deadlock(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-12: replies are read while further requests are sent."""
    if not was_asked(seen):
        return NotSeen("the client did not ask for a reply")
    if any(talk.deadlocked for talk in seen.talks):
        return Broken(
            "replies read while further requests are sent",
            "the server could not get rid of its replies, nor the client of its requests: each waits for the other",
        )
    return None


def waits_for_the_slow(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-13: a server that takes some bytes all the while gets all of them."""
    return succeeds(seen) or body_is_the_file(seen)


CASES: Final[tuple[Case, ...]] = (
    Case(
        name="a server that never speaks and never closes",
        checks={"CLIENT-10": about_report(waits_for_nothing, may_hang=True)},
        script=(to_end, shut_window(_FOR_EVER)),
        effort=Effort.QUICK,
    ),
    Case(
        name="a reply that never comes",
        checks={"CLIENT-11": about_report(gives_up, may_hang=True), "CLIENT-16": about_report(fails)},
        script=(request, to_end, shut_window(_FOR_EVER)),
        asks=True,
        effort=Effort.QUICK,
    ),
    Case(
        name="an error that says closing, and a server that reads no more",
        checks={"CLIENT-12": about_report(hears_while_it_sends, may_hang=True), "CLIENT-16": about_report(fails)},
        script=(header, refuse({"closing": True}), shut_window(_FOR_EVER)),
        file=File(name="unread.bin", content=Content.BINARY, size=BIG),
        asks=True,
        effort=Effort.QUICK,
    ),
    Case(
        name="long replies to many files in one run",
        checks={"CLIENT-12": about_bytes(leaves_no_deadlock)},
        script=(Step(do=Do.SERVE, count=60_000),),
        file=File(name="small-0.txt", size=100),
        more=(
            *(File(name=f"small-{number}.txt", size=100) for number in range(1, _MANY)),
            File(name="big.bin", content=Content.BINARY, size=BIG),
        ),
        asks=True,
        needs_tcp=True,
    ),
    Case(
        name="a server that reads slowly for six seconds",
        checks={"CLIENT-13": about_report(waits_for_the_slow)},
        script=(header, slowly(128 * 1024, seconds=0.1, times=60), serve),
        file=File(name="slow.bin", content=Content.BINARY, size=BIG),
        effort=Effort.QUICK,
    ),
    Case(
        name="a server that reads slowly for forty seconds",
        checks={"CLIENT-13": about_report(waits_for_the_slow)},
        script=(header, slowly(64 * 1024, seconds=0.2, times=200), serve),
        file=File(name="slow.bin", content=Content.BINARY, size=BIG),
        effort=Effort.THOROUGH,
    ),
)
