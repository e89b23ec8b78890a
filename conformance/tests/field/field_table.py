"""The field servers by name: how each is started, and what the suite has to say of it."""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from field.field_groups import (
    BASIC,
    CUT_OFF,
    ERRATA,
    LONG_HEADERS,
    MALFORMED,
    NESTED,
    NODE_RELATED,
    NOT_UNDERSTOOD,
    REPLACING,
    RESETS,
    SAFE,
    SEVERAL_REQUESTS,
    SPOKEN_TO,
    STREAM,
    TAUGHT,
    TAUGHT_KEEPS,
    TAUGHT_RELATED,
    all_but,
    because,
)
from field.judging import Expected

__all__ = ["FIELD", "Contact", "FieldServer"]

FOLDER: Final = Path(__file__).parent


class Contact:
    """What the line of first contact says, as far as it is the same each time."""

    SPEAKS = "speaks JHUP"
    WHOLE = "reads whole requests only"
    BIG_ENDIAN = "big-endian"
    DIALECT = "another dialect"
    ONE_CONNECTION = "one connection, then exits"
    ONE_UPLOAD = "one upload a connection"
    NEVER_READS = "never reads"
    ECHOES = "echoes"
    SPEAKS_FIRST = "speaks first"
    NOTHING = "nothing appeared in"
    OTHER_NAMES = "files under other names"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldServer:
    """A server as people write it, and what has to be said of it.

    Attributes:
        name: short, unlike the name of any other.
        program: its file, beside this one; of Node.js where it ends in ``.js``.
        options: its words after port and folder.
        contact: what the line of first contact says.
        statuses: the exit statuses that are right; 0 conforms, 1 does not, 4 inconclusive.
        met: the classes of which the highest met has to be one; "" for none.
        blamed: clauses that have to be blamed, each of them.
        related: clauses that may be blamed as well, each with the reason. Nobody else may be.
        says: what has to be in the incident that the run reports; empty where there is none to report.
    """

    name: str
    program: str
    options: tuple[str, ...] = ()
    contact: str = Contact.SPEAKS
    statuses: frozenset[int]
    met: frozenset[str]
    blamed: frozenset[str] = frozenset()
    related: Mapping[str, str] = field(default_factory=dict)
    says: str = ""

    def __str__(self) -> str:
        return self.name

    @property
    def needs(self) -> str:
        """The program that runs it, if that may be missing."""
        return "node" if self.program.endswith(".js") else ""

    @property
    def is_runnable(self) -> bool:
        """Whether the program that runs it is here."""
        return not self.needs or shutil.which(self.needs) is not None

    def words(self, port: object = "{port}", storage: object = "{storage}") -> list[str]:
        """Return the command that starts it."""
        runner = (
            [self.needs, str(FOLDER / "node" / self.program)]
            if self.needs
            else [sys.executable, str(FOLDER / self.program)]
        )
        return [*runner, str(port), str(storage), *self.options]

    def expected(self, *, attached: bool = False) -> Expected:
        """Return what has to be said of it; attached, one that has gone away may have ended the run."""
        may_go = attached and bool(self.says)
        return Expected(
            name=self.name,
            words=self.words(),
            statuses=self.statuses | {3} if may_go else self.statuses,
            met=frozenset() if may_go else self.met,
            blamed=frozenset() if may_go else self.blamed,
            related=dict.fromkeys(self.blamed, "what has to be blamed") | dict(self.related),
            contact=self.contact,
            says="" if attached else self.says,
            is_attached=attached,
        )


def wrong(
    name: str, program: str, blamed: str, *groups: Mapping[str, str], met: str = "", **more: object
) -> FieldServer:
    """Make the row of a server that does not conform; clauses and classes with spaces between, "-" for no class."""
    related = {clause: reason for group in groups for clause, reason in group.items()}
    return row(name, program, "1", met, frozenset(blamed.split()), related, more)


def right(name: str, program: str, *, met: str = "safe", statuses: str = "0", **more: object) -> FieldServer:
    """Make the row of a server that conforms, or at which nothing can be found."""
    return row(name, program, statuses, met, frozenset(), {}, more)


