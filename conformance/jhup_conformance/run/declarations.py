"""The options of a run, declared once for the command and for the pytest plugin."""

from dataclasses import dataclass
from typing import Any, Final

from jhup.address import Transport
from jhup.clauses import ConformanceClass
from jhup.echo import Shape
from jhup_conformance.echo.declared import SERVINGS
from jhup_conformance.profiles import Profile
from jhup_conformance.target.services import SERVICES, UPLOAD

__all__ = ["DECLARATIONS", "Declaration"]


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
    """

    flag: str
    help: str
    default: Any = None
    kind: type = str
    choices: tuple[str, ...] = ()
    metavar: str | None = None
    repeated: bool = False

    @property
    def name(self) -> str:
        """The name that carries its value in programs."""
        return self.flag.lstrip("-").replace("-", "_")


DECLARATIONS: Final = (
    Declaration(flag="--service", help="What to judge.", default=UPLOAD, choices=tuple(SERVICES)),
    Declaration(flag="--class", help="Judge up to this class; all by default. Echo services have basic and full.",
                choices=tuple(each.value for each in ConformanceClass)),
    Declaration(flag="--shape", help="Echo: how it cuts a stream into messages; one-shot, unless it shows more.",
                choices=tuple(each.value for each in Shape if each is not Shape.DATAGRAM)),
    Declaration(flag="--no-trim", help="Echo: it keeps the white space at the ends of messages.", default=False),
    Declaration(flag="--serving", help="Echo: how it serves several clients; concurrent, unless declared.",
                choices=tuple(SERVINGS)),
    Declaration(flag="--max-message", help="Echo: the most bytes that it takes as one message.", kind=int,
                metavar="N"),
    Declaration(flag="--storage", help="The server's store is this local folder.", metavar="DIR"),
    Declaration(flag="--witness", help="Read stored files through a command with {filename}; exit 44 = no such file.",
                metavar="COMMAND"),
    Declaration(flag="--spawn", metavar="COMMAND",
                help="Start it by a command with {bind}, {host}, {port}, {socket}, {storage}; stop it after."),
    Declaration(flag="--transport", help="What a spawned server listens on; tcp, unless the command or TARGET says.",
                choices=tuple(each.value for each in Transport)),
    Declaration(flag="--pid", help="Watch this local process: processor time, memory, descriptors.", kind=int,
                metavar="N"),
    Declaration(flag="--clause", help="Run only the checks of this clause (repeatable).", metavar="ID", repeated=True),
    Declaration(flag="--section", help="Run only this section, such as FRAME, framing or 2.3 (repeatable).",
                metavar="NAME", repeated=True),
    Declaration(flag="--profile", help="Try a check of each kind; all, with few examples; all of it; for minutes.",
                default=Profile.DEFAULT.value,
                choices=tuple(each.value for each in Profile)),
    Declaration(flag="--seed", help="Repeat the random choices of an earlier run.", kind=int, metavar="N"),
    Declaration(flag="--time-limit", help="End the run after so many seconds, reports included.", kind=float,
                metavar="SECONDS"),
    Declaration(flag="--strict", help="Let a SHOULD count as a MUST.", default=False),
    Declaration(flag="--known-failing", help="File of clause IDs that may fail, each with a reason behind it.",
                metavar="FILE"),
    Declaration(flag="--allow-unverified", help="Exit with 0 when nothing failed but not all could be seen.",
                default=False),
    Declaration(flag="--report", help="Write report.json, junit.xml, report.html and the failing exchanges here.",
                metavar="DIR"),
    Declaration(flag="--spec", help="Where the specification's site was put: findings link to their clauses there.",
                metavar="URL|DIR"),
    Declaration(flag="--tls-ca", help="For tls:// targets: trust the certificates in this file.", metavar="FILE"),
    Declaration(flag="--tls-cert", help="For tls:// targets: the suite's own certificate.", metavar="FILE"),
    Declaration(flag="--tls-key", help="For tls:// targets: the key of that certificate.", metavar="FILE"),
    Declaration(flag="--tls-insecure", help="For tls:// targets: trust any certificate.", default=False),
)  # fmt: skip
