"""What each wrong client has to be blamed for, and what it may be blamed for besides."""

from collections.abc import Mapping
from dataclasses import dataclass

import client_faults as wrong
from small_client import Faithful

__all__ = ["BROKEN_DOWN", "CLIENTS", "COMPOUND", "FAULTS", "NO_CLIENTS", "ClientFault"]


@dataclass(frozen=True)
class ClientFault:
    """A client with one fault.

    Attributes:
        client: it.
        blamed: the clauses that it must be blamed for.
        related: those that it may be blamed for, as the same fault breaks them too.
    """

    client: type[Faithful]
    blamed: frozenset[str]
    related: frozenset[str] = frozenset()


def _fault(client: type[Faithful], *blamed: str, related: tuple[str, ...] = ()) -> ClientFault:
    return ClientFault(client, frozenset(blamed), frozenset(related))


_SHORT = ("CLIENT-5", "CLIENT-7", "CLIENT-9", "CLIENT-12", "CLIENT-13", "CLIENT-14", "CLIENT-16", "CLIENT-19")
"""What a client breaks besides that announces more than it sends: neither side can go on."""

FAULTS: Mapping[str, ClientFault] = {
    "big-endian prefix": _fault(wrong.BigEndian, "CLIENT-1"),
    "prefix counts characters": _fault(wrong.CountsCharacters, "CLIENT-1"),
    "prefix counts itself": _fault(wrong.PrefixCountsItself, "CLIENT-1"),
    "digits for a prefix": _fault(wrong.DigitsForAPrefix, "CLIENT-1"),
    "no prefix": _fault(wrong.NoPrefix, "CLIENT-1"),
    "byte order mark": _fault(wrong.ByteOrderMark, "CLIENT-2"),
    "size with a fraction": _fault(wrong.SizeWithAFraction, "CLIENT-2"),
    "size as text": _fault(wrong.SizeAsText, "CLIENT-2"),
    "a name twice": _fault(wrong.NameTwice, "CLIENT-2"),
    "a literal of Python": _fault(wrong.LiteralOfPython, "CLIENT-2"),
    "header in Latin-1": _fault(wrong.Latin1, "CLIENT-2", related=("CLIENT-3",)),
    "header over 65,536 bytes": _fault(wrong.LongHeader, "CLIENT-2"),
    "the whole path": _fault(wrong.WholePath, "CLIENT-3"),
    "another name": _fault(wrong.SmallLetters, "CLIENT-3"),
    "one byte fewer": _fault(wrong.OneByteFewer, "CLIENT-4", related=_SHORT),
    "the last chunk padded": _fault(wrong.LastChunkPadded, "CLIENT-4", related=("CLIENT-16", "CLIENT-19")),
    "text mode": _fault(wrong.TextMode, "CLIENT-4", related=_SHORT),
    "stops at NUL": _fault(wrong.StopsAtNul, "CLIENT-4", related=_SHORT),
    "a line end added": _fault(wrong.LineEndAdded, "CLIENT-4"),
    "to the end of the file": _fault(wrong.ToTheEndOfTheFile, "CLIENT-4"),
    "size of the name too": _fault(wrong.SizeOfTheNameToo, "CLIENT-4"),
    "send without a loop": _fault(wrong.SendWithoutALoop, "CLIENT-4", related=_SHORT),
    "pads": _fault(wrong.Pads, "CLIENT-5"),
    "shrinking is success": _fault(wrong.ShrinkingIsSuccess, "CLIENT-5", related=("CLIENT-16",)),
    "cmd in capitals": _fault(wrong.CapitalCommand, "CLIENT-6"),
    "names of its own": _fault(wrong.OwnNames, "CLIENT-6"),
    "reply is an address": _fault(wrong.ReplyIsAnAddress, "CLIENT-6"),
    "reads all first": _fault(wrong.ReadsAllFirst, "CLIENT-7"),
    "keeps what it sent": _fault(wrong.KeepsWhatItSent, "CLIENT-7"),
    "32 bits for the size": _fault(wrong.ThirtyTwoBits, "CLIENT-7"),
    "no check of names": _fault(wrong.NoCheckOfNames, "CLIENT-8"),
    "checks names too late": _fault(wrong.ChecksNamesTooLate, "CLIENT-8", related=("CLIENT-1",)),
    "every error closes": _fault(wrong.EveryErrorCloses, "CLIENT-9"),
    "fails without a reply": _fault(wrong.FailsWithoutAReply, "CLIENT-10"),
    "waits unasked": _fault(wrong.WaitsUnasked, "CLIENT-10", related=("CLIENT-15",)),
    "waits for a reply for ever": _fault(wrong.WaitsForEver, "CLIENT-11"),
    "deaf while sending": _fault(wrong.DeafWhileSending, "CLIENT-12"),
    "three seconds for an upload": _fault(wrong.OneSecondForAll, "CLIENT-13"),
    "passes over errors": _fault(wrong.PassesOverErrors, "CLIENT-14", related=("CLIENT-12", "CLIENT-16")),
    "refused is success": _fault(wrong.RefusedIsSuccess, "CLIENT-14"),
    "broken off is success": _fault(wrong.CloseIsSuccess, "CLIENT-14", related=("CLIENT-5",)),
    "closes at once": _fault(wrong.ClosesAtOnce, "CLIENT-15"),
    "a reset is success": _fault(wrong.ResetIsSuccess, "CLIENT-15"),
    "never half-closes": _fault(wrong.NeverHalfCloses, "CLIENT-15"),
    "an error is success": _fault(wrong.ErrorIsSuccess, "CLIENT-16", "EXT-1", "EXT-2", related=("CLIENT-18",)),
    "digest not compared": _fault(wrong.DigestNotCompared, "CLIENT-16"),
    "no reply is success": _fault(wrong.NoReplyIsSuccess, "CLIENT-16"),
    "says nothing": _fault(wrong.SaysNothing, "CLIENT-17"),
    "says it on standard output": _fault(wrong.SaysItOnStandardOutput, "CLIENT-17"),
    "a message, and status 0": _fault(wrong.MessageAndStatusZero, "CLIENT-17"),
    "one receive for a reply": _fault(wrong.OneReceiveForAReply, "CLIENT-18"),
    "one receive for the prefix": _fault(wrong.OneReceiveForThePrefix, "CLIENT-18"),
    "always fails": _fault(wrong.AlwaysFails, "CLIENT-19"),
    "impatient for replies": _fault(wrong.ImpatientForReplies, "CLIENT-19"),
    "afraid of words": _fault(wrong.AfraidOfWords, "CLIENT-19"),
    "empty for missing": _fault(wrong.EmptyForMissing, "CLIENT-20"),
    "missing is success": _fault(wrong.MissingIsSuccess, "CLIENT-20"),
    "strict members": _fault(wrong.StrictMembers, "EXT-1"),
    "known codes only": _fault(wrong.KnownCodesOnly, "EXT-2"),
    "a member of its own": _fault(wrong.MemberOfItsOwn, "EXT-3"),
}

