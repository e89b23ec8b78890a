"""The faults by name: how to start each, which clauses it has to be blamed for, and which it may be, with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import faults_of_connections as connections
import faults_of_errors as errors
import faults_of_framing as framing
import faults_of_headers as headers
import faults_of_names as names
import faults_of_storing as storing
import faults_of_upload_replies as replies
from upload_faults import Faithful

__all__ = ["CORRECT", "FAULTS", "SPARE", "Fault"]


@dataclass(frozen=True, slots=True)
class Fault:
    """A server that is wrong in one way.

    Attributes:
        server: its class.
        blamed: clauses that have to be blamed, each of them.
        related: further clauses that the same fault may break, each with the reason.
        silent: whether it is started without replies.
        wavers: why any clause may be called FLAKY; empty where none may.
        process: why it takes a process of its own to show; empty where the simulated world shows it too.
    """

    server: type[Faithful]
    blamed: frozenset[str]
    related: Mapping[str, str] = field(default_factory=dict)
    silent: bool = False
    wavers: str = ""
    process: str = ""


def fault(
    server: type[Faithful],
    blamed: str,
    related: Mapping[str, str] = MappingProxyType({}),
    *,
    silent: bool = False,
    wavers: str = "",
    process: str = "",
) -> Fault:
    """Make an entry: clauses with spaces between, related ones by the reason."""
    must = frozenset(blamed.split())
    reasons = {
        clause: reason for reason, clauses in related.items() for clause in clauses.split() if clause not in must
    }
    return Fault(server, must, reasons, silent, wavers, process)


CORRECT: dict[str, type[Faithful]] = {
    "none": Faithful,
    "a limit": errors.WithLimit,
    "takes a byte order mark": headers.TakesByteOrderMark,
    "surrogates in cmd are unknown": headers.LoneSurrogateInCmd,
    "filesize as a double": headers.SizeAsDouble,
    "rounds fractions": headers.Rounds,
    "minds all duplicates": headers.MindsAllDuplicates,
    "replaces links": names.ReplacesLinks,
    "40 at a time": connections.TurnsExcessAway,
}
"""Servers that are right."""

# What related clauses have in common

ANY_CUT = "cuts of every kind are made there, this one too"
ALL_OF_A_KIND = "it tries the same among other things"
LONG_HEADER = "what it tries takes a header as long"
EMPTY = "an empty body is tried there, too"
REPLACING = "bodies replace each other there, too"
LONG_BODY = "long bodies are tried there, too"
UNFINISHED = "unfinished bodies are looked for there, too"
STALE = "what a stat remembers looks like a store that is late, where nothing looks into the folder meanwhile"
MIXED = "readers beside several writers see bodies that are mixed, or cut"
SAME_HEADERS = "the same headers are tried there"
SAME_NAMES = "the same names are tried there"
BEHIND = "the request after is looked at there, too"
SOUND = "what it takes for sound has its body there as well"
GREETED = "greetings are read there, too"
READ_ON = "what it leaves of a body is read as requests"
READ_THERE = "the same replies are read there"
ANSWERS = (
    "REPLY-1 REPLY-4 REPLY-6 REPLY-9 REPLY-10 REPLY-11 REPLY-12 REPLY-14 REPLY-15 REPLY-16 REPLY-17 REPLY-18 REPLY-19"
)
"""The clauses about how a single request is answered."""
OWED = "replies to earlier requests are waited for there"

FAULTS: dict[str, Fault] = {
    # Chapter 2, framing
    "big-endian prefixes": fault(
        framing.BigEndian, "FRAME-1", {"no put is understood at all": "FRAME-2 STORE-1 STORE-2 STORE-3"}
    ),
    "guesses the byte order": fault(
        framing.GuessesByteOrder,
        "FRAME-1",
        {
            LONG_HEADER: "FRAME-12 REPLY-13",
            "a big-endian 58 is waited for": "FRAME-16",
            "a big-endian 58 is taken for a length": "FRAME-15",
            ALL_OF_A_KIND: "CONN-1",
        },
    ),
    "line ends of text": fault(framing.LineEndsOfText, "FRAME-2"),
    "one byte fewer of 512": fault(
        framing.OneByteFewerOf512, "FRAME-2", {"512 bytes are tried there, too": "STORE-1 STORE-5"}
    ),
    "prefix in one read": fault(framing.PrefixInOneRead, "FRAME-3 FRAME-9", {ANY_CUT: "FRAME-18"}),
    "prefix cut after its third byte": fault(framing.PrefixCutBehindTheThird, "FRAME-3", {ANY_CUT: "FRAME-18"}),
    "header in one read": fault(
        framing.HeaderInOneRead,
        "FRAME-4 FRAME-9",
        {"a header of 64 KiB never arrives in one piece": "FRAME-12 REPLY-13", ANY_CUT: "FRAME-18"},
    ),
    "decodes pieces of headers": fault(framing.DecodesPieces, "FRAME-4", {ANY_CUT: "FRAME-9 FRAME-18"}),
    "loses pieces of one byte": fault(
        framing.LosesAPieceOfOneByte,
        "FRAME-5 FRAME-9",
        {"after a header of 64 KiB a body arrives in pieces": "FRAME-4", ANY_CUT: "FRAME-18 FRAME-7"},
    ),
    "mistakes a body for a request": fault(framing.MistakesABodyForARequest, "FRAME-6"),
    "reads too far": fault(
        framing.ReadsTooFar,
        "FRAME-7",
        {
            "requests in one segment are nothing else": "FRAME-8",
            ALL_OF_A_KIND: "ERR-9 REPLY-13 HEAD-19",
            "the bad prefix is read as body": "FRAME-16",
            "requests come in one segment there, too": "STORE-9 FRAME-10",
        },
    ),
    "loses part of a prefix": fault(
        framing.LosesPartOfAPrefix,
        "FRAME-7",
        {"the second prefix is cut with its beginning after a body": "FRAME-3", ANY_CUT: "FRAME-18"},
    ),
    "last of a segment first": fault(
        framing.LastFirst, "FRAME-8", {"puts of a name come in one segment there, too": "ERR-9 STORE-9"}, silent=True
    ),
    "at most forty receives": fault(framing.AtMost40Reads, "FRAME-9", {ANY_CUT: "FRAME-18"}),
    "header in three pieces": fault(framing.HeaderInThreePieces, "FRAME-18 FRAME-9"),
    "a hundred requests": fault(framing.HundredRequests, "FRAME-10"),
    "tenth put under the ninth name": fault(framing.KeepsTheNinthName, "FRAME-10"),
    "waits for the next request": fault(
        framing.WaitsForTheNext, "FRAME-11", {"the last of many puts is looked at there, too": "FRAME-10 REPLY-7"}
    ),
    "empty bodies wait for the next request": fault(
        framing.EmptyWaitsForTheNext, "FRAME-11", {"nothing follows there, either": "STORE-2", EMPTY: "REPLY-9"}
    ),
    "gives up at end of stream": fault(
        framing.GivesUpAtTheEnd,
        "FRAME-18",
        {"streams end after puts there, too": "HEAD-19 ERR-8 ERR-11 REPLY-1 REPLY-3"},
    ),
    "no header above 8 KiB": fault(
        framing.NoMoreThan8KiB, "FRAME-12", {LONG_HEADER: "HEAD-19 NAME-4 ERR-11 REPLY-13 REPLY-16 REPLY-19"}
    ),
    "no header of 65,536 bytes": fault(
        framing.OffByOneLimit, "FRAME-12", {"its hello says that it takes them": "REPLY-13"}
    ),
    "skips empty headers": fault(framing.SkipsEmptyHeaders, "FRAME-14", {"what is skipped is not closed": "FRAME-16"}),
    "ignores the sign of prefixes": fault(
        framing.IgnoresTheSign, "FRAME-14", {"what is waited for is not closed": "FRAME-16"}
    ),
    "three bytes of the prefix": fault(
        framing.ThreeBytesOfPrefix, "FRAME-15", {"the sign is in the byte that it ignores": "FRAME-14"}
    ),
    "no limit of headers": fault(
        framing.NoLimit, "FRAME-15 FRAME-16", {"its hello says that it takes no such headers": "REPLY-13"}
    ),
    "limit of headers after reading": fault(framing.LimitAfterReading, "FRAME-16"),
    "stays open after a bad prefix": fault(framing.StaysOpenAfterABadPrefix, "FRAME-16"),
    "allocates what a prefix claims": fault(framing.AllocatesAtOnce, "FRAME-17", process="its memory shows it"),
    # Chapter 3, headers
    "only spaces are white": fault(headers.WantsCompactHeaders, "HEAD-1"),
    "knows no capital digits": fault(
        headers.KnowsNoCapitalDigits,
        "HEAD-1",
        {"a dot is written there with a capital digit": "NAME-7 REPLY-16 REPLY-11"},
    ),
    "at most thirty members": fault(
        headers.AtMostThirtyMembers,
        "HEAD-2",
        {"a member stands there forty times": "HEAD-18", "thousands of members are tried there": "HEAD-19"},
    ),
    "minds nesting of unknown members": fault(headers.WantsPlainValues, "HEAD-2"),
    "ignores case of members": fault(headers.IgnoresCase, "HEAD-3"),
    "trims names of members": fault(headers.TrimsMemberNames, "HEAD-3"),
    "replaces bad UTF-8": fault(
        headers.ReplacesBadBytes, "HEAD-4", {SAME_HEADERS: "ERR-1 ERR-3 REPLY-21", SOUND: "ERR-2"}
    ),
    "guesses the encoding": fault(
        headers.GuessesTheEncoding,
        "HEAD-4",
        {
            SAME_HEADERS: "ERR-1 ERR-3 REPLY-21",
            SOUND: "ERR-2",
            "NUL bytes in a header look like UTF-16 to it": "HEAD-6",
        },
    ),
    "takes surrogates in UTF-8": fault(
        headers.AllowsSurrogateBytes, "HEAD-4", {SAME_HEADERS: "ERR-1 ERR-3 REPLY-21", SOUND: "ERR-2"}
    ),
    "ignores puts with a byte order mark": fault(headers.IgnoresMarkedPuts, "HEAD-5"),
    "takes raw control characters": fault(headers.RawControlCharacters, "HEAD-6"),
    "takes a comma after the last": fault(
        headers.CommaBehindTheLast, "HEAD-6", {SAME_HEADERS: "ERR-1 ERR-3 REPLY-21", SOUND: "ERR-2"}
    ),
    "takes literals of Python": fault(
        headers.PythonLiterals, "HEAD-6", {SAME_HEADERS: "ERR-1 ERR-3 REPLY-21", SOUND: "ERR-2"}
    ),
    "minds nothing after the object": fault(
        headers.WhatFollowsTheObject, "HEAD-7", {SAME_HEADERS: "ERR-1 ERR-3 REPLY-21", SOUND: "ERR-2"}
    ),
    "takes NUL after the object": fault(
        headers.NulBehindTheObject, "HEAD-7", {SAME_HEADERS: "ERR-1 ERR-3 REPLY-21", SOUND: "ERR-2"}
    ),
    "takes an array of pairs": fault(
        headers.TakesPairs, "HEAD-8", {SAME_HEADERS: "ERR-1 ERR-3 REPLY-21", SOUND: "ERR-2"}
    ),
    "ignores what is no object": fault(
        headers.IgnoresWhatIsNoObject, "HEAD-8", {SAME_HEADERS: "ERR-1 ERR-3 REPLY-21", SOUND: "ERR-2"}
    ),
    "takes NaN": fault(headers.TakesNaN, "HEAD-9", {SAME_HEADERS: "ERR-1 ERR-3 REPLY-21", SOUND: "ERR-2"}),
    "takes inner infinities": fault(
        headers.TakesInnerInfinity, "HEAD-9", {SAME_HEADERS: "ERR-1 ERR-3 REPLY-21", SOUND: "ERR-2"}
    ),
    "put by default": fault(
        headers.PutByDefault, "HEAD-10", {SAME_HEADERS: "ERR-1 ERR-3 REPLY-15 REPLY-20", SOUND: "ERR-2"}
    ),
    "any cmd is text": fault(
        headers.AnyCommandIsText, "HEAD-10", {SAME_HEADERS: "ERR-1 ERR-3 REPLY-15 REPLY-20", SOUND: "ERR-2"}
    ),
    "leaves lone surrogates out": fault(headers.DropsLoneSurrogates, "HEAD-21"),
    "a number for a filename": fault(
        headers.AnythingForAName, "HEAD-11", {SAME_HEADERS: "ERR-1 ERR-3 REPLY-15 REPLY-20", SOUND: "ERR-2"}
    ),
    "no filename is a bad one": fault(
        headers.UnnamedByDefault, "HEAD-11", {SAME_HEADERS: "ERR-1 ERR-3 REPLY-15 REPLY-20", SOUND: "ERR-2"}
    ),
    "a string for a filesize": fault(
        headers.SizeAsText, "HEAD-12", {SAME_HEADERS: "ERR-1 ERR-3 REPLY-15 REPLY-20", SOUND: "ERR-2"}
    ),
    "true for a filesize": fault(
        headers.TrueIsOne, "HEAD-12", {SAME_HEADERS: "ERR-1 ERR-3 REPLY-15 REPLY-20", SOUND: "ERR-2"}
    ),
    "a negative filesize is 0": fault(
        headers.NegativeIsNothing, "HEAD-12", {SAME_HEADERS: "ERR-1 ERR-3 REPLY-15 REPLY-20", SOUND: "ERR-2"}
    ),
    "cuts fractions": fault(
        headers.CutsFractions, "HEAD-12", {SAME_HEADERS: "ERR-1 ERR-3 REPLY-15 REPLY-20", SOUND: "ERR-2"}
    ),
    "null for a filesize": fault(
        headers.NullIsNothing, "HEAD-12", {SAME_HEADERS: "ERR-1 ERR-3 REPLY-15 REPLY-20", SOUND: "ERR-2"}
    ),
    "32 bits of a filesize": fault(headers.Wraps32, "HEAD-13 HEAD-20", {READ_ON: "REPLY-20"}),
    "53 bits of a filesize": fault(
        headers.Wraps53, "HEAD-20", {READ_ON: "REPLY-15 REPLY-20", "-2^63 wraps to 0 there": "HEAD-12"}
    ),
    "64 bits of a filesize": fault(headers.Wraps64, "HEAD-14"),
    "leaves out points": fault(headers.LeavesOutPoints, "HEAD-15"),
    "ignores puts with exponents": fault(
        headers.IgnoresExponents, "HEAD-15", {"exponents are read there, too": "HEAD-16"}
    ),
    "cuts decimals": fault(headers.CutsDecimals, "HEAD-16"),
    "first of two members": fault(headers.FirstOfTwo, "HEAD-17"),
    "first of two sizes": fault(headers.FirstOfTwoSizes, "HEAD-17"),
    "joins two names": fault(headers.JoinsTwoNames, "HEAD-17"),
    "skips repeated names": fault(headers.SkipsRepeats, "HEAD-18"),
    "dies of depth": fault(headers.DiesOfDepth, "HEAD-19", {"a header as deep is among what happens there": "ERR-9"}),
    "stalls at exponents": fault(headers.StallsAtExponents, "HEAD-19"),
    "stalls at digits": fault(
        headers.ThreadDiesOfDigits,
        "HEAD-19",
        {"a header like that is among what happens there": "ERR-9", SAME_HEADERS: "REPLY-15"},
    ),
    # Chapter 4, names
    "ASCII names only": fault(
        names.AsciiOnly, "NAME-1", {SAME_NAMES: "NAME-2 NAME-12 REPLY-6 REPLY-10 HEAD-1 REPLY-9"}
    ),
    "no emoji in names": fault(
        names.BasicPlaneOnly, "NAME-1", {SAME_NAMES: "NAME-2 NAME-12 REPLY-6 REPLY-10 HEAD-1 REPLY-9"}
    ),
    "a few signs in names": fault(names.CarefulNames, "NAME-2", {SAME_NAMES: "NAME-12 REPLY-6"}),
    "no hidden files": fault(names.NoHiddenFiles, "NAME-2", {SAME_NAMES: "NAME-12 REPLY-6"}),
    "trims names": fault(names.TrimsNames, "NAME-2", {SAME_NAMES: "NAME-12 REPLY-6"}),
    "no name of 255 bytes": fault(names.NoMoreThan254, "NAME-2", {SAME_NAMES: "NAME-4 REPLY-6"}),
    "no devices of DOS": fault(names.NoDevicesOfDos, "NAME-2", {SAME_NAMES: "NAME-12 REPLY-6"}),
    "names in lower case": fault(names.StoresInLowerCase, "NAME-2", {SAME_NAMES: "NAME-1 NAME-12"}),
    "the empty name is untitled": fault(
        names.EmptyIsUntitled, "NAME-3", {SAME_NAMES: "ERR-4 ERR-5 ERR-10 REPLY-11 REPLY-16 REPLY-20"}
    ),
    "cuts long names": fault(
        names.CutsLongNames, "NAME-4", {SAME_NAMES: "ERR-4 ERR-5 ERR-10 REPLY-11 REPLY-16 REPLY-20"}
    ),
    "counts characters of names": fault(
        names.CutsAt256Wide, "NAME-4", {SAME_NAMES: "ERR-4 ERR-5 ERR-10 REPLY-11 REPLY-16 REPLY-20"}
    ),
    "removes control characters": fault(
        names.RemovesControls, "NAME-5", {SAME_NAMES: "ERR-4 ERR-5 ERR-10 REPLY-11 REPLY-16 REPLY-20"}
    ),
    "takes DEL": fault(names.TakesDel, "NAME-5", {SAME_NAMES: "ERR-4 ERR-5 ERR-10 REPLY-11 REPLY-16 REPLY-20"}),
    "takes tabs": fault(names.TakesTab, "NAME-5", {SAME_NAMES: "ERR-4 ERR-5 ERR-10 REPLY-11 REPLY-16 REPLY-20"}),
    "base name": fault(names.BaseName, "NAME-6", {SAME_NAMES: "ERR-4 ERR-5 ERR-10 REPLY-11 REPLY-16 REPLY-20 NAME-9"}),
    "takes a backslash": fault(
        names.TakesBackslash, "NAME-6", {SAME_NAMES: "ERR-4 ERR-5 ERR-10 REPLY-11 REPLY-16 REPLY-20"}
    ),
    "takes a backslash at the end": fault(
        names.TakesBackslashAtTheEnd, "NAME-6", {SAME_NAMES: "ERR-4 ERR-5 ERR-10 REPLY-11 REPLY-16 REPLY-20"}
    ),
    "maps dots": fault(names.MapsDots, "NAME-7", {SAME_NAMES: "ERR-4 ERR-5 ERR-10 REPLY-11 REPLY-16 REPLY-20"}),
    "replaces surrogates": fault(
        names.ReplacesSurrogates, "NAME-8", {SAME_NAMES: "ERR-4 ERR-5 ERR-10 REPLY-11 REPLY-16 REPLY-20"}
    ),
    "path escape": fault(
        names.Escapes, "NAME-9 NAME-6", {SAME_NAMES: "ERR-4 ERR-5 ERR-10 REPLY-11 REPLY-16 REPLY-20 NAME-11"}
    ),
    "stat reads outside": fault(names.StatEscapes, "NAME-9", {SAME_NAMES: "REPLY-11"}),
    "follows links": fault(
        names.FollowsLinks,
        "NAME-11",
        {"a link leads out there, too": "NAME-9", "a link is in the way there, too": "REPLY-18"},
    ),
    "waits at FIFOs": fault(
        names.WaitsAtFifos, "NAME-11", {"a FIFO is in the way there, too": "REPLY-18"}, process="a FIFO stops it"
    ),
    "composes names": fault(names.Composes, "NAME-12", {SAME_NAMES: "NAME-1 NAME-2"}),
    "folds case": fault(names.FoldsCase, "NAME-12", {SAME_NAMES: "NAME-2"}),
    # Chapter 5, storing
    "loses a byte of 257": fault(storing.LosesAByteOf257, "STORE-1", {"257 bytes are beside a buffer": "STORE-5"}),
    "keeps no empty bodies": fault(
        storing.KeepsNoEmptyBodies,
        "STORE-2",
        {EMPTY: "STORE-1 HEAD-13 HEAD-15 HEAD-17 REPLY-9 REPLY-7 FRAME-11 FRAME-10"},
    ),
    "an empty body replaces none": fault(storing.EmptyKeepsTheOld, "STORE-2", {EMPTY: "STORE-3 REPLY-9 FRAME-10"}),
    "keeps the tail": fault(storing.KeepsTheTail, "STORE-3", {REPLACING: "REPLY-9 STORE-2 STORE-9 REPLY-3 STORE-6"}),
    "keeps one as long": fault(
        storing.KeepsOneAsLong, "STORE-3", {REPLACING: "REPLY-9 REPLY-7 STORE-9 REPLY-3 STORE-2"}
    ),
    "flushes at the end": fault(
        storing.FlushesAtTheEnd, "STORE-4", {LONG_BODY: "HEAD-13 STORE-5 STORE-6 STORE-8 STORE-9"}, silent=True
    ),
    "loses whole blocks": fault(storing.LosesWholeBlocks, "STORE-5"),
    "waits after whole buffers": fault(storing.WaitsBehindWholeBuffers, "STORE-5"),
    "sixteen bits of a length": fault(storing.NoMoreThan64KiB, "STORE-5", {LONG_BODY: "HEAD-13 STORE-4"}),
    "opens at once": fault(
        storing.OpensAtOnce,
        "STORE-6 STORE-7 STORE-8 STORE-9 STORE-10",
        {"a stat during a put is tried there": "REPLY-9", UNFINISHED: "STORE-11"},
    ),
    "removes the old first": fault(
        storing.RemovesTheOldFirst,
        "STORE-6",
        {
            "a stat during a put is tried there": "REPLY-9",
            "what is removed does not come back when the put breaks off": "STORE-7",
            "readers find nothing meanwhile": "STORE-8",
            REPLACING: "STORE-9",
        },
    ),
    "takes the old along": fault(storing.TakesTheOldAlong, "STORE-7", {"one of two puts breaks off there": "STORE-9"}),
    "keeps what came": fault(storing.KeepsWhatCame, "STORE-7", {"one of two puts breaks off there": "STORE-9"}),
    "keeps what came before a reset": fault(
        storing.KeepsWhatCameBeforeAReset, "STORE-7", {"one of two puts breaks off there": "STORE-9"}
    ),
    "copies into place": fault(storing.CopiesIntoPlace, "STORE-8", {"puts of a name meet there": "STORE-9"}),
    "missing for a moment": fault(
        storing.MissingForAMoment, "STORE-8", {"a body is replaced there, too": "STORE-2 STORE-3 STORE-9"}
    ),
    "shares unfinished files": fault(
        storing.SharesUnfinished, "STORE-9", {UNFINISHED: "STORE-10", MIXED: "STORE-8 REPLY-9"}
    ),
    "last begun wins": fault(storing.LastBegunWins, "STORE-9"),
    "unfinished files in sight": fault(
        storing.UnfinishedInSight,
        "STORE-10",
        {"unfinished bodies of a name meet there": "STORE-9", MIXED: "STORE-8 REPLY-9"},
    ),
    "unfinished files under a number": fault(storing.UnfinishedUnderANumber, "STORE-10"),
    "leaves what is cut off": fault(storing.LeavesWhatIsCutOff, "STORE-10"),
    "leaves left-overs": fault(storing.LeavesLeftOvers, "STORE-11"),
    # Chapter 6, errors
    "malformed makes a file": fault(
        errors.MalformedMakesAFile, "ERR-1", {"the store is looked at there, too": "HEAD-12 ERR-2 REPLY-15 NAME-6"}
    ),
    "malformed takes the old": fault(errors.MalformedTakesTheOld, "ERR-1"),
    "reads on after malformed": fault(
        errors.ReadsOnAfterMalformed,
        "ERR-2",
        {
            "what follows is served, so that it counts as sound": "HEAD-4 HEAD-5 HEAD-6 HEAD-7 HEAD-8 HEAD-9 HEAD-14",
            "what is read on is not closed": "ERR-3",
        },
    ),
    "reads on after a bad cmd": fault(
        errors.ReadsOnAfterABadCmd,
        "ERR-2",
        {
            "what is after a header is served, so that header counts as sound": "HEAD-10",
            "what is read on is not closed": "ERR-3",
            "conversations hold such headers": "ERR-9 REPLY-3",
            SAME_HEADERS: "REPLY-15 REPLY-20",
        },
    ),
    "stays open after malformed": fault(errors.StaysOpenAfterMalformed, "ERR-3"),
    "refused takes the old": fault(errors.RefusedTakesTheOld, "ERR-4"),
    "limit after storing": fault(errors.LimitAfterStoring, "ERR-4", {ALL_OF_A_KIND: "REPLY-13 REPLY-17"}),
    "a refused body is requests": fault(errors.RefusedBodyIsRequests, "ERR-5", {BEHIND: "ERR-10 REPLY-20 NAME-11"}),
    "a refused body one byte short": fault(errors.RefusedBodyOneShort, "ERR-5", {BEHIND: "ERR-10 REPLY-20 NAME-11"}),
    "a refused body one byte too far": fault(errors.RefusedBodyOneTooFar, "ERR-10", silent=True),
    "a refused body of one receive": fault(errors.RefusedBodyOfOneBuffer, "ERR-5", {BEHIND: "ERR-10 REPLY-20 NAME-11"}),
    "refused takes all that came": fault(errors.RefusedTakesAllThatCame, "ERR-5", {BEHIND: "ERR-10 REPLY-20 NAME-11"}),
    "closes after refused": fault(errors.ClosesAfterRefused, "ERR-10"),
    "never closes": fault(errors.NeverCloses, "ERR-6"),
    "waits after half a prefix": fault(errors.WaitsAfterHalfAPrefix, "ERR-6"),
    "keeps descriptors": fault(
        errors.KeepsDescriptors,
        "ERR-6",
        {"descriptors are counted there, too": "CONN-9"},
        process="its descriptors show it",
    ),
    "spins in a body": fault(
        errors.SpinsInABody, "ERR-7", {"what spins is not closed": "ERR-6"}, process="its processor time shows it"
    ),
    "spins at the end": fault(
        errors.SpinsAtTheEnd,
        "ERR-7",
        {"what spins is neither closed nor released": "ERR-8 HEAD-19 CONN-9", ANY_CUT: "FRAME-18"},
        process="its processor time shows it",
    ),
    "stays open after an unknown command": fault(errors.StaysOpenAfterUnknown, "ERR-8"),
    "stays open without a request": fault(errors.StaysOpenWithoutARequest, "ERR-8"),
    "dies of resets": fault(
        errors.DiesOfResets,
        "ERR-9",
        {"the check that ends the process is named": "STORE-7 ERR-6 ERR-7 CONN-3 CONN-5 STORE-6 REPLY-5"},
    ),
    "dies of broken pipes": fault(
        errors.DiesOfBrokenPipes, "ERR-9", process="its work takes time, in which the client leaves"
    ),
    "dies of other protocols": fault(errors.DiesOfOtherProtocols, "ERR-9"),
    "dies of a surrogate": fault(
        errors.DiesOfASurrogate, "ERR-9", {"the check that ends the process is named": "NAME-8 REPLY-16 REPLY-11"}
    ),
    "closes at unknown commands": fault(
        errors.ClosesAtUnknown, "ERR-11", {"unknown commands are tried there, too": "ERR-12 FRAME-11"}
    ),
    "unknown commands have bodies": fault(
        errors.UnknownHasABody, "ERR-11", {"unknown commands are tried there, too": "ERR-12"}
    ),
    "checks members of unknown commands": fault(errors.ChecksMembersOfUnknown, "ERR-11"),
    "commands in capitals": fault(
        errors.CommandsInCapitals, "ERR-11", {"unknown commands are tried there, too": "REPLY-19"}
    ),
    "trims commands": fault(errors.TrimsCommands, "ERR-11", {"unknown commands are tried there, too": "REPLY-19"}),
    "looks up methods": fault(errors.LooksUpMethods, "ERR-12"),
    "looks up special methods": fault(errors.LooksUpSpecialMethods, "ERR-12"),
    "finishes as told to": fault(errors.FinishesAsToldTo, "ERR-12"),
    "resets at errors": fault(errors.ResetsAtErrors, "ERR-13"),
    # Chapter 7, connections
    "greets": fault(connections.Greets, "CONN-1", {"what comes is no answer to a hello": "REPLY-12"}),
    "says done": fault(
        connections.SaysDone,
        "CONN-1",
        {"nobody asks there, either": "REPLY-2", READ_THERE: "REPLY-3 REPLY-1 REPLY-4 REPLY-21"},
    ),
    "tells errors unasked": fault(
        connections.TellsErrorsUnasked, "CONN-1 REPLY-2", {READ_THERE: "REPLY-3 REPLY-1 REPLY-4 REPLY-13 REPLY-21"}
    ),
    "tells malformed unasked": fault(
        connections.TellsMalformedUnasked,
        "CONN-1",
        {"nobody asks there, either": "REPLY-2", READ_THERE: "REPLY-3 REPLY-1 REPLY-4 REPLY-21"},
    ),
    "says goodbye": fault(
        connections.SaysGoodbye,
        "CONN-1",
        {"the stream ends after a reply there": "REPLY-1 REPLY-24", ALL_OF_A_KIND: "REPLY-2 REPLY-3"},
    ),
    "one at a time": fault(
        connections.OneAtATime, "CONN-2 CONN-3", {"others ask and put meanwhile there, too": "REPLY-7 REPLY-9"}
    ),
    "16 at a time": fault(connections.AtMost16, "CONN-2", {"32 are open at a time there, too": "ERR-9"}),
    "31 at a time": fault(connections.AtMost31, "CONN-2"),
    "turns away the 32nd": fault(connections.TurnsAwayThe32nd, "CONN-2"),
    "one body at a time": fault(
        connections.OneBodyAtATime,
        "CONN-3",
        {"several connections pause in bodies there": "CONN-5", ALL_OF_A_KIND: "CONN-2"},
    ),
    "one header at a time": fault(
        connections.OneHeaderAtATime,
        "CONN-3",
        {"several connections pause in headers there": "CONN-5", ALL_OF_A_KIND: "CONN-2"},
    ),
    "one refusal at a time": fault(connections.OneRefusalAtATime, "CONN-3"),
    "shares a buffer": fault(
        connections.SharesABuffer,
        "CONN-2",
        {
            "puts of one name arrive on several connections at a time": "STORE-9",
            MIXED: "STORE-8 REPLY-6",
            "others put while one misbehaves": "ERR-9",
        },
        wavers="a race, met now and then wherever several connections are open",
    ),
    "closes the silent": fault(connections.ClosesTheSilent, "CONN-5"),
    "hurries bodies": fault(connections.HurriesBodies, "CONN-5"),
    "loses connections beyond 40": fault(connections.LosesExcess, "CONN-10"),
    "gives up sending": fault(connections.GivesUpSending, "CONN-8"),
    "keeps a descriptor of each": fault(
        connections.KeepsDescriptors,
        "CONN-9",
        {"a kept descriptor keeps its connection open": "ERR-6 ERR-8 HEAD-19"},
        process="its descriptors show it",
    ),
    # Chapter 8, replies
    "answers twice": fault(
        replies.AnswersTwice, "REPLY-1", {READ_THERE: ANSWERS, "the second is read as the next one's": "REPLY-7"}
    ),
    "answers no empty put": fault(replies.AnswersNoEmptyPut, "REPLY-1", {READ_THERE: ANSWERS}),
    "answers fifty times": fault(replies.AnswersFiftyTimes, "REPLY-1"),
    "anything true asks": fault(
        replies.AnythingTrueAsks,
        "REPLY-2",
        {"nobody asks there, either": "CONN-1", READ_THERE: "REPLY-3 REPLY-1 REPLY-4 REPLY-21"},
    ),
    "1 asks": fault(
        replies.OneAsks,
        "REPLY-2",
        {"nobody asks there, either": "CONN-1", READ_THERE: "REPLY-3 REPLY-1 REPLY-4 REPLY-21"},
    ),
    "a stat always answers": fault(
        replies.StatAlwaysAnswers,
        "REPLY-2",
        {
            "nobody asks there, either": "CONN-1",
            READ_THERE: "REPLY-3 REPLY-1 REPLY-4 REPLY-21",
            "conversations hold such stats": "FRAME-10 ERR-9",
        },
    ),
    "errors first": fault(replies.ErrorsFirst, "REPLY-3", {READ_THERE: "REPLY-20 REPLY-4", OWED: "ERR-8"}),
    "counts characters of replies": fault(replies.CountsCharacters, "REPLY-4", {READ_THERE: ANSWERS}),
    "ends with a line": fault(replies.EndsWithALine, "REPLY-4", {READ_THERE: ANSWERS}),
    "writes status twice": fault(replies.WritesTwice, "REPLY-4", {READ_THERE: ANSWERS}),
    "answers with the next": fault(replies.AnswersWithTheNext, "REPLY-5", {READ_THERE: ANSWERS}),
    "answers when the segment is done": fault(replies.AnswersWhenTheSegmentIsDone, "REPLY-5"),
    "capital digest": fault(replies.CapitalDigest, "REPLY-6", {READ_THERE: ANSWERS}),
    "size as text": fault(replies.SizeAsText, "REPLY-6", {READ_THERE: ANSWERS}),
    "escapes the name": fault(replies.EscapesTheName, "REPLY-6", {READ_THERE: ANSWERS}),
    "digest of all": fault(replies.DigestOfAll, "REPLY-6", {READ_THERE: ANSWERS}),
    "wrong digest of 65,536": fault(replies.DigestOfAnother65536, "REPLY-6", {READ_THERE: ANSWERS}),
    "digest of the beginning": fault(replies.DigestOfTheFirstMegabyte, "REPLY-6", {READ_THERE: f"{ANSWERS} REPLY-13"}),
    "says ok too early": fault(
        replies.SaysOkTooEarly,
        "REPLY-7",
        {"what was said to be stored is looked for after a restart": "REPLY-8", READ_THERE: ANSWERS},
    ),
    "says ok anyway": fault(replies.SaysOkAnyway, "REPLY-18", {"who says ok has not refused": "NAME-11"}),
    "starts clean": fault(storing.StartsClean, "REPLY-8"),
    "remembers puts": fault(replies.Remembers, "REPLY-9", {STALE: "REPLY-7 STORE-6 STORE-9"}),
    "remembers stats": fault(
        replies.RemembersStats,
        "REPLY-9",
        {"a name is asked about more than once there": "REPLY-7", STALE: "STORE-6 STORE-9"},
    ),
    "stat of an empty body": fault(replies.StatOfEmpty, "REPLY-9", {READ_THERE: ANSWERS, EMPTY: "REPLY-24 REPLY-3"}),
    "missing is empty": fault(replies.MissingIsEmpty, "REPLY-10", {READ_THERE: ANSWERS}),
    "closes at not-found": fault(replies.ClosesAtNotFound, "REPLY-10", {READ_THERE: ANSWERS}),
    "a bad name is not found": fault(replies.BadNameIsNotFound, "REPLY-11"),
    "a stat without a name is malformed": fault(replies.StatWithoutNameIsMalformed, "REPLY-11"),
    "protocol as text": fault(replies.ProtocolAsText, "REPLY-12", {GREETED: "REPLY-3 REPLY-5 REPLY-13 ERR-8"}),
    "no max_filesize": fault(replies.NoMaxFilesize, "REPLY-12", {GREETED: "REPLY-3 REPLY-5 REPLY-13 ERR-8"}),
    "one hello": fault(
        replies.HelloOnlyOnce, "REPLY-12", {READ_THERE: "REPLY-13", "it hears several hellos out": "ERR-8"}
    ),
    "promises long headers": fault(replies.PromisesLongHeaders, "REPLY-13"),
    "takes longer headers than it says": fault(replies.TakesMoreThanItSays, "REPLY-13"),
    "takes longer bodies than it says": fault(
        replies.TakesLongerThanItSays, "REPLY-13", {"a body over the limit is tried there": "ERR-4 REPLY-17"}
    ),
    "takes one byte less": fault(replies.TakesOneByteLess, "REPLY-13"),
    "no message": fault(replies.NoMessage, "REPLY-14", {READ_THERE: ANSWERS}),
    "closing as text": fault(replies.ClosingAsText, "REPLY-14", {READ_THERE: ANSWERS}),
    "a code of its own": fault(replies.CodeOfItsOwn, "REPLY-14", {READ_THERE: f"{ANSWERS} REPLY-20"}),
    "silently malformed": fault(replies.SilentlyMalformed, "REPLY-15", {READ_THERE: f"{ANSWERS} REPLY-20"}),
    "malformed is not closing": fault(replies.MalformedIsNotClosing, "REPLY-15", {READ_THERE: f"{ANSWERS} REPLY-20"}),
    "a bad name is malformed": fault(replies.BadNameIsMalformed, "REPLY-16", {READ_THERE: ANSWERS}),
    "a long name is storage": fault(replies.LongNameIsStorage, "REPLY-11 REPLY-16"),
    "too large is storage": fault(
        replies.TooLargeIsStorage, "REPLY-17", {"it is told that a body is too large": "REPLY-13"}
    ),
    "storage is internal": fault(replies.StorageIsInternal, "REPLY-18"),
    "silent at unknown commands": fault(replies.SilentAtUnknown, "REPLY-19", {READ_THERE: ANSWERS}),
    "unknown is malformed": fault(replies.UnknownIsMalformed, "REPLY-19", {READ_THERE: ANSWERS}),
    "says it closes and stays": fault(
        replies.SaysItClosesAndStays, "REPLY-20", {"what is said to close is not closed": "FRAME-16 ERR-3"}
    ),
    "says it stays and closes": fault(replies.SaysItStaysAndCloses, "REPLY-20", {BEHIND: "ERR-10 REPLY-16"}),
    "answers what is no JSON": fault(replies.AnswersWhatIsNoJson, "REPLY-21"),
    "answers bad prefixes": fault(replies.AnswersBadPrefixes, "REPLY-21"),
    "loses replies at errors": fault(replies.LosesThemAtErrors, "REPLY-24", {OWED: "REPLY-21 REPLY-20 REPLY-15 ERR-8"}),
    "loses replies at the end": fault(
        replies.LosesThemAtTheEnd, "REPLY-24", {OWED: "REPLY-21 REPLY-20 REPLY-15 REPLY-5 ERR-8"}
    ),
}

SPARE = frozenset(
    {
        "16 at a time",
        "ASCII names only",
        "a bad name is malformed",
        "a negative filesize is 0",
        "a number for a filename",
        "a refused body is requests",
        "a refused body one byte too far",
        "a stat always answers",
        "a stat without a name is malformed",
        "a string for a filesize",
        "answers bad prefixes",
        "answers no empty put",
        "answers with the next",
        "any cmd is text",
        "anything true asks",
        "base name",
        "checks members of unknown commands",
        "closes at not-found",
        "closes at unknown commands",
        "closing as text",
        "cuts fractions",
        "cuts long names",
        "dies of other protocols",
        "dies of resets",
        "digest of all",
        "digest of the beginning",
        "empty bodies wait for the next request",
        "ends with a line",
        "escapes the name",
        "finishes as told to",
        "first of two members",
        "folds case",
        "gives up at end of stream",
        "greets",
        "guesses the byte order",
        "guesses the encoding",
        "header in one read",
        "ignores what is no object",
        "joins two names",
        "keeps no empty bodies",
        "keeps the tail",
        "keeps what came",
        "leaves what is cut off",
        "limit of headers after reading",
        "looks up special methods",
        "loses replies at the end",
        "malformed is not closing",
        "malformed makes a file",
        "minds nesting of unknown members",
        "missing for a moment",
        "names in lower case",
        "never closes",
        "no devices of DOS",
        "no header above 8 KiB",
        "no hidden files",
        "no limit of headers",
        "no max_filesize",
        "no message",
        "no name of 255 bytes",
        "null for a filesize",
        "one at a time",
        "one body at a time",
        "one byte fewer of 512",
        "one hello",
        "only spaces are white",
        "put by default",
        "reads on after a bad cmd",
        "reads too far",
        "refused takes all that came",
        "remembers puts",
        "removes control characters",
        "says goodbye",
        "says it closes and stays",
        "says ok anyway",
        "silent at unknown commands",
        "sixteen bits of a length",
        "size as text",
        "skips empty headers",
        "stalls at digits",
        "stat of an empty body",
        "stays open without a request",
        "takes NUL after the object",
        "takes NaN",
        "takes a backslash",
        "takes a comma after the last",
        "takes literals of Python",
        "takes longer bodies than it says",
        "takes longer headers than it says",
        "takes one byte less",
        "takes tabs",
        "tells errors unasked",
        "trims commands",
        "trims names",
        "trims names of members",
        "turns away the 32nd",
        "unfinished files in sight",
        "waits after whole buffers",
        "writes status twice",
    }
)
"""Those that are like others: `tox -e judge` leaves them out, unless it is to try all."""
