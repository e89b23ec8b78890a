"""The options of a run, read from what the command or pytest was given, and checked."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil

from jhup.address import Address, Transport, parse_address
from jhup.clauses import ConformanceClass
from jhup.versions import CURRENT
from jhup_conformance.echo.declared import Declared
from jhup_conformance.language import language_of
from jhup_conformance.profiles import Profile
from jhup_conformance.run.commands import CommandError, check_spawn, check_witness
from jhup_conformance.run.echo_options import read_declared
from jhup_conformance.run.known_failing import read_known_failing
from jhup_conformance.run.report_folder import settle
from jhup_conformance.run.selected import selected
from jhup_conformance.run.usage import UsageError
from jhup_conformance.target.services import SERVICES, UPLOAD, Kind
from jhup_conformance.wire.dialer import tls_context

__all__ = ["Options", "UsageError", "has_learner"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a run was asked to do, checked."""

    target: Address | None
    service: str = UPLOAD
    up_to: ConformanceClass = Kind.UPLOAD.classes[-1]
    class_asked: bool = False
    storage: Path | None = None
    witness: str | None = None
    spawn: str | None = None
    transport: Transport | None = None
    pid: int | None = None
    clauses: frozenset[str] | None = None
    profile: Profile = Profile.DEFAULT
    seed: int = 0
    time_limit: float | None = None
    strict: bool = False
    known_failing: Mapping[str, str]
    allow_unverified: bool = False
    report: Path | None = None
    spec: str | None = None
    tls_ca: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    tls_insecure: bool = False
    declared: Declared | None = None
    lang: str = "en"
    language: str | None = None
    summary: Path | None = None
    stop_first: bool = False
    last_failed: bool = False
    spec_version: str = CURRENT
    learn: bool = False
    jobs: int | None = None

    @property
    def can_be_shared(self) -> bool:
        """Whether several processes can judge: each starts an upload server of its own, with a folder of its own."""
        if self.kind is not Kind.UPLOAD:
            return False
        return self.spawn is not None and "{storage}" in self.spawn and self.storage is None

    @property
    def kind(self) -> Kind:
        """What kind of service is judged."""
        return SERVICES[self.service]

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
        service = values.get("service") or UPLOAD
        kind = SERVICES[service]
        spawn = values.get("spawn")
        address = _read_target(target, spawn, kind)
        if address is None and spawn is None and not listing:
            raise UsageError("no target: name one (HOST:PORT, tls://…, unix:PATH) or start one with --spawn COMMAND")
        transport = _read_transport(values.get("transport"), spawn, kind)
        pid = _read_pid(values.get("pid"), spawn)
        _check_commands(spawn, transport, values.get("witness"))
        limit = values.get("time_limit")
        if limit is not None and limit <= 0:
            raise UsageError(f"--time-limit: {limit:g} is not a positive number of seconds")
        seed = values.get("seed")
        options = cls(
            target=address,
            service=service,
            declared=read_declared(service, values, address),
            up_to=_read_class(values.get("class"), service),
            class_asked=bool(values.get("class")),
            storage=_read_storage(values.get("storage"), spawn),
            witness=values.get("witness"),
            spawn=spawn,
            transport=transport,
            pid=pid,
            clauses=selected(values.get("clause") or (), values.get("section") or ()),
            profile=Profile(values.get("profile") or Profile.DEFAULT),
            seed=secrets.randbelow(2**31) if seed is None else seed,
            time_limit=limit,
            strict=bool(values.get("strict")),
            known_failing=read_known_failing(values["known_failing"]) if values.get("known_failing") else {},
            allow_unverified=bool(values.get("allow_unverified")),
            report=Path(values["report"]) if values.get("report") else None,
            spec=_read_spec(values.get("spec")),
            tls_ca=values.get("tls_ca"),
            tls_cert=values.get("tls_cert"),
            tls_key=values.get("tls_key"),
            tls_insecure=bool(values.get("tls_insecure")),
            lang=values.get("lang") or language_of(),
            language=values.get("language"),
            summary=_read_summary(values.get("summary")),
            stop_first=bool(values.get("stop_first")),
            last_failed=bool(values.get("last_failed")),
            spec_version=values.get("spec_version") or CURRENT,
            learn=_read_learn(values.get("learn"), kind),
            jobs=values.get("jobs"),
        )
        options._check_jobs()
        options._check_tls()
        if options.report and not listing:
            _settle_report(options.report)
        return options

    def _check_jobs(self) -> None:
        if self.jobs is None:
            return
        if self.jobs < 1:
            raise UsageError(f"--jobs: {self.jobs} is not a positive number of processes")
        if self.jobs > 1 and not self.can_be_shared:
            raise UsageError(
                "--jobs is for upload servers started by --spawn with {storage}, without --storage: each process "
                "starts one, with a folder of its own"
            )

    def _check_tls(self) -> None:
        """Read the certificates now: a file that is missing or wrong is no fault of the target."""
        if self.tls_key and not self.tls_cert:
            raise UsageError("--tls-key without --tls-cert: name the certificate that the key belongs to")
        for flag, ca, cert in (("--tls-ca", self.tls_ca, None), ("--tls-cert", None, self.tls_cert)):
            if not (ca or cert):
                continue
            try:
                tls_context(ca=ca, cert=cert, key=self.tls_key if cert else None, insecure=False)
            except OSError as error:
                raise UsageError(f"{flag}: can't use {ca or cert}: {error.strerror or error}") from error


