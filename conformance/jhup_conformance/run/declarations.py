"""The options of a run, declared once for the command and for the pytest plugin."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from jhup.address import Transport
from jhup.clauses import ConformanceClass
from jhup.echo import Shape
from jhup.versions import CURRENT, versions
from jhup_conformance.echo.declared import SERVINGS
from jhup_conformance.language import LANGUAGES
from jhup_conformance.profiles import Profile
from jhup_conformance.target.services import SERVICES, UPLOAD

__all__ = ["DECLARATIONS", "Declaration", "Names"]


class Names(Enum):
    """What the value of an option names, for shells that complete it."""

    NOTHING = auto()
    CLAUSE = auto()
    FILE = auto()
    FOLDER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One option.

    Attributes:
        flag: as written on a command line.
        help: one line.
        default: its value when absent; False makes it a switch.
        kind: what values are: str, int or float.
        choices: the values allowed, if they are few.
        metavar: what stands for the value in help texts.
        repeated: whether it may be given several times.
        names: what its value names.
    """

    flag: str
    help: str
    default: Any = None
    kind: type = str
    choices: tuple[str, ...] = ()
    metavar: str | None = None
    repeated: bool = False
    names: Names = Names.NOTHING

    @property
    def name(self) -> str:
        """The name that carries its value in programs."""
        return self.flag.lstrip("-").replace("-", "_")


DECLARATIONS: Final = (
    Declaration(flag="--service", help="What to judge.", default=UPLOAD, choices=tuple(SERVICES)),
    Declaration(flag="--class", help="Judge up to this class. Default: all. Echo services have basic and full.",
                choices=tuple(each.value for each in ConformanceClass)),
    Declaration(flag="--shape", help="Echo: how the server cuts a stream into messages. Default: one-shot, unless it "
                "shows another.",
                choices=tuple(each.value for each in Shape if each is not Shape.DATAGRAM)),
    Declaration(flag="--no-trim", help="Echo: the server keeps the white space at the ends of messages.",
                default=False),
    Declaration(flag="--serving", help="Echo: how the server serves several clients. Default: concurrently.",
                choices=tuple(SERVINGS)),
    Declaration(flag="--max-message", help="Echo: the most bytes that the server takes as one message.", kind=int,
                metavar="N"),
    Declaration(flag="--storage", help="The server stores its files in this local folder.", metavar="DIR",
                names=Names.FOLDER),
    Declaration(flag="--witness", help="Read stored files with a command that has {filename}; exit 44 = no such file.",
                metavar="COMMAND"),
    Declaration(flag="--spawn", metavar="COMMAND",
                help="Start the server with a command that has {port} (or {bind}, {socket}), {host} and {storage}; "
                "stop it after the run."),
    Declaration(flag="--transport", help="What a spawned server listens on. Default: tcp, or as the command implies.",
                choices=tuple(each.value for each in Transport)),
    Declaration(flag="--pid", help="Also watch this local process: processor time, memory, descriptors.", kind=int,
                metavar="N"),
    Declaration(flag="--clause", help="Check only this clause (repeatable).", metavar="ID", repeated=True,
                names=Names.CLAUSE),
    Declaration(flag="--section", help="Check only this section, such as FRAME, framing or 2.3 (repeatable).",
                metavar="NAME", repeated=True),
    Declaration(flag="--profile", help="quick: one check of each kind (4 s). broad: every check, few examples. "
                "default: every check, every cut (20 s). thorough: every case, for minutes.",
                default=Profile.DEFAULT.value,
                choices=tuple(each.value for each in Profile)),
    Declaration(flag="--seed", help="Repeat the random choices of an earlier run.", kind=int, metavar="N"),
    Declaration(flag="--time-limit", help="Stop after this many seconds and write the reports.", kind=float,
                metavar="SECONDS"),
    Declaration(flag="--jobs", help="With --spawn: judge with so many processes, a server each. Default: 2 in a long "
                "run on two processors.",
                kind=int, metavar="N"),
    Declaration(flag="--strict", help="Count a SHOULD as a MUST.", default=False),
    Declaration(flag="--spec-version", help="Judge by the clauses of this version; newer checks run and don't count.",
                default=CURRENT, choices=versions()),
    Declaration(flag="--learn", default=False,
                help="Learn the server's state machine afterwards, and draw it in the report; a thorough run does."),
    Declaration(flag="--known-failing", help="A file of clauses that may fail: an ID and a reason on each line.",
                metavar="FILE", names=Names.FILE),
    Declaration(flag="--allow-unverified", help="Exit with 0 when nothing failed but not everything could be seen.",
                default=False),
    Declaration(flag="--report", help="Write report.html, report.json, junit.xml and the failing exchanges here.",
                metavar="DIR", names=Names.FOLDER),
    Declaration(flag="--summary", help="Append a summary in Markdown to this file. Default: the file that "
                "GITHUB_STEP_SUMMARY names.",
                metavar="FILE", names=Names.FILE),
    Declaration(flag="--language", help="What the server is written in, for hints. Default: guessed from --spawn.",
                choices=("python", "js", "go", "java", "csharp", "rust", "c")),
    Declaration(flag="--lang", help="The language of the findings. Default: that of the locale.",
                choices=LANGUAGES),
    Declaration(flag="--spec", help="The address or folder of the specification's site: findings link to it.",
                metavar="URL|DIR"),
    Declaration(flag="--tls-ca", help="For tls:// targets: trust the certificates in this file.", metavar="FILE",
                names=Names.FILE),
    Declaration(flag="--tls-cert", help="For tls:// targets: the suite's own certificate.", metavar="FILE",
                names=Names.FILE),
    Declaration(flag="--tls-key", help="For tls:// targets: the key of that certificate.", metavar="FILE",
                names=Names.FILE),
    Declaration(flag="--tls-insecure", help="For tls:// targets: trust any certificate.", default=False),
)  # fmt: skip
