"""The options of a run, declared once for the command and for the pytest plugin."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jhup.address import Address, Transport, parse_address
from jhup.clauses import ConformanceClass, clauses
from jhup_conformance.effort import Profile
from jhup_conformance.outcome import UPLOAD_CLASSES

__all__ = ["DECLARATIONS", "Declaration", "Options", "UsageError", "read_known_failing"]


class UsageError(Exception):
    """An option that can't be used as given; the message says why and what was expected."""


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
    Declaration(flag="--class", help="Judge up to this class; all by default.",
                choices=tuple(each.value for each in UPLOAD_CLASSES)),
    Declaration(flag="--storage", help="The server's store is this local folder.", metavar="DIR"),
    Declaration(flag="--witness", help="Read stored files through a command with {filename}; exit 44 = no such file.",
                metavar="COMMAND"),
    Declaration(flag="--spawn", help="Start it by a command with {port}, {storage}, {host}, {socket}; stop it after.",
                metavar="COMMAND"),
    Declaration(flag="--pid", help="Watch this local process: processor time, memory, descriptors.", kind=int,
                metavar="N"),
    Declaration(flag="--clause", help="Run only the checks of this clause (repeatable).", metavar="ID", repeated=True),
    Declaration(flag="--section", help="Run only this section, such as FRAME, framing or 2.3 (repeatable).",
                metavar="NAME", repeated=True),
    Declaration(flag="--profile", help="How much to try.", default=Profile.DEFAULT.value,
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
    Declaration(flag="--tls-ca", help="For tls:// targets: trust the certificates in this file.", metavar="FILE"),
    Declaration(flag="--tls-cert", help="For tls:// targets: the suite's own certificate.", metavar="FILE"),
    Declaration(flag="--tls-key", help="For tls:// targets: the key of that certificate.", metavar="FILE"),
    Declaration(flag="--tls-insecure", help="For tls:// targets: trust any certificate.", default=False),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a run was asked to do, checked."""

    target: Address | None
    service: str = "upload"
    up_to: ConformanceClass = UPLOAD_CLASSES[-1]
    class_asked: bool = False
    storage: Path | None = None
    witness: str | None = None
    spawn: str | None = None
    pid: int | None = None
    clauses: frozenset[str] | None = None
    profile: Profile = Profile.DEFAULT
    seed: int = 0
    time_limit: float | None = None
    strict: bool = False
    known_failing: Mapping[str, str]
    allow_unverified: bool = False
    report: Path | None = None
    tls_ca: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    tls_insecure: bool = False

    @classmethod
    def read(cls, target: str | None, values: Mapping[str, Any], *, listing: bool = False) -> "Options":
        """Check what was given.

        Args:
            target: the address, if any.
            values: by `Declaration.name`, None or empty where absent.
            listing: whether nothing will be sent, so that no target is needed.

        Raises:
            UsageError: naming the option, what was wrong and what was expected.
        """
        address = _read_target(target, values.get("spawn"))
        if address is None and not values.get("spawn") and not listing:
            raise UsageError("no target: name one (HOST:PORT, tls://…, unix:PATH) or start one with --spawn COMMAND")
        if values.get("pid") and values.get("spawn"):
            raise UsageError("--pid and --spawn exclude each other: a spawned server's process is known")
        storage = Path(values["storage"]) if values.get("storage") else None
        if storage and not storage.is_dir() and not values.get("spawn"):
            raise UsageError(f"--storage: {storage} is not a folder")
        witness = values.get("witness")
        if witness and "{filename}" not in witness:
            raise UsageError("--witness: the command needs {filename} where the name goes")
        limit = values.get("time_limit")
        if limit is not None and limit <= 0:
            raise UsageError(f"--time-limit: {limit:g} is not a positive number of seconds")
        seed = values.get("seed")
        return cls(
            target=address,
            up_to=ConformanceClass(values.get("class") or UPLOAD_CLASSES[-1]),
            class_asked=bool(values.get("class")),
            storage=storage,
            witness=witness,
            spawn=values.get("spawn"),
            pid=values.get("pid"),
            clauses=_selected(values.get("clause") or (), values.get("section") or ()),
            profile=Profile(values.get("profile") or Profile.DEFAULT),
            seed=secrets.randbelow(2**31) if seed is None else seed,
            time_limit=limit,
            strict=bool(values.get("strict")),
            known_failing=read_known_failing(values["known_failing"]) if values.get("known_failing") else {},
            allow_unverified=bool(values.get("allow_unverified")),
            report=Path(values["report"]) if values.get("report") else None,
            tls_ca=values.get("tls_ca"),
            tls_cert=values.get("tls_cert"),
            tls_key=values.get("tls_key"),
            tls_insecure=bool(values.get("tls_insecure")),
        )


def _read_target(target: str | None, spawn: str | None) -> Address | None:
    if target is None:
        return None
    try:
        address = parse_address(target)
    except ValueError as error:
        raise UsageError(f"target: {error}") from error
    if not address.transport.is_stream:
        raise UsageError(f"target: {address} carries datagrams; the upload protocol needs a byte stream")
    if spawn and address.transport is Transport.UNIX:
        raise UsageError("--spawn chooses the socket itself: put {socket} into the command, and no unix: target")
    return address


def _selected(identifiers: tuple[str, ...], sections: tuple[str, ...]) -> frozenset[str] | None:
    """Give the clauses that were asked for; None for all."""
    if not identifiers and not sections:
        return None
    known = clauses()
    chosen = set()
    for identifier in identifiers:
        if identifier.upper() not in known:
            raise UsageError(f"--clause: the specification has no {identifier}; --list shows what it has")
        chosen.add(identifier.upper())
    for section in sections:
        found = set(_in_section(section))
        if not found:
            names = ", ".join(sorted({each.prefix for each in known.values()}))
            raise UsageError(f"--section: there is no {section}; expected one of {names}, or a chapter's name")
        chosen |= found
    return frozenset(chosen)


def _in_section(section: str) -> Iterator[str]:
    for each in clauses().values():
        chapter = each.chapter.removesuffix(".md")
        if section.lower() in {each.prefix.lower(), chapter, chapter[3:], each.section.partition(" ")[0]}:
            yield each.id


def read_known_failing(path: str) -> dict[str, str]:
    """Read a file of known failures: a clause ID and a reason on each line; ``#`` begins a comment.

    Raises:
        UsageError: with the line that is wrong.
    """
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--known-failing: can't read {path}: {error}") from error
    found = {}
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        identifier, _, reason = text.partition(" ")
        if identifier not in clauses():
            raise UsageError(f"--known-failing: {path}:{number}: the specification has no clause {identifier!r}")
        if not reason.strip():
            raise UsageError(f"--known-failing: {path}:{number}: {identifier} needs a reason behind it")
        found[identifier] = reason.strip()
    return found
