"""Mixed load and faults on a running server: what it acknowledged is there, nothing else is, and it doesn't grow."""

import hashlib
import json
import os
import random
import signal
import socket
import threading
import time
from pathlib import Path

from reference.attack.inputs import SIZES, frame, put
from reference.attack.tally import Tally
from reference.attack.target import Target
from reference.attack.vandals import Vandal

from jhup import Failure, Greeting, Reply, ReplyReader, Stored

try:
    import resource
except ImportError:  # not a POSIX system
    resource = None  # type: ignore[assignment]

__all__ = ["MIB", "look_outside", "mixed_load"]

MIB = 1024 * 1024
_LOG_MOST = 64 * MIB
_PUTTERS, _VANDALS = 6, 4


class Putter(threading.Thread):
    """A client that keeps the rules, and knows what it was promised.

    Args:
        number: tells its names from those of others.
        target: what it uploads to.
        tally: where faults go.
        stop: when to end.
    """

    def __init__(self, number: int, target: Target, tally: Tally, stop: threading.Event, seed: int) -> None:
        super().__init__(daemon=True)
        self.promised: dict[str, tuple[int, str] | None] = {}
        """Length and digest of what was last acknowledged; None where the last try may have gone either way."""
        self._number, self._target, self._tally, self._stop_at = number, target, tally, stop
        self._chance = random.Random(seed + number)

    def run(self) -> None:
        """Put, and ask, until told to stop."""
        while not self._stop_at.is_set():
            try:
                with self._target.connect() as sock:
                    reader = ReplyReader()
                    pending: list[Reply] = []
                    for _ in range(self._chance.randint(1, 30)):
                        if self._stop_at.is_set() or not self._step(sock, reader, pending):
                            break
            except TimeoutError:
                self._tally.fault("hung", f"putter {self._number} waited {sock.gettimeout()} s")
            except OSError:
                self._tally.add("connections lost")  # turned away, or cut by a fault of ours
            except Exception as error:  # noqa: BLE001  # a reply that is none
                self._tally.fault("crash", f"putter {self._number}: {type(error).__name__}: {error}")

    def _step(self, sock: socket.socket, reader: ReplyReader, pending: list[Reply]) -> bool:
        name = f"p{self._number}-{self._chance.randrange(20)}"
        if self._chance.random() < 0.3 and self.promised.get(name):
            sock.sendall(frame(json.dumps({"cmd": "stat", "filename": name, "reply": True})))
            reply = _next(sock, reader, pending)
            self._tally.add("stats")
            if isinstance(reply, Stored) and (reply.filesize, reply.sha256) != self.promised[name]:
                self._tally.fault("lost", f"{name} is {reply}, not {self.promised[name]}")
            return not (isinstance(reply, Failure) and reply.closing)
        body = self._chance.randbytes(self._chance.choice(SIZES))
        before, self.promised[name] = self.promised.get(name), None
        sock.sendall(put(name, body))
        reply = _next(sock, reader, pending)
        self._tally.add("puts")
        if isinstance(reply, Stored):
            self.promised[name] = len(body), hashlib.sha256(body).hexdigest()
            if (reply.filesize, reply.sha256) != self.promised[name]:
                self._tally.fault("lost", f"{name} acknowledged as {reply}")
            return True
        self._tally.add("puts refused")
        if before is not None:
            self.promised[name] = before  # refused: what was there stays
        return isinstance(reply, Failure) and not reply.closing


def _next(sock: socket.socket, reader: ReplyReader, pending: list[Reply]) -> Reply:
    while not pending:
        data = sock.recv(65_536)
        if not data:
            raise ConnectionResetError
        pending += reader.receive(data)
    return pending.pop(0)


def _faults(target: Target, tally: Tally, stop: threading.Event) -> None:
    """Let the disk be full and descriptors be few now and then, by limits of the system (Linux); ask for health."""
    while not stop.wait(5):
        if hasattr(signal, "SIGUSR1"):
            os.kill(target.process.pid, signal.SIGUSR1)
        if not hasattr(resource, "prlimit"):
            continue
        for limit, value in ((resource.RLIMIT_FSIZE, 100_000), (resource.RLIMIT_NOFILE, 200)):
            before = resource.prlimit(target.process.pid, limit)
            resource.prlimit(target.process.pid, limit, (value, before[1]))
            tally.add("disk full" if limit == resource.RLIMIT_FSIZE else "descriptors few")
            stop.wait(1)
            resource.prlimit(target.process.pid, limit, before)
            stop.wait(1)