def row(
    name: str,
    program: str,
    statuses: str,
    met: str,
    blamed: frozenset[str],
    related: Mapping[str, str],
    more: Mapping[str, object],
) -> FieldServer:
    file, *options = program.split()
    return FieldServer(
        name=name,
        program=file,
        options=tuple(options),
        statuses=frozenset(map(int, statuses.split())),
        met=frozenset("" if each == "-" else each for each in met.split() or ["-"]),
        blamed=blamed,
        related={clause: reason for clause, reason in related.items() if clause not in blamed},
        contact=str(more.get("contact", Contact.SPEAKS)),
        says=str(more.get("says", "")),
    )


FIELD: Final[tuple[FieldServer, ...]] = (
    # Correct
    right("correct, silent", "correct.py"),
    right("one thread and select", "select_loop.py nothing"),
    right("correct, in Node.js", "correct.js", met="replies"),
    right("50 ms a step", "slow.py 50"),
    right("no bodies but empty ones", "short_bodies.py 0", statuses="0 4", met="- basic stream safe"),
    right("bodies of one byte", "short_bodies.py 1", statuses="0 4", met="- basic stream safe"),
    right("bodies of 1,000 bytes", "short_bodies.py 1000"),
    right("bodies of 5,000 bytes", "short_bodies.py 5000"),
    right("40 connections", "few_connections.py 40"),
    right("20 connections a second", "rate_limited.py 20", statuses="0 4", met="basic stream safe"),
    right("inetd, 60 a minute", "inetd.py 60", statuses="0 4", met="- basic stream safe"),
    right("encoded names, silent", "encoded_names.py", statuses="4", met="-", contact=Contact.OTHER_NAMES),
    right("full store", "no_room.py full", statuses="4", met="-", contact="No space left on device"),
    right("read-only store", "no_room.py read-only", statuses="4", met="-", contact="Read-only file system"),
    # Serving
    wrong("one at a time, backlog 1", "at_a_time.py 1", "CONN-2 CONN-3", met="stream"),
    wrong("one at a time, backlog 5", "at_a_time.py 5", "CONN-2 CONN-3", met="stream"),
    wrong("one at a time", "at_a_time.py 128", "CONN-2 CONN-3", met="stream"),
    wrong(
        "one connection, then exits",
        "one_connection.py",
        "ERR-9",
        because("it takes a second connection", "CONN-2 CONN-3 ERR-6 ERR-7 ERR-8 STORE-4 STORE-9 STORE-11"),
        met="- basic stream",
        contact=Contact.ONE_CONNECTION,
    ),
    wrong(
        "one upload a connection",
        "one_upload.py",
        "FRAME-10",
        SEVERAL_REQUESTS,
        met="basic",
        contact=Contact.ONE_UPLOAD,
    ),
    # Dying, spinning, hanging
    # CONN-1 sends a malformed header as well: what a dying server would have said after it nobody can know.
    wrong("dies of an exception", "select_loop.py exception", "ERR-9", MALFORMED, met="- stream", says="ValueError"),
    wrong("dies of a reset", "select_loop.py reset", "ERR-9", RESETS, met="stream", says="ConnectionResetError"),
    wrong("dies of SIGPIPE", "dies_of_epipe.py", "CONN-1 ERR-9", SPOKEN_TO, RESETS, SEVERAL_REQUESTS, says="SIGPIPE"),
    wrong("spins when a client hangs up", "spins.py", "ERR-7", CUT_OFF, RESETS, met="stream"),
    wrong("hangs at nested objects", "hangs.py", "HEAD-2", NESTED, says="hung"),
    # Other languages
    wrong("big-endian", "big_endian.py", "FRAME-1", NOT_UNDERSTOOD, contact=Contact.BIG_ENDIAN),
    wrong("whole requests", "whole_requests.py", "FRAME-2", NOT_UNDERSTOOD, contact=Contact.WHOLE),
    *(
        wrong(
            f"dialect: {name}",
            f"dialects.py {name}",
            "STORE-1",
            NOT_UNDERSTOOD,
            contact=f"{Contact.DIALECT} ({members})",
        )
        for name, members in {
            "command": "command, file_name, file_size",
            "opt": "opt, size",
            "mode": "mode, file_name, file_size",
            "operation": "operation_type, file_name, total_size",
            "camel": "fileName, fileSize",
        }.items()
    ),
    wrong("greets", "greets.py", "CONN-1", contact=Contact.SPEAKS_FIRST),
    wrong("wants a login", "login.py", "STORE-1", NOT_UNDERSTOOD, contact=Contact.NOTHING),
    wrong("echoes", "echoes.py", "CONN-1 STORE-1", NOT_UNDERSTOOD, contact=Contact.ECHOES),
    wrong("never reads", "never_reads.py", "STORE-1", NOT_UNDERSTOOD, contact=Contact.NEVER_READS),
    wrong(
        "bodies on a connection of their own", "two_connections.py", "STORE-1", NOT_UNDERSTOOD, contact=Contact.NOTHING
    ),
    # Limits and storing
    wrong("headers of 100 bytes", "short_headers.py 100", "FRAME-12", LONG_HEADERS, met="- basic"),
    wrong("headers of 1,000 bytes", "short_headers.py 1000", "FRAME-12", LONG_HEADERS, met="- basic"),
    wrong("headers of 8 KiB", "short_headers.py 8192", "FRAME-12", LONG_HEADERS, met="basic"),
    wrong("appends", "appends.py", "STORE-3", REPLACING),
    # Copies of the taught server
    wrong("taught", "taught_copies.py taught", TAUGHT, TAUGHT_RELATED, met="basic"),
    wrong(
        "taught, with a way out of its loops",
        "taught_copies.py leave",
        "FRAME-3 FRAME-4 STORE-6 STORE-7 NAME-6 NAME-9",
        all_but(ERRATA, f"{TAUGHT_KEEPS} FRAME-7 ERR-7", STREAM, SAFE),
        met="basic",
    ),
    wrong(
        "taught, with base names",
        "taught_copies.py base-name",
        "FRAME-3 FRAME-4 FRAME-7 FRAME-8 ERR-6 STORE-6 STORE-7 NAME-6",
        all_but(ERRATA, f"{TAUGHT_KEEPS} ERR-12", STREAM, SAFE),
        met="basic",
    ),
    wrong("taught, with pieces of 8 KiB", "taught_copies.py pieces", TAUGHT, TAUGHT_RELATED, met="basic"),
    wrong(
        "taught, in memory",
        "taught_copies.py memory",
        "FRAME-3 FRAME-4 FRAME-7 FRAME-8 ERR-6 NAME-6 NAME-9",
        all_but(ERRATA, TAUGHT_KEEPS, STREAM, SAFE),
        met="basic",
    ),
    wrong(
        "taught, says done",
        "taught_copies.py done",
        "CONN-1 FRAME-3 FRAME-4 FRAME-7 STORE-6 NAME-6",
        all_but(ERRATA, TAUGHT_KEEPS.replace("CONN-1", ""), STREAM, SAFE),
    ),
    wrong(
        "taught, one at a time",
        "taught_copies.py iterative",
        "CONN-2 CONN-3 FRAME-3 FRAME-4",
        TAUGHT_RELATED,
        met="basic",
    ),
    # In Node.js
    wrong(
        "Node.js: dies of an exception",
        "dies_of_exception.js",
        "ERR-9",
        NODE_RELATED,
        met="- basic",
        says="SyntaxError",
    ),
    wrong(
        "Node.js: dies of a reset", "dies_of_reset.js", "ERR-9", NODE_RELATED, met="- basic stream", says="ECONNRESET"
    ),
    wrong(
        "Node.js: dies of EPIPE",
        "dies_of_epipe.js",
        "CONN-1 ERR-9 FRAME-11",
        all_but("nothing is stored before the stream ends, and then it may die", "NAME-1", BASIC, STREAM, SAFE),
        says="Unhandled 'error' event",  # EPIPE, or ECONNRESET where its loop hears of the reset before it writes
    ),
    wrong("Node.js: whole requests", "whole_requests.js", "FRAME-2", NOT_UNDERSTOOD, contact=Contact.WHOLE),
    wrong("Node.js: loops at NaN", "nan_loop.js", "HEAD-12", NODE_RELATED, met="- basic stream", says="hung"),
    wrong(
        "Node.js: another dialect",
        "dialect.js",
        "STORE-1",
        NOT_UNDERSTOOD,
        contact=f"{Contact.DIALECT} (opt, file_name, total_size)",
    ),
)
