"""Starts the server under test, waits until it listens, starts it anew when it dies, and stops it in the end."""

import contextlib
import os
import shlex
import socket
import tempfile
import time
from pathlib import Path
from typing import Final

import psutil

from jhup.address import Address, Transport
from jhup_conformance.target.listening import accepts, is_told_to_listen
from jhup_conformance.target.process_group import ProcessGroup, how_it_ended
from jhup_conformance.target.quiet import Quiet
from jhup_conformance.wire.network import Network, SystemNetwork

__all__ = ["CannotStart", "Spawned", "listens_on", "quiet_of"]

_STARTING: Final = 20.0
_STARTING_AGAIN: Final = 5.0
"""Seconds that a server has to listen, and to listen again at the same address."""
_LAST_LINES: Final = 20
_MOST_OUTPUT: Final = 65_536
"""Lines and bytes of its output that are kept of a server that ended."""
_LOOK: Final = 0.02
_TOLD_WITHIN: Final = 3.0
"""Seconds in which only the system is asked who listens; later a connection tells."""
_IN_MEMORY: Final = "/dev/shm"  # noqa: S108  # on Linux: thousands of small files don't wait for a disk there


class CannotStart(Exception):
    """The command could not be started, ended at once, or never listened; the message says which."""


def listens_on(command: str) -> Transport:
    """Return what a command makes its server listen on, as its words tell: ``udp://{host}:{port}``, ``{socket}``.

    ``{bind}`` alone tells nothing, and stands for TCP.
    """
    if "{socket}" in command:
        return Transport.UNIXGRAM if "unixgram:" in command else Transport.UNIX
    return Transport.UDP if "udp://" in command else Transport.TCP


