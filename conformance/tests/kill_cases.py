"""Who is brought before the suite when the suite itself is judged, and what has to be said of each."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from echo_runs import SHAPES, WAYS
from running import REFERENCE

SERVERS = Path(__file__).parent / "servers"
sys.path.insert(0, str(SERVERS))
import echo_fault_table as echoes  # noqa: E402 - they stand beside the servers
import upload_fault_table as uploads  # noqa: E402

__all__ = ["NULL_PEERS", "Group", "Suspect", "suspects"]

NULL_PEERS = ("silent", "closing", "resetting", "flooding", "echoing", "dripping", "random", "ok")
ECHO_SERVICES = ("upper", "greet", "worker")


class Group(StrEnum):
    """What kind of suspect it is."""

    UPLOAD_FAULT = "upload fault"
    ECHO_FAULT = "echo fault"
    CORRECT = "correct server"
    NULL_PEER = "null peer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A server, and what the suite has to find of it.

    Attributes:
        group: what kind of suspect.
        name: one of its group.
        options: of the run, as the command line has them.
        blamed: clauses that have to be blamed; none, of a correct server.
        related: clauses that may be blamed as well, each with the reason.
        wavers: why any clause may be called FLAKY; empty where none may.
        meets: the class that it meets; empty where nothing has to be met.
        wrong: what is wrong with it, in a sentence.
        spare: whether it is so like others that it can be left out where time is short.
        process: why it takes a process of its own to show; empty where the simulated world shows it too.
    """

    group: Group
    name: str
    options: Mapping[str, object]
    blamed: frozenset[str] = frozenset()
    related: Mapping[str, str] = field(default_factory=dict)
    wavers: str = ""
    meets: str = ""
    wrong: str = ""
    spare: bool = False
    process: str = ""

    def __str__(self) -> str:
        return f"{self.group}: {self.name}"


def suspects() -> tuple[Suspect, ...]:
    """Return all of them; those that take longest first."""
    return (*_null_peers(), *_correct_uploads(), *_upload_faults(), *_correct_echoes(), *_echo_faults())


def _upload(script: str, *options: str) -> str:
    return " ".join([sys.executable, str(SERVERS / script), "--port {port} --storage {storage}", *options])


def _upload_faults() -> Iterator[Suspect]:
    for name, fault in uploads.FAULTS.items():
        options = ["--fault", f"'{name}'", *(["--silent"] if fault.silent else [])]
        yield Suspect(
            group=Group.UPLOAD_FAULT,
            name=name,
            options={"spawn": _upload("upload_faults.py", *options)},
            blamed=fault.blamed,
            related=fault.related,
            wavers=fault.wavers,
            wrong=(fault.server.__doc__ or "").strip(),
            spare=name in uploads.SPARE,
            process=fault.process,
        )


def _correct_uploads() -> Iterator[Suspect]:
    commands = {
        "the reference": REFERENCE,
        "on threads": _upload("upload_faults.py"),
        "on threads, with a limit": _upload("upload_faults.py", "--fault 'a limit'"),
        "on asyncio": _upload("asyncio_upload.py"),
        "on selectors": _upload("selectors_upload.py"),
    }
    for name, command in commands.items():
        process = "" if "upload_faults.py" in command or "selectors_upload.py" in command else "no blocking sockets"
        yield Suspect(group=Group.CORRECT, name=name, options={"spawn": command}, meets="replies", process=process)
        if name.startswith("on") and "limit" not in name:
            options = {"spawn": f"{command} --silent"}
            yield Suspect(group=Group.CORRECT, name=f"{name}, silent", options=options, meets="safe", process=process)


def _null_peers() -> Iterator[Suspect]:
    for kind in NULL_PEERS:
        yield Suspect(group=Group.NULL_PEER, name=kind, options={"spawn": _upload("null_peers.py", f"--kind {kind}")})


def _echo(service: str, way: str, fault: str = "", *declared: str) -> dict[str, object]:
    """Return the options of a run against the server of `echo_faults.py`, declared as it is started."""
    shape = way if way in SHAPES else "one-shot"
    words = [sys.executable, str(SERVERS / "echo_faults.py"), f"--service {service} --shape {shape} --bind {{bind}}"]
    flags = {
        flag.removeprefix("--").replace("-", "_"): value
        for flag, value in zip(declared[::2], declared[1::2], strict=True)
    }
    return {
        "service": service,
        "shape": shape if way in (*SHAPES, "unix") else None,
        "spawn": " ".join([*words, f"--fault '{fault}'" if fault else ""]),
        "transport": "tcp" if way in SHAPES else way,
        **flags,
    }


def _correct_echoes() -> Iterator[Suspect]:
    for service in ECHO_SERVICES:
        for way in WAYS:
            options = _echo(service, way)
            yield Suspect(group=Group.CORRECT, name=f"{service}, {way}", options=options, meets="full")


def _echo_faults() -> Iterator[Suspect]:
    for name, fault in echoes.FAULTS.items():
        yield Suspect(
            group=Group.ECHO_FAULT,
            name=name,
            options=_echo(fault.service, fault.way, name, *fault.options),
            blamed=fault.blamed,
            related=fault.related,
            wrong=f"{fault.service}, {fault.way}",
            process=fault.process,
        )
