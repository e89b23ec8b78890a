"""What a run against a client was asked to do, checked."""

import secrets
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jhup.address import Address, Transport, parse_address
from jhup.clauses import ConformanceClass
from jhup_conformance.clients.case import Effort
from jhup_conformance.clients.checks import client_clauses
from jhup_conformance.clients.command import is_asking, is_sending_several
from jhup_conformance.findings import UPLOAD_CLASSES
from jhup_conformance.profiles import Profile
from jhup_conformance.run.known_failing import read_known_failing
from jhup_conformance.run.usage import UsageError

__all__ = ["EFFORTS", "PATIENCE", "ClientOptions"]

PATIENCE: Final = 120.0
"""Seconds after which a client that has not ended is taken to wait for ever."""

_ANYWHERE: Final = Address(Transport.TCP, host="127.0.0.1")
EFFORTS: Final[Mapping[str, Effort]] = {
    Profile.QUICK.value: Effort.QUICK,
    Profile.DEFAULT.value: Effort.DEFAULT,
    Profile.THOROUGH.value: Effort.THOROUGH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """The options of one run.

    Attributes:
        command: starts the client; empty where it is elsewhere.
        said: what it is told over standard input, with placeholders; None for nothing.
        listen: where the scripted server listens; port 0 lets the system choose, for each case anew.
        trigger: the command that makes a client elsewhere send.
        waits: whether a person makes the client send.
        many: whether the client can send several files in one run.
        asks: whether it can be told to ask for replies.
        patience: seconds after which a client is taken to wait for ever.
        clauses: the ones to judge; None for all.
        up_to: the highest class.
        profile: how much is tried.
        seed: of what is drawn.
        time_limit: seconds for the whole run; None for no bound.
        tls_cert: certificate of the scripted server (PEM); the client then has to speak TLS.
        tls_key: its key, if in another file.
    """

    command: tuple[str, ...] = ()
    said: str | None = None
    listen: Address = _ANYWHERE
    trigger: str | None = None
    waits: bool = False
    many: bool = False
    asks: bool = False
    patience: float = PATIENCE
    clauses: frozenset[str] | None = None
    up_to: ConformanceClass = UPLOAD_CLASSES[-1]
    profile: str = Profile.DEFAULT.value
    seed: int = 0
    time_limit: float | None = None
    strict: bool = False
    known_failing: Mapping[str, str]
    allow_unverified: bool = False
    report: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None

    @property
    def sees_the_end(self) -> bool:
        """Whether the process of the client is seen."""
        return bool(self.command)

    @property
    def is_one_address(self) -> bool:
        """Whether all cases have one address, so that they run one after the other."""
        return self.listen.transport is Transport.UNIX or self.listen.port != 0 or not self.sees_the_end

    @property
    def shown(self) -> str:
        """The client in a line."""
        if self.command:
            return shlex.join(self.command)
        return f"whatever {self.trigger!r} makes send" if self.trigger else f"whoever connects to {self.listen}"

    @classmethod
    def read(cls, command: Sequence[str], values: Mapping[str, Any]) -> "ClientOptions":
        """Check what was given.

        Raises:
            UsageError: naming the option, what was wrong and what was expected.
        """
        trigger, waits = values.get("trigger"), bool(values.get("wait"))
        given = [name for name, value in (("a COMMAND", command), ("--trigger", trigger), ("--wait", waits)) if value]
        if len(given) != 1:
            told = " and ".join(given) or "none of them"
            raise UsageError(f"expected either -- COMMAND, --trigger or --wait; given: {told}")
        if command and shutil.which(command[0]) is None:
            raise UsageError(f"can't start {command[0]}: there is no such command")
        listen = _read_listen(values.get("listen"))
        if not command and listen is _ANYWHERE:
            raise UsageError(f"{given[0]} needs --listen: the client has to know where to connect")
        said = values.get("stdin")
        if said is not None and not command:
            raise UsageError("--stdin is for a client that is started: give a COMMAND")
        for name in ("time_limit", "patience"):
            if values.get(name) is not None and values[name] <= 0:
                flag = name.replace("_", "-")
                raise UsageError(f"--{flag}: {values[name]:g} is not a positive number of seconds")
        if values.get("tls_key") and not values.get("tls_cert"):
            raise UsageError("--tls-key without --tls-cert")
        seed = values.get("seed")
        words = (*command, said or "", trigger or "")
        return cls(
            command=tuple(command),
            said=None if said is None else _unescaped(said),
            listen=listen,
            trigger=trigger,
            waits=waits,
            many=bool(values.get("many")) or is_sending_several(words),
            asks=bool(values.get("ask")) or is_asking(words),
            patience=values.get("patience") or PATIENCE,
            clauses=_selected(values.get("clause") or (), values.get("section") or ()),
            up_to=ConformanceClass(values.get("class") or UPLOAD_CLASSES[-1]),
            profile=values.get("profile") or Profile.DEFAULT.value,
            seed=secrets.randbelow(2**31) if seed is None else seed,
            time_limit=values.get("time_limit"),
            strict=bool(values.get("strict")),
            known_failing=read_known_failing(values["known_failing"]) if values.get("known_failing") else {},
            allow_unverified=bool(values.get("allow_unverified")),
            report=values.get("report"),
            tls_cert=values.get("tls_cert"),
            tls_key=values.get("tls_key"),
        )


def _read_listen(text: str | None) -> Address:
    if text is None:
        return _ANYWHERE
    try:
        address = parse_address(text)
    except ValueError as error:
        raise UsageError(f"--listen: {error}") from error
    if not address.transport.is_stream:
        raise UsageError(f"--listen: {text}: uploads need a byte stream, not datagrams")
    if address.transport is Transport.TLS:
        raise UsageError(f"--listen: {text}: give HOST:PORT, and the certificate with --tls-cert")
    return address


def _unescaped(text: str) -> str:
    r"""Return a text with the escapes that shells leave alone: \n, \r, \t and \\."""
    marks = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}
    made, rest = "", iter(text)
    for each in rest:
        if each != "\\":
            made += each
            continue
        following = next(rest, "\\")
        made += marks.get(following, f"\\{following}")
    return made


def _selected(identifiers: Sequence[str], sections: Sequence[str]) -> frozenset[str] | None:
    if not identifiers and not sections:
        return None
    known = {clause.id: clause for clause in client_clauses()}
    chosen = set()
    for identifier in identifiers:
        if identifier.upper() not in known:
            raise UsageError(f"--clause: {identifier} binds no client that uploads; --list shows those that do")
        chosen.add(identifier.upper())
    for section in sections:
        found = {each.id for each in known.values() if section.lower() in _names(each.section, each.prefix)}
        if not found:
            raise UsageError(
                f"--section: no section {section} binds clients; expected 9.1, 9.2, 9.3, 11.1, CLIENT or EXT"
            )
        chosen |= found
    return frozenset(chosen)


def _names(section: str, prefix: str) -> set[str]:
    number, _, title = section.partition(" ")
    return {number, title.lower(), prefix.lower(), number.partition(".")[0]}