def free_port(host: str, kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a port of a local address that nobody listens on at this moment."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as sock:
        sock.bind((host, 0))
        return int(sock.getsockname()[1])


class Spawned:
    """A server that the suite has started.

    Args:
        command: with ``{host}``, ``{port}``, ``{storage}`` and ``{socket}`` in place of what the suite chooses, or
            ``{bind}`` for the whole address as it is written on command lines.
        storage: folder for the server's store; a temporary one, gone in the end, if None.
        transport: TCP, TLS or UDP, for which host and port are chosen, or a local one, for which ``{socket}`` is.
        host: local address to listen on.

    Attributes:
        network: by which it is reached.
        has_process: whether it is a process of this machine, so that its use of resources shows.
    """

    network: Network = SystemNetwork()
    has_process = True

    def __init__(
        self,
        command: str,
        *,
        storage: Path | None = None,
        transport: Transport = Transport.TCP,
        host: str = "127.0.0.1",
    ) -> None:
        self._words = shlex.split(command)
        self._temporary = tempfile.TemporaryDirectory(
            prefix="jhup-", dir=_IN_MEMORY if Path(_IN_MEMORY).is_dir() else None, ignore_cleanup_errors=True
        )
        self.storage = storage or Path(self._temporary.name, "store")
        self.storage.mkdir(parents=True, exist_ok=True)
        self._log_path = Path(self._temporary.name, "server.log")
        self._transport = transport
        self._host = host
        self._log_start = 0
        self._group: ProcessGroup | None = None
        self._killed = False
        self.address = Address(transport, host)
        self.deaths = 0

    @property
    def has_storage(self) -> bool:
        """Whether the command takes the folder from the suite, so that the store is known to be there."""
        return any("{storage}" in word for word in self._words)

    @property
    def quiet(self) -> Quiet:
        """What proves that it has nothing more to say."""
        return Quiet(lambda: self.pid)

    @property
    def pid(self) -> int:
        """The process of the server.

        Raises:
            CannotStart: before `start`.
        """
        if self._group is None:
            raise CannotStart("the server was not started")
        return self._group.process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._group is not None and self._group.process.poll() is None

    @property
    def ended(self) -> str:
        """How the process ended, in words; empty while it runs, or when the suite has ended it."""
        if self._group is None or self._killed:
            return ""
        status = self._group.process.poll()
        return "" if status is None else how_it_ended(status)

    @property
    def output(self) -> tuple[str, ...]:
        """The last lines that the server has printed since it was started."""
        return self._last_lines(_LAST_LINES)

    def start(self) -> Address:
        """Start the server and wait until it listens.

        Raises:
            CannotStart: with the reason and the last of what it printed.
        """
        self.begin()
        return self.wait()

    def begin(self) -> None:
        """Start the server, at another address than before if it was started already.

        Raises:
            CannotStart: when there is no such program.
        """
        self.address = self._choose_address()
        self._launch()

    def _launch(self) -> None:
        words = [self._fill(word) for word in self._words]
        self._killed = False
        self._log_start = self._log_path.stat().st_size if self._log_path.exists() else 0
        try:
            self._group = ProcessGroup(words, self._log_path)
        except OSError as error:
            raise CannotStart(f"can't start {words[0]!r}: {error.strerror}") from error

    def wait(self, seconds: float = _STARTING) -> Address:
        """Wait until a server that was started listens.

        Args:
            seconds: how long at the most.

        Raises:
            CannotStart: when it ends or doesn't listen in time, with the last of what it printed.
        """
        name = self._words[0]
        began = time.monotonic()
        while not (
            is_told_to_listen(self._family, self.address)
            or (time.monotonic() > began + self._told_within and self._accepts())
        ):
            if not self.alive:
                how = f" with {self.ended}" if self.ended else ""
                raise CannotStart(f"{name!r} ended{how} before it listened{self._tail()}")
            if time.monotonic() > began + seconds:
                self.stop()
                raise CannotStart(f"{name!r} did not listen on {self.address} within {seconds:.0f} s{self._tail()}")
            time.sleep(_LOOK)  # a process of others gives no event when it listens
        return self.address

    def restart(self) -> Address:
        """Start the server again, stopped first if it still runs: at the same address, or another if that is taken.

        Raises:
            CannotStart: with the reason and the last of what it printed.
        """
        self.stop()
        self.deaths += 1
        if self._transport.is_local:
            Path(self.address.path).unlink(missing_ok=True)  # left by the one that died
        with contextlib.suppress(CannotStart):
            self._launch()
            return self.wait(_STARTING_AGAIN)
        return self.start()

    def revive(self) -> Address | None:
        """Start the server again if the suite has killed it; None otherwise.

        Raises:
            CannotStart: with the reason and the last of what it printed.
        """
        return self.restart() if self._killed else None

    def kill(self) -> None:
        """Kill the server without any warning (for clauses that speak of it)."""
        self._end(kill=True)
        self._killed = True

    def stop(self) -> None:
        """Stop the server and everything it started."""
        self._end(kill=False)

    def close(self) -> None:
        """Stop the server and remove what was temporary."""
        self.stop()
        self._temporary.cleanup()

    def _end(self, *, kill: bool) -> None:
        if self._group:
            self._group.end(kill=kill)

    def _choose_address(self) -> Address:
        if self._transport.is_local:
            path = Path(self._temporary.name, "socket")
            path.unlink(missing_ok=True)  # left behind by a server that died
            return Address(self._transport, path=str(path))
        kind = socket.SOCK_STREAM if self._transport.is_stream else socket.SOCK_DGRAM
        return Address(self._transport, self._host, free_port(self._host, kind))

    def _fill(self, word: str) -> str:
        values = {
            "{bind}": str(self.address),
            "{host}": self._host,
            "{port}": str(self.address.port),
            "{storage}": str(self.storage),
            "{socket}": self.address.path,
        }
        for placeholder, value in values.items():
            word = word.replace(placeholder, value)
        return word

    @property
    def _told_within(self) -> float:
        return _TOLD_WITHIN if self._transport.is_stream and self._family else 0.0

    @property
    def _family(self) -> list[psutil.Process]:
        return self._group.family if self._group else []

    def _accepts(self) -> bool:
        return accepts(self.address, Path(self._temporary.name, "probe"))

    def _tail(self) -> str:
        return "".join(f"\n    {line}" for line in self._last_lines(_LAST_LINES))

    def _last_lines(self, count: int) -> tuple[str, ...]:
        with contextlib.suppress(OSError), self._log_path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(self._log_start, size - _MOST_OUTPUT))
            return tuple(file.read().decode("utf-8", "replace").rstrip().splitlines()[-count:])
        return ()


def quiet_of(spawned: Spawned | None, pid: int | None) -> Quiet | None:
    """Return what proves that a target has nothing more to say; None where its process isn't known.

    Args:
        spawned: the server, where we have started it.
        pid: the process of one that ran already, where somebody has told it.
    """
    if spawned:
        return spawned.quiet
    return None if pid is None else Quiet(lambda: pid)
