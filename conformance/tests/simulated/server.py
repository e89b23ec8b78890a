"""A server of the simulated world, in place of one that the suite starts as a process."""

import shlex
import tempfile
from pathlib import Path

from jhup.address import Address, Transport
from jhup_conformance.target.process import CannotStart
from jhup_conformance.target.process_group import how_it_ended
from simulated.network import SimulatedNetwork
from simulated.programs import run_program
from simulated.quiet import SimulatedQuiet
from simulated.sockets import Addresses
from simulated.world import Process, World

__all__ = ["SimulatedServer"]

_IN_MEMORY = Path("/dev/shm")
_STARTING = 1.0
"""Seconds of the world within which a server has to listen."""


class SimulatedServer:
    """Runs a command of the form `PYTHON SCRIPT WORDS…` in a world of its own; as `Spawned` has it.

    Attributes:
        network: by which it is reached.
        storage: the folder of its store.
        address: where it listens.
        deaths: how often it was started again.
    """

    has_process = False

    def __init__(self, command: str, *, transport: Transport = Transport.TCP) -> None:
        self.world = World()
        self._addresses = Addresses()
        self.network = SimulatedNetwork(self.world, self._addresses)
        self._words = shlex.split(command)
        folder = _IN_MEMORY if _IN_MEMORY.is_dir() else None
        self._temporary = tempfile.TemporaryDirectory(prefix="jhup-", dir=folder, ignore_cleanup_errors=True)
        self.storage = Path(self._temporary.name, "store")
        self.storage.mkdir()
        self._transport = transport
        self.address = Address(transport, "127.0.0.1")
        self._process: Process | None = None
        self.deaths = 0
        self._killed = False

    @property
    def has_storage(self) -> bool:
        """Whether the command takes the folder from the suite."""
        return any("{storage}" in word for word in self._words)

    @property
    def quiet(self) -> SimulatedQuiet:
        """What proves that it has nothing more to say."""
        return SimulatedQuiet(lambda: self._process)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.alive

    @property
    def said(self) -> list[str]:
        """The tracebacks of its threads."""
        return self._process.said if self._process else []

    def start(self) -> Address:
        """Start it, and wait until it listens."""
        self.begin()
        return self.wait()

    def begin(self) -> None:
        """Start it."""
        if self._transport.is_local:
            self.address = Address(self._transport, path=f"/simulated/{self.deaths}")
        else:
            self.address = Address(self._transport, "127.0.0.1", self._addresses.free_port())
        self._process, self._killed = Process(self.world), False
        script, *words = map(self._fill, self._words[1:])
        run_program(self._process, self._addresses, Path(script), words)

    def wait(self) -> Address:
        """Wait until it listens.

        Raises:
            CannotStart: when it doesn't.
        """
        until = self.world.now + _STARTING
        where = self.address.path or (self.address.host, self.address.port)
        while all(taken != where for _, taken in self._addresses.taken):
            if not self.alive or self.world.now > until or self.said:
                raise CannotStart("".join(["it did not listen\n", *self.said]))
            self.world.sleep(1e-4)
        return self.address

    @property
    def ended(self) -> str:
        """How it ended by itself, in words; empty while it runs."""
        if self._process is None or self._killed or self.alive:
            return ""
        return how_it_ended(self._process.status or 0)

    @property
    def output(self) -> tuple[str, ...]:
        """What it printed of its own end."""
        return tuple("".join(self.said).splitlines()[-20:])

    def restart(self) -> Address:
        """Start it again, stopped first if it still runs."""
        self.stop()
        self.deaths += 1
        return self.start()

    def revive(self) -> Address | None:
        """Start it again if the suite has killed it; None otherwise."""
        return self.restart() if self._killed else None

    def kill(self) -> None:
        """End it without any warning."""
        self.stop()
        self._killed = True

    def stop(self) -> None:
        """End it."""
        if self._process:
            self._process.end(-9)

    def close(self) -> None:
        """End it, and remove what was temporary."""
        self.kill()
        self.world.close()
        self._temporary.cleanup()

    def _fill(self, word: str) -> str:
        values = {
            "{bind}": str(self.address),
            "{host}": "127.0.0.1",
            "{port}": str(self.address.port),
            "{storage}": str(self.storage),
        }
        for placeholder, value in values.items():
            word = word.replace(placeholder, value)
        return word