COMPOUND: Mapping[str, ClientFault] = {
    "of the last century": _fault(wrong.OfTheLastCentury, "CLIENT-1"),
    "trusts everybody": _fault(
        wrong.TrustsEverybody,
        "CLIENT-14",
        "CLIENT-15",
        "CLIENT-16",
        related=("EXT-1", "EXT-2", "CLIENT-12", "CLIENT-18"),
    ),
    "careless": _fault(wrong.Careless, "CLIENT-5", "CLIENT-8", "EXT-3"),
}
"""Clients with several faults: each has to be found, but for those that another one hides."""

BROKEN_DOWN: Mapping[str, type[Faithful]] = {
    "dies of errors": wrong.DiesOfErrors,
    "not found": wrong.NotFound,
    "hangs when it fails": wrong.HangsWhenItFails,
}
"""Clients of which nothing can be said where they fail: errors of the case."""

NO_CLIENTS: Mapping[str, type[Faithful]] = {
    "connects and hangs": wrong.ConnectsAndHangs,
    "connects and ends": wrong.ConnectsAndEnds,
    "speaks HTTP": wrong.SpeaksHttp,
    "sends noise": wrong.SendsNoise,
    "talks to nobody": wrong.TalksToNobody,
}
"""Programs that are no clients: no clause may pass."""

CLIENTS: Mapping[str, type[Faithful]] = {
    "none": Faithful,
    "every second time": wrong.EverySecondTime,
    **{name: fault.client for name, fault in {**FAULTS, **COMPOUND}.items()},
    **BROKEN_DOWN,
    **NO_CLIENTS,
}
"""All of them by name."""
