"""The faults by name: how to start each, which clauses it has to be blamed for, and which it may be, with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import faults_of_datagrams as datagrams
import faults_of_replies as replies
import faults_of_streams as streams
from echo_faults import Faithful

__all__ = ["COMMON", "FAULTS", "Fault"]


@dataclass(frozen=True, slots=True)
class Fault:
    """A server that is wrong in one way.

    Attributes:
        server: its class.
        service: what it is told to serve.
        blamed: clauses that have to be blamed, each of them.
        way: the transport, or the shape of a stream over TCP.
        related: further clauses that the same fault may break, each with the reason.
        options: what is declared to the suite beside service and shape.
        process: why it takes a process of its own to show; empty where the simulated world shows it too.
    """

    server: type[Faithful]
    service: str
    blamed: frozenset[str]
    way: str = "one-shot"
    related: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    process: str = ""


def fault(
    server: type[Faithful], service: str, way: str, blamed: str, *options: str, process: str = "", **related: str
) -> Fault:
    """Make an entry: clauses as numbers, related ones as ``_7="reason"``."""
    return Fault(
        server,
        service,
        frozenset(f"ECHO-{number}" for number in blamed.split()),
        way,
        {f"ECHO-{number.removeprefix('_')}": reason for number, reason in related.items()},
        options,
        process,
    )


ALL_WHITE = "what is nothing but white space isn't trimmed either"
LATER = "a process that takes its time to end does so later"
RESET_THERE = "clients that leave reset it"
SENT_THERE = "the same bytes are sent there"
TWO_LINES = "a message that holds a carriage return is two to it"

FAULTS = {
    # What is replied
    "no-trim": fault(replies.NoTrim, "upper", "one-shot", "4", _7=ALL_WHITE),
    "no-trim in datagrams": fault(replies.NoTrim, "greet", "udp", "4", _7=ALL_WHITE),
    "no-trim of lines": fault(replies.NoTrim, "upper", "line", "4"),
    "trims blanks only": fault(replies.TrimsBlanksOnly, "greet", "one-shot", "4", _7=ALL_WHITE),
    "trims the right end only": fault(replies.TrimsOneSide, "upper", "one-shot", "4"),
    "trims too much": fault(replies.TrimsTooMuch, "upper", "one-shot", "5"),
    "trims NUL": fault(replies.TrimsNul, "upper", "one-shot", "5"),
    "upper-cases Unicode": fault(replies.UnicodeUpper, "upper", "one-shot", "3"),
    "upper-cases Unicode in datagrams": fault(replies.UnicodeUpper, "upper", "udp", "3"),
    "upper-cases Latin-1": fault(replies.Latin1Upper, "upper", "session", "3"),
    "loses NUL": fault(replies.LosesNul, "upper", "one-shot", "2"),
    "stops at NUL": fault(replies.StopsAtNul, "upper", "one-shot", "2"),
    "forgets z": fault(replies.ForgetsZ, "upper", "one-shot", "1"),
    "swaps case": fault(replies.SwapsCase, "upper", "one-shot", "2"),
    "masks bits": fault(replies.MasksBits, "upper", "line", "2"),
    "collapses white space": fault(replies.CollapsesWhite, "upper", "one-shot", "6"),
    "greets with the text": fault(replies.GreetsText, "greet", "one-shot", "10"),
    "greets without a comma": fault(replies.NoComma, "greet", "one-shot", "9"),
    "ends greetings with a line feed": fault(replies.EndsLine, "greet", "one-shot", "9"),
    "always quotes singly": fault(replies.AlwaysSingle, "greet", "one-shot", "16"),
    "always quotes doubly": fault(replies.AlwaysDouble, "greet", "one-shot", "17"),
    "escapes double quotes": fault(replies.EscapesDouble, "greet", "udp", "17 18"),
    "capital hexadecimal": fault(replies.CapitalHex, "greet", "one-shot", "14 15"),
    "writes NUL short": fault(replies.ShortNul, "greet", "one-shot", "14"),
    "writes tabs in hexadecimal": fault(replies.TabInHex, "greet", "one-shot", "12"),
    "single backslash": fault(replies.SingleBackslash, "greet", "line", "13"),
    "raw high bytes": fault(replies.RawHighBytes, "greet", "one-shot", "15"),
    "cuts answers at 512": fault(
        replies.CutsAt512, "greet", "one-shot", "10", _15="all high bytes at once have a longer literal",
        _26="the same cut shows in every long answer",
    ),
    "escapes a tilde": fault(replies.EscapesTilde, "greet", "one-shot", "11"),
    "trims although it says that it does not": fault(Faithful, "upper", "one-shot", "8", "--no-trim", "yes"),
    "drops empty contents": fault(replies.DropsEmptyContent, "greet", "one-shot", "7"),
    "a colon in the name": fault(replies.ColonInName, "worker", "one-shot", "20"),
    "no colon after the name": fault(replies.NoColon, "worker", "one-shot", "19"),
    "trims as a worker": fault(replies.WorkerTrims, "worker", "one-shot", "21"),
    "stops at NUL as a worker": fault(replies.WorkerStopsAtNul, "worker", "one-shot", "19"),
    "replies to what is not ASCII": fault(replies.RepliesToHighBytes, "worker", "one-shot", "22"),
    "replies to what is not ASCII in datagrams": fault(replies.RepliesToHighBytes, "worker", "udp", "58"),
    "same name twice": fault(replies.OneNameForAll, "worker", "one-shot", "66", "--serving", "threading"),
    # Streams
    "answers twice": fault(streams.AnswersTwice, "upper", "one-shot", "27"),
    "waits for a line feed": fault(streams.WaitsForNewline, "upper", "one-shot", "25"),
    "waits for end of stream": fault(streams.WaitsForEnd, "upper", "one-shot", "25"),
    "stays open": fault(streams.StaysOpen, "upper", "one-shot", "28", _71="what stays open is not released"),
    "closes before answering": fault(streams.ClosesBeforeAnswering, "upper", "one-shot", "25"),
    "takes more than the limit": fault(streams.TakesTooMuch, "worker", "one-shot", "26"),
    "loses a byte in the middle": fault(streams.LosesByteInTheMiddle, "worker", "one-shot", "26"),
    "answers end of stream too": fault(streams.AnswersEndToo, "greet", "one-shot", "27"),
    "ignores an empty stream": fault(streams.IgnoresEmptyStream, "greet", "one-shot", "29"),
    "gives up when half-closed": fault(
        streams.GivesUpHalfClosed, "greet", "one-shot", "48",
        _26="of a stream that ends at once nothing is answered",
    ),
    "sends a banner": fault(streams.Greets, "upper", "one-shot", "46"),
    "one at a time": fault(streams.OneAtATime, "upper", "one-shot", "63", "--serving", "threading"),
    "turns away while it serves": fault(
        streams.TurnsAwayWhileItServes, "upper", "one-shot", "64", "--serving", "iterative"
    ),
    "answers the other": fault(streams.AnswersTheOther, "worker", "one-shot", "65"),
    "at most eight": fault(streams.AtMostEight, "upper", "one-shot", "67"),
    "dies of a reset": fault(streams.DiesOfReset, "upper", "one-shot", "68", _2=RESET_THERE, _70=RESET_THERE),
    "dies of what is not ASCII": fault(
        streams.DiesOfHighBytes, "worker", "one-shot", "69", _21=SENT_THERE, _22=SENT_THERE, _23=SENT_THERE, _68=LATER,
        _70=LATER
    ),
    "dies of long streams": fault(
        streams.DiesOfLongStreams, "upper", "one-shot", "70",
        _26="it dies of each", _48="it dies of each", _49="it dies of each", _68=LATER,
    ),
    "leaks descriptors": fault(
        streams.LeaksDescriptors, "upper", "one-shot", "71", process="its descriptors show it"
    ),
    "stays open after what is not ASCII": fault(streams.LeavesOpenAfterHighBytes, "worker", "one-shot", "23"),
    "loses a byte between reads": fault(streams.LosesByteBetweenReads, "worker", "session", "31"),
    "reorders": fault(streams.Reorders, "greet", "session", "32"),
    "begins early": fault(streams.BeginsEarly, "greet", "session", "33"),
    "answers end of session": fault(
        streams.AnswersEndOfSession, "greet", "session", "34", _31="sessions end there, too"
    ),
    "answers the first only": fault(streams.AnswersFirstOnly, "upper", "session", "35"),
    "session loses patience": fault(streams.LosesPatience, "upper", "session", "78"),
    "session waits for its end": fault(streams.WaitsForEnd, "upper", "session", "30"),
    "session stays open": fault(streams.StaysOpen, "upper", "session", "47", _71="what stays open is not released"),
    "the name changes": fault(streams.NameChanges, "worker", "session", "24"),
    "goes on after what is not ASCII": fault(
        streams.GoesOnAfterHighBytes, "worker", "session", "23 36", _31=SENT_THERE
    ),
    "cuts at carriage returns": fault(
        streams.CutsAtReturn, "greet", "line", "39", _4=TWO_LINES, _7=TWO_LINES, _12=TWO_LINES
    ),
    "forgets unfinished lines": fault(streams.ForgetsUnfinishedLines, "greet", "line", "39", _40="the last one too"),
    "drops the last line": fault(streams.DropsLastLine, "greet", "line", "40"),
    "drops empty lines": fault(
        streams.DropsEmptyLines, "greet", "line", "41", _7="a line of nothing but its 0A is one of white space"
    ),
    "answers before the line ends": fault(
        streams.AnswersBeforeTheLineEnds, "greet", "line", "42", _39="each segment is taken for a line",
        _40="each segment is taken for a line",
        _45="a long line comes in pieces",
    ),
    "answers end of lines": fault(streams.AnswersEndOfLines, "greet", "line", "43"),
    "answers two lines": fault(streams.AnswersTwoLines, "greet", "line-one-shot", "44", _28="it is no one-shot server"),
    "cuts long lines": fault(streams.CutsLongLines, "greet", "line", "45"),
    "lines wait for the end": fault(streams.WaitsForEnd, "upper", "line", "38"),
    "forgets replies before what is not ASCII": fault(streams.ForgetsRepliesBeforeHighBytes, "worker", "line", "37"),
    "strips line ends": fault(streams.StripsLineEnds, "worker", "line", "39"),
    "lines stay open": fault(streams.StaysOpen, "worker", "line", "47", _71="what stays open is not released",
                             _23="it never closes at all", _45="nor after a line that is too long"),
    # Datagrams
    "never answers": fault(datagrams.NeverAnswers, "upper", "udp", "51"),
    "cuts datagrams at 1,024": fault(
        datagrams.CutsDatagramsAt1024, "greet", "udp", "52", _59="a datagram above the limit is cut in the same place"
    ),
    "loses the last byte of long datagrams": fault(
        datagrams.LosesOneByteOf512, "upper", "udp", "52", _59="a datagram above the limit loses it too"
    ),
    "merges datagrams": fault(datagrams.MergesDatagrams, "worker", "udp", "52"),
    "sends twice": fault(datagrams.SendsTwice, "upper", "udp", "53"),
    "wrong port": fault(datagrams.WrongPort, "upper", "udp", "54"),
    "answers the former sender": fault(datagrams.AnswersFormerSender, "upper", "udp", "55"),
    "drops empty datagrams": fault(datagrams.DropsEmptyDatagrams, "greet", "udp", "56"),
    "drops empty datagrams of upper": fault(datagrams.DropsEmptyDatagrams, "upper", "unixgram", "56"),
    "drops empty replies": fault(datagrams.DropsEmptyReplies, "upper", "udp", "57"),
    "cuts long datagrams too much": fault(datagrams.CutsLongDatagramsTooMuch, "upper", "udp", "59"),
    "dies of long datagrams": fault(datagrams.DiesOfLongDatagrams, "greet", "udp", "60"),
    "dies without a sender": fault(datagrams.DiesWithoutSender, "upper", "unixgram", "61"),
    "dies of a datagram that is not ASCII": fault(streams.DiesOfHighBytes, "worker", "unixgram", "69"),
}  # fmt: skip

COMMON = frozenset(
    {
        "no-trim",
        "trims too much",
        "upper-cases Unicode",
        "upper-cases Unicode in datagrams",
        "loses NUL",
        "stops at NUL",
        "forgets z",
        "collapses white space",
        "greets with the text",
        "greets without a comma",
        "always quotes singly",
        "escapes double quotes",
        "capital hexadecimal",
        "single backslash",
        "cuts answers at 512",
        "a colon in the name",
        "trims as a worker",
        "replies to what is not ASCII",
        "same name twice",
        "answers twice",
        "waits for a line feed",
        "waits for end of stream",
        "closes before answering",
        "takes more than the limit",
        "answers end of stream too",
        "gives up when half-closed",
        "one at a time",
        "answers the other",
        "dies of what is not ASCII",
        "loses a byte between reads",
        "reorders",
        "answers end of session",
        "the name changes",
        "cuts at carriage returns",
        "drops empty lines",
        "cuts datagrams at 1,024",
        "merges datagrams",
        "sends twice",
        "wrong port",
        "answers the former sender",
        "drops empty datagrams",
        "dies of long datagrams",
    }
)
"""Those that are tried in every run of the tests; the others, which are like them, are for `tox -e slow`."""