def _read_target(target: str | None, spawn: str | None, kind: Kind) -> Address | None:
    if target is None:
        return None
    if spawn is not None:
        raise UsageError(
            f"TARGET ({target}) and --spawn exclude each other: the suite chooses the address of a server that it "
            "starts; --transport says over what"
        )
    try:
        address = parse_address(target)
    except ValueError as error:
        raise UsageError(f"target: {error}") from error
    if address.transport not in kind.transports:
        raise UsageError(f"target: {address}: {_misfit(address.transport, kind)}")
    return address


def _check_commands(spawn: str | None, transport: Transport | None, witness: str | None) -> None:
    if spawn is not None:
        try:
            check_spawn(spawn, transport)
        except CommandError as error:
            raise UsageError(f"--spawn: {error}") from error
    if witness is not None:
        try:
            check_witness(witness)
        except CommandError as error:
            raise UsageError(f"--witness: {error}") from error


def _read_storage(name: str | None, spawn: str | None) -> Path | None:
    storage = Path(name) if name else None
    if storage and not storage.is_dir() and (not spawn or storage.exists()):
        raise UsageError(f"--storage: {storage} is not a folder")
    return storage


def _read_pid(pid: int | None, spawn: str | None) -> int | None:
    if pid is None:
        return None
    if spawn is not None:
        raise UsageError("--pid and --spawn exclude each other: a spawned server's process is known")
    if not psutil.pid_exists(pid):
        raise UsageError(f"--pid: there is no process {pid}")
    return pid


def _read_summary(name: str | None) -> Path | None:
    where = name or os.environ.get("GITHUB_STEP_SUMMARY")
    if not where:
        return None
    try:
        with Path(where).open("a", encoding="utf-8"):
            return Path(where)
    except OSError as error:
        raise UsageError(f"--summary: can't write to {where}: {error.strerror}") from error


def has_learner() -> bool:
    """Tell whether the library that learns state machines is installed."""
    return find_spec("aalpy") is not None


def _read_learn(wanted: bool | None, kind: Kind) -> bool:
    if wanted and kind is not Kind.UPLOAD:
        raise UsageError("--learn is for upload servers; the echo services have no machine in the specification")
    if wanted and not has_learner():
        raise UsageError("--learn needs AALpy: pip install 'jhup[learn]'")
    return bool(wanted)


def _settle_report(folder: Path) -> None:
    try:
        settle(folder)
    except OSError as error:
        raise UsageError(f"--report: can't write to {folder}: {error.strerror}") from error


def _misfit(transport: Transport, kind: Kind) -> str:
    if not transport.is_stream:
        return f"{transport} carries datagrams; the upload protocol needs a byte stream"
    fitting = ", ".join(sorted(kind.transports))
    return f"chapter 10 has no echo services over {transport}; expected one of {fitting}"


def _read_transport(name: str | None, spawn: str | None, kind: Kind) -> Transport | None:
    if name is None:
        return None
    if spawn is None:
        raise UsageError("--transport is for --spawn: a target says itself what it is reached by")
    if Transport(name) not in kind.transports:
        raise UsageError(f"--transport: {_misfit(Transport(name), kind)}")
    return Transport(name)


def _read_spec(where: str | None) -> str | None:
    """Return the base of links to clauses, which has to work from any folder that a report is read in."""
    if not where or "://" in where:
        return where or None
    folder = Path(where).resolve()
    if not (folder / "index.html").is_file():
        raise UsageError(
            f"--spec: {where} has no index.html; expected an address, or the folder that `tox -e spec` fills"
        )
    return folder.as_uri()


def _read_class(name: str | None, service: str) -> ConformanceClass:
    classes = SERVICES[service].classes
    if name is None:
        return classes[-1]
    if ConformanceClass(name) not in classes:
        expected = ", ".join(classes)
        raise UsageError(f"--class: {service} servers have no class {name}; expected one of {expected}")
    return ConformanceClass(name)
