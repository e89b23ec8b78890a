"""Faults that the suite did not see at first, by kind: how to start each, the clause it breaks, and related ones.

They are started like those of the two fault tables, by `upload_faults.py` and `echo_faults.py`.
"""

import faults_of_races as races
import faults_of_refusals as refusals
import faults_of_resources as resources
import faults_of_sharing as sharing
import faults_of_state as state
from echo_fault_table import Fault as EchoFault
from echo_fault_table import fault as echo
from upload_fault_table import Fault as UploadFault
from upload_fault_table import fault

__all__ = ["ECHO", "THOROUGH", "UPLOAD"]

AGAIN = "requests follow each other there, too"
READ_THERE = "the same replies are read there"
REFUSED = "puts are refused there, too"
SAME_HEADERS = "the same headers are tried there"
SAME_NAMES = "several puts of one name meet there, too"
LONG_OPEN = "connections stay open as long there"
RACE = "a race, met now and then wherever one name is put on several connections"
WAITS = "several connections are open there"
ENDS = "streams that end are tried there, too"

UPLOAD: dict[str, UploadFault] = {
    # Carried from one request to the next
    "asked once, asked for ever": fault(
        state.AskedOnceAskedForever, "REPLY-2", {READ_THERE: "REPLY-1 REPLY-3 REPLY-24"}
    ),
    "keeps members of the header before": fault(
        state.KeepsMembers, "HEAD-12", {SAME_HEADERS: "HEAD-10 HEAD-11 ERR-1 ERR-2 ERR-3 REPLY-11 REPLY-15 REPLY-20"}
    ),
    "pads with the last body": fault(
        state.PadsWithTheLast, "STORE-1", {AGAIN: "FRAME-7 FRAME-8 FRAME-10 STORE-3 STORE-9 REPLY-3 REPLY-9"}
    ),
    "errors stick": fault(state.ErrorsStick, "REPLY-6", {REFUSED: "ERR-5 ERR-10 REPLY-20", READ_THERE: "REPLY-3"}),
    "sizes of unknown commands stick": fault(state.UnknownSizeSticks, "ERR-11", {AGAIN: "ERR-12 REPLY-19 FRAME-10"}),
    "names of stats stick": fault(state.StatNameSticks, "STORE-1", {AGAIN: "FRAME-10 ERR-9 REPLY-3 REPLY-6 REPLY-10"}),
    "an empty body after a long one replaces none": fault(
        state.EmptyAfterLong, "STORE-2", {AGAIN: "FRAME-10 STORE-3 REPLY-9"}
    ),
    "digest of refused bodies": fault(
        state.DigestOfRefused, "REPLY-6", {REFUSED: "ERR-5 ERR-10 REPLY-20", READ_THERE: "REPLY-3"}
    ),
    "malformed headers after a put are forgiven": fault(
        state.ForgivesAfterAPut, "ERR-2", {SAME_HEADERS: "ERR-1 ERR-3 REPLY-20"}
    ),
    # Long refused bodies
    "says it stays at 1 MiB": fault(refusals.ClosesAt1MiB, "REPLY-20", {REFUSED: "ERR-10"}),
    "says it stays at 8 MiB": fault(refusals.ClosesAt8MiB, "REPLY-20", {REFUSED: "ERR-10"}),
    "says it stays at 64 MiB": fault(refusals.ClosesAt64MiB, "REPLY-20", {REFUSED: "ERR-10"}),
    "says it stays at 2^62": fault(refusals.SaysItStaysAtEndless, "REPLY-20", {REFUSED: "ERR-10"}),
    "32 bits of a refused body": fault(
        refusals.RefusesIn32Bits,
        "ERR-5",
        {REFUSED: "ERR-10 REPLY-20", "sizes of 2^63 are refused by it, too": "HEAD-14"},
    ),
    "silent at long refused bodies": fault(
        refusals.SilentAtEndless, "REPLY-16", {READ_THERE: "REPLY-1", REFUSED: "REPLY-17 REPLY-20"}
    ),
    # Nearly alike
    "ignores case where the exact member is absent": fault(
        refusals.FoldsWhereAbsent,
        "HEAD-3",
        {SAME_HEADERS: "HEAD-10 HEAD-11 HEAD-12 ERR-1 ERR-2 ERR-3 REPLY-15 REPLY-20"},
    ),
    "skips what looks alike": fault(refusals.SkipsWhatLooksAlike, "STORE-3", {AGAIN: "REPLY-9", SAME_NAMES: "STORE-9"}),
    # Races
    "digest after the rename": fault(races.DigestAfterRename, "REPLY-6", {SAME_NAMES: "STORE-9"}, wavers=RACE),
    "size after the rename": fault(races.SizeAfterRename, "REPLY-6", {SAME_NAMES: "STORE-9"}, wavers=RACE),
    "index after the rename": fault(
        races.IndexAfterRename,
        "REPLY-9",
        {"stats are held beside puts there": "REPLY-7", SAME_NAMES: "STORE-9"},
        wavers=RACE,
    ),
    "refuses the second of two puts at a time": fault(
        races.ChecksThenReplaces, "STORE-9", {SAME_NAMES: "REPLY-18 ERR-9"}
    ),
    "shares the digest": fault(races.SharesTheDigest, "REPLY-6", {WAITS: "CONN-2", SAME_NAMES: "STORE-9"}, wavers=RACE),
    # Deadlines
    "closes after 3 s": fault(resources.ClosesAfter3s, "CONN-5", {LONG_OPEN: "CONN-2 CONN-3 FRAME-9 ERR-9"}),
    "closes after 20 s": fault(resources.ClosesAfter20s, "CONN-5", {LONG_OPEN: "CONN-3 ERR-9"}),
    "one deadline for a header": fault(resources.OneDeadlineForAHeader, "CONN-5", {LONG_OPEN: "FRAME-9 CONN-3"}),
    "idle for 10 s": fault(resources.IdleFor10s, "CONN-5", {LONG_OPEN: "CONN-3"}),
    "idle for 25 s": fault(resources.IdleFor25s, "CONN-5"),
    "gives up on clients that don't read": fault(resources.GivesUpOnReaders, "CONN-8", {READ_THERE: "REPLY-3"}),
    # Ends
    "every end a reset": fault(resources.EveryEndAReset, "ERR-13", {ENDS: "ERR-8 REPLY-24 FRAME-18"}),
    "ends without linger": fault(resources.EndsWithoutLinger, "ERR-13"),
    "lingers for a moment": fault(resources.LingersForAMoment, "ERR-13"),
    "every fifth waits": fault(resources.EveryFifthWaits, "CONN-3", {WAITS: "CONN-2 CONN-5 ERR-9 STORE-9"}),
    # What runs out
    "ignores write errors": fault(resources.IgnoresWriteErrors, "REPLY-18", {"what is stored is not whole": "STORE-8"}),
    "ends at write errors": fault(resources.EndsAtWriteErrors, "ERR-9", {"the same store is full there": "REPLY-18"}),
    "gives up without descriptors": fault(resources.GivesUpWithoutDescriptors, "ERR-9", {WAITS: "CONN-2 CONN-3"}),
    "leaks a descriptor": fault(resources.LeaksADescriptor, "CONN-9"),
    "leaks a thread": fault(resources.LeaksAThread, "CONN-9"),
    "leaks memory": fault(resources.LeaksMemory, "CONN-9"),
}

