"""kill -9 while files are stored: each is whole, old or new, and what was acknowledged is there."""

import hashlib
import random
import threading
import time
from pathlib import Path

from reference.attack.inputs import put
from reference.attack.live import look_outside
from reference.attack.tally import Tally
from reference.attack.target import Target

from jhup import ReplyReader, Stored

__all__ = ["kill_again_and_again"]

_WRITERS = 4
_SIZES = (0, 10, 5000, 70_000, 1_500_000)


class _Writer(threading.Thread):
    """Puts versions of a few names, one connection for all, until the server is gone."""

    def __init__(self, number: int, target: Target, seed: int, known: dict[str, list[str]]) -> None:
        super().__init__(daemon=True)
        self._number, self._target, self._chance = number, target, random.Random(seed)
        self._known = known
        """The digests that a name may have: that of the last put acknowledged, and those sent since."""
        self.acknowledged = 0

    def run(self) -> None:
        """Put until the connection breaks."""
        try:
            with self._target.connect() as sock:
                reader = ReplyReader()
                while True:
                    name = f"w{self._number}-{self._chance.randrange(3)}"
                    body = self._chance.randbytes(self._chance.choice(_SIZES))
                    digest = hashlib.sha256(body).hexdigest()
                    self._known.setdefault(name, [""]).append(digest)
                    sock.sendall(put(name, body))
                    replies = list[object]()
                    while not replies:
                        data = sock.recv(65_536)
                        if not data:
                            return
                        replies += reader.receive(data)
                    if isinstance(replies[0], Stored):
                        self._known[name] = [digest]
                        self.acknowledged += 1
        except OSError:
            pass


def kill_again_and_again(store: Path, serving: str, seconds: float, seed: int) -> Tally:
    """Start, load and kill a server for some seconds.

    Args:
        store: made by `plant`.
        serving: how its connections share the process.
        seconds: how long.
        seed: of all choices.
    """
    tally, chance = Tally(f"kills, {serving}"), random.Random(seed)
    known: dict[str, list[str]] = {}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with Target(store, serving) as target:
            writers = [_Writer(number, target, chance.randrange(2**32), known) for number in range(_WRITERS)]
            for writer in writers:
                writer.start()
            time.sleep(chance.uniform(0.02, 0.4))
            target.process.kill()
            target.process.wait()
            for writer in writers:
                writer.join()
                tally.add("puts acknowledged", writer.acknowledged)
        tally.add("kills")
        for name, digests in known.items():
            path = store / name
            digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""
            tally.add("files looked at")
            if digest not in digests:
                tally.fault("lost", f"{name} is neither what was acknowledged nor what was sent since")
            known[name] = [digest]
    with Target(store, serving):
        look_outside(store, tally)
    return tally.end()
