"""One case, once: files, scripted server, client, and all that was seen of them."""

import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jhup.address import Address
from jhup_conformance.clients.case import Case, Seen
from jhup_conformance.clients.command import Call, Ending, Running, arguments, environment, filled, start
from jhup_conformance.clients.files import Placed, place
from jhup_conformance.clients.listening import Listening, open_listener
from jhup_conformance.clients.options import ClientOptions
from jhup_conformance.clients.server import ScriptedServer
from jhup_conformance.clients.talk import Talk
from jhup_conformance.clients.timeline import Side, Timeline
from jhup_conformance.run.usage import UsageError

__all__ = ["CannotPlace", "Known", "Tell", "run_case"]

Tell = Callable[[str], None]
"""Says a line to the person who makes a client send."""

_LEFT_OVER: Final = 10.0
"""Seconds for what a client wrote before it ended, and the server has yet to read."""
_QUIET: Final = 1.0
"""Seconds after the end of all connections after which a client elsewhere is taken to be done."""


class CannotPlace(Exception):
    """The system can't have the file that a case is about; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was learnt of a client before.

    Attributes:
        normal: the lines that it prints on standard error when all goes well, as `message_lines` returns them.
        small_memory: its memory while it sends a small file, in bytes.
    """

    normal: frozenset[str] = frozenset()
    small_memory: int = 0


def run_case(case: Case, options: ClientOptions, known: Known, *, patience: float, tell: Tell | None = None) -> Seen:
    """Run a case once.

    Args:
        case: what happens.
        options: of the run.
        known: what was learnt before.
        patience: seconds after which the client is ended.
        tell: says to a person what to send now, where nobody else makes the client send.

    Raises:
        CannotPlace: when there can be no such file here.
        UsageError: when the client can't be started, or the address can't be used.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="jhup-", ignore_cleanup_errors=True) as folder:
        files = _placed(case, Path(folder), options.seed)
        timeline = Timeline()
        listening = _listening(case, options)
        client = _Client(case, options, files, listening.address, timeline)
        talks: Sequence[Talk] = ()
        if case.refuses:
            try:
                ending = client.run(patience, tell, lambda: True)
            finally:
                listening.close()
        else:
            server = ScriptedServer(listening, case.script, files[0], timeline, client.memory)
            try:
                ending = client.run(patience, tell, lambda: server.is_done)
            finally:
                server.close(within=_LEFT_OVER)
            talks = server.talks
        return Seen(
            case=case,
            files=files,
            talks=talks,
            ending=ending,
            events=timeline.events,
            normal=known.normal,
            small_memory=known.small_memory,
            seconds=time.monotonic() - began,
        )


def _placed(case: Case, folder: Path, seed: int) -> list[Placed]:
    """Make the files of a case in a folder inside of the given one, as a client must not send the folder's name."""
    try:
        return [place(file, folder / "files", seed) for file in (case.file, *case.more)]
    except (OSError, UnicodeError) as error:
        raise CannotPlace(f"this system can't have such a file: {error}") from error


def _listening(case: Case, options: ClientOptions) -> Listening:
    try:
        context = None
        if options.tls_cert:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(options.tls_cert, options.tls_key)
    except OSError as error:
        raise UsageError(f"--tls-cert: {options.tls_cert} can't be used: {error.strerror or error}") from error
    try:
        return open_listener(options.listen, context, refusing=case.refuses)
    except OSError as error:
        raise UsageError(f"--listen: can't listen on {options.listen}: {error.strerror or error}") from error


class _Client:
    """The client of one case: started here, or elsewhere."""

    def __init__(
        self, case: Case, options: ClientOptions, files: Sequence[Placed], address: Address, timeline: Timeline
    ) -> None:
        self._options = options
        self._timeline = timeline
        self._running: Running | None = None
        self._call = Call(
            address=address, files=[file.path for file in files], asks=case.asks and options.asks, case=case.name
        )

    def memory(self) -> int:
        """Return its memory in bytes; 0 where its process isn't seen."""
        return self._running.memory() if self._running else 0

    def run(self, patience: float, tell: Tell | None, is_done: Callable[[], bool]) -> Ending | None:
        """Make it send, and wait until it has ended; None where its process isn't seen."""
        if self._options.command:
            return self._started(patience)
        if self._options.trigger:
            self._trigger(self._options.trigger, patience)
        elif tell is not None:
            names = " ".join(str(path) for path in self._call.files)
            asking = ", asking for a reply" if self._call.asks else ""
            tell(f"send now: {names} to {self._call.address}{asking}")
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and not is_done():
            time.sleep(0.05)  # nothing here tells when a client elsewhere is done
        time.sleep(_QUIET)
        return None

    def _started(self, patience: float) -> Ending:
        said = self._options.said
        words = arguments(self._options.command, self._call, said=said is not None)
        told = None if said is None else filled(said, self._call).encode("utf-8", "surrogateescape")
        self._timeline.add(Side.CLIENT, "is started")
        try:
            self._running = start(words, env=environment(self._call), told=told)
        except OSError as error:
            raise UsageError(f"can't start {words[0]}: {error.strerror or error}") from error
        ending = self._running.wait(patience)
        self._timeline.add(Side.CLIENT, str(ending).removeprefix("the client "))
        return ending

    def _trigger(self, command: str, patience: float) -> None:
        try:
            subprocess.run(  # noqa: S602  # it is the owner's own command line
                filled(command, self._call), shell=True, env=environment(self._call), check=False, timeout=patience
            )
        except subprocess.TimeoutExpired:
            self._timeline.add(Side.CLIENT, f"has a trigger that did not end within {patience:g} s")