ECHO: dict[str, EchoFault] = {
    "names of four workers": echo(sharing.NamesOfFour, "worker", "one-shot", "66", "--serving", "threading"),
    "names cut short": echo(sharing.NamesCutShort, "worker", "one-shot", "66", "--serving", "threading"),
    "names by how many are open": echo(
        sharing.NamesByHowManyAreOpen, "worker", "session", "66", "--serving", "threading"
    ),
    "a half-close ends a session": echo(
        sharing.HalfCloseIsTheEnd, "upper", "session", "48", _31=ENDS, _35=ENDS, _32=ENDS
    ),
    "a half-close ends lines": echo(sharing.HalfCloseIsTheEnd, "greet", "line", "48", _39=ENDS, _40=ENDS),
    "the tail of an earlier answer": echo(
        sharing.TailOfAnEarlierAnswer,
        "upper",
        "one-shot",
        "65",
        **{
            f"_{number}": "answers of all lengths follow each other there"
            for number in (1, 2, 3, 4, 5, 6, 7, 25, 26, 29)
        },
    ),
    "the tail in a session": echo(sharing.TailInASession, "upper", "session", "31", _7=AGAIN, _32=AGAIN, _35=AGAIN),
    "the tail in datagrams": echo(
        sharing.TailOfAnEarlierAnswer,
        "upper",
        "udp",
        "52",
        **{
            f"_{number}": "answers of all lengths follow each other there"
            for number in (1, 2, 3, 4, 5, 6, 7, 51, 56, 57, 59)
        },
    ),
    "an empty stream ends it": echo(sharing.EmptyKills, "greet", "one-shot", "68", _29=ENDS),
    "an empty session ends it": echo(sharing.EmptyKills, "upper", "session", "68", _34=ENDS, _47=ENDS),
    "an empty stream stays open": echo(sharing.EmptyStaysOpen, "upper", "one-shot", "28", _29=ENDS, _71=ENDS),
    "an empty session stays open": echo(sharing.EmptyStaysOpen, "upper", "session", "47", _71=ENDS),
    "changes line ends": echo(sharing.ChangesLineEnds, "upper", "one-shot", "6", _2="line feeds are tried there, too"),
    "every fifth client waits": echo(
        sharing.EveryFifthWaits, "upper", "one-shot", "63", "--serving", "threading", _67=WAITS, _64=WAITS
    ),
    "idle sessions end": echo(sharing.IdleSessionsEnd, "upper", "session", "78", _63=LONG_OPEN),
    "an empty datagram ends it": echo(sharing.EmptyDatagramKills, "greet", "udp", "56"),
}

THOROUGH = frozenset({"closes after 20 s", "idle for 25 s"})
"""Faults that no short run can show: 30 seconds of silence have to pass."""