def mixed_load(target: Target, seconds: float, seed: int, *, memory: int) -> Tally:
    """Attack a server for some seconds, then look at what is left.

    Args:
        target: on a store made by `plant`.
        seconds: how long.
        seed: of all choices.
        memory: bytes that the server may take beyond those of its start.
    """
    tally, stop = Tally("mixed load and faults"), threading.Event()
    putters = [Putter(number, target, tally, stop, seed) for number in range(_PUTTERS)]
    threads: list[threading.Thread] = [*putters, threading.Thread(target=_faults, args=(target, tally, stop))]
    threads += [Vandal(target, tally, stop, seed + 1000 + number) for number in range(_VANDALS)]
    with target.connect() as sock:  # so that what is there from the first request on counts as the start
        sock.sendall(put("warm", b"x"))
        sock.recv(4096)
    descriptors = target.descriptors()
    for thread in threads:
        thread.start()
    until, most = time.monotonic() + seconds, 0
    while time.monotonic() < until and target.alive:
        most = max(most, target.memory() - target.start_memory)
        time.sleep(0.2)
    stop.set()
    for thread in threads:
        thread.join(60)
        if thread.is_alive():
            tally.fault("hung", f"{thread.name} of the attack")
    _look(target, putters, tally, descriptors)
    tally.counts["MiB over the start"] = most // MIB
    if most > memory:
        tally.fault("leak", f"{most / MIB:.0f} MiB of memory over the start")
    return tally.end()


def _look(target: Target, putters: list[Putter], tally: Tally, descriptors: int) -> None:
    """Look for what is lost, left over, or where it shouldn't be."""
    tally.counts["KiB of log"] = target.log.stat().st_size // 1024
    if target.log.stat().st_size > _LOG_MOST:
        tally.fault("log", f"{target.log.stat().st_size} bytes of log")
    if not target.alive:
        tally.fault("crash", f"the server ended with {target.process.returncode}")
        return
    deadline = time.monotonic() + 40
    while target.descriptors() > descriptors + 2 and time.monotonic() < deadline:
        time.sleep(0.2)
    if target.descriptors() > descriptors + 2:
        tally.fault("leak", f"{target.descriptors()} descriptors, at the start {descriptors}")
    with target.connect() as sock:
        sock.sendall(frame('{"cmd":"hello","reply":true}'))
        reply = next(iter(ReplyReader().receive(sock.recv(4096))), None)
        if not isinstance(reply, Greeting):
            tally.fault("crash", f"hello is answered by {reply}")
    if "internal" in (log := target.log.read_text("utf-8", "replace")):
        tally.fault("crash", next(line for line in log.splitlines() if "internal" in line)[:300])
    for putter in putters:
        for name, promise in putter.promised.items():
            body = (target.store / name).read_bytes() if (target.store / name).exists() else None
            if promise and (body is None or (len(body), hashlib.sha256(body).hexdigest()) != promise):
                tally.fault("lost", f"{name}: {None if body is None else len(body)} bytes, promised {promise}")
            tally.add("files looked at")
    look_outside(target.store, tally)


def look_outside(store: Path, tally: Tally) -> None:
    """Look at what is beside the store, and at what in it is no file."""
    beside = {path.name for path in store.parent.iterdir()} - {"store", "canary"}
    if beside or (store.parent / "canary").read_bytes() != b"precious":
        tally.fault("outside", f"{sorted(beside) or 'the canary changed'}")
    if not (store / "folder").is_dir() or any((store / "folder").iterdir()):
        tally.fault("outside", "the folder in the store")
    left = [path.name for path in store.iterdir() if path.name.endswith(".part") and path.name.startswith("\x7f")]
    if left:
        tally.fault("leak", f"unfinished bodies: {left}")
