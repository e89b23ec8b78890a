"""A finding as one sentence that names what the server did wrong: all that --quiet, live output and junit.xml show."""

import re
import textwrap
from typing import Final

from jhup_conformance.differences import (
    ClosedEarly,
    Difference,
    Gone,
    NotReplies,
    Other,
    StillOpen,
    Unsolicited,
    WrongBody,
    WrongReplies,
)
from jhup_conformance.differences import readable as readable_name
from jhup_conformance.findings import CheckResult
from jhup_conformance.language import ENGLISH, Words
from jhup_conformance.reports.output import telling_line
from jhup_conformance.reports.printable import printable
from jhup_conformance.wire.transcript import Closed

__all__ = ["one_line", "sentence"]

_LONGEST: Final = 180
"""Characters; the report has the whole."""
_LONGEST_PLACE: Final = 70
_MOST: Final = 2
"""Sentences of a line; a conversation may have many."""
_CASE: Final = re.compile(r"\[([^\]]*[a-z]{2}[^\]]*)\]$")
"""What a check tells its variants apart by, where that is in words."""


def one_line(check: CheckResult, say: Words = ENGLISH) -> str:
    """Say what the server did wrong in a line that stands alone: the sentences, the case, and where it was cut."""
    told = list(dict.fromkeys(sentence(each, say) for each in check.points)) or [check.actual]
    if reason := telling_line(check.details):
        told = [*(each.rstrip(".。") for each in told), reason]
    if len(told) > _MOST:
        told = [*told[:_MOST], say("and {count} more", count=len(told) - _MOST)]
    case = _CASE.search(check.node)
    where = [say("case: {name}", name=case[1])] if case else []
    where += [textwrap.shorten(check.where, _LONGEST_PLACE, placeholder=" …")] if check.where else []
    text = "; ".join(told) + (f" ({'; '.join(where)})" if where else "")
    text = printable(" ".join(text.split()))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def sentence(point: Difference, say: Words = ENGLISH) -> str:
    """Say in one sentence what the server did wrong."""
    match point:
        case WrongBody(name, wanted, found):
            return _about_body(readable_name(name), point, say) if wanted or found else say("the store differs")
        case WrongReplies():
            return _about_replies(point, say)
        case NotReplies(wanted):
            return (
                say("the server sent bytes that are no reply") if wanted else say("the server sent unsolicited bytes")
            )
        case StillOpen(within):
            return say("the server left the connection open for more than {seconds:.0f} s", seconds=within)
        case ClosedEarly(how):
            reset = how is Closed.RESET
            return say("the server reset the connection") if reset else say("the server closed the connection")
        case Gone(hung, how):
            if hung:
                return say("The server hung after this exchange: {how}.", how=how)
            if how.startswith(("exit status", "signal")):
                return say("The server ended after this exchange with {how}.", how=how)
            return say("The server was gone after this exchange: {how}.", how=how)
        case Unsolicited(count, after):
            return say("the server sent {count} unsolicited bytes after {what}", count=count, what=after)
        case Other():
            return point.actual


def _about_body(name: str, point: WrongBody, say: Words) -> str:
    if point.found is None:
        return say("the server did not store {name}", name=name)
    size = point.found.size
    if point.wanted == (None,):
        return say("the server stored {name} ({size} bytes), which it has to leave alone", name=name, size=size)
    sizes = sorted({each.size for each in point.wanted if each})
    if sizes and size not in sizes:
        wanted = say(" or ").join(map(str, sizes))
        return say(
            "the server stored {size} bytes under {name} instead of {wanted}", size=size, name=name, wanted=wanted
        )
    return say("the server stored a wrong body under {name}", name=name)


def _about_replies(point: WrongReplies, say: Words) -> str:
    owed = sum(not each.optional for each in point.wanted)
    if not point.wanted:
        return say("the server sent unsolicited bytes")
    if point.rest:
        return say("the server sent an unfinished reply")
    if not point.found:
        return say("the server ignored a request that asks for a reply")
    if len(point.found) < owed:
        return say("the server answered {some} of {all} requests", some=len(point.found), all=owed)
    return say("the server sent a wrong reply")
