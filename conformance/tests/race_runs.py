"""How often histories catch servers that are wrong only beside others: `python conformance/tests/race_runs.py`.

Each fault is tried with several seeds, each seed with as many histories as a profile has; a table says in how many
seeds it was caught, and by which clauses. `--correct N` has N histories on the correct server instead.
"""

import argparse
import contextlib
import hashlib
import itertools
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from threading import Thread

from jhup.address import Address, Transport
from jhup_conformance.histories import Accusation, Recording, accuse, draw_plan, record
from jhup_conformance.wire.channel import connect
from jhup_conformance.wire.network import SystemNetwork

sys.path[:0] = [str(Path(__file__).parent / "servers")] * (__name__ == "__main__")
NAMES = (f"h{number}" for number in itertools.count())


@contextlib.contextmanager
def serving(server: type) -> Iterator[tuple[Address, Path]]:
    """Serve in threads of this process; where, and the folder."""
    kind = type("Served", (server,), {})
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        socket.create_server(("127.0.0.1", 0), backlog=64) as listener,
    ):
        kind.open_store(Path(folder))
        thread = Thread(target=_serve, args=(kind, listener), daemon=True)
        thread.start()
        try:
            yield Address(Transport.TCP, "127.0.0.1", listener.getsockname()[1]), Path(folder)
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def _serve(kind: type, listener: socket.socket) -> None:
    with contextlib.suppress(OSError):
        kind.listen(listener)


def have_history(where: Address, folder: Path, random: Random, *, stalls: bool = False, sees: bool = True) -> Recording:
    """Have one history with the usual sizes on a server with replies."""

    def look(name: str) -> tuple[int, str] | None:
        try:
            body = (folder / name).read_bytes()
        except FileNotFoundError:
            return None
        return len(body), hashlib.sha256(body).hexdigest()

    plan = draw_plan(random, list(itertools.islice(NAMES, 4)), stalls=stalls)
    return record(
        plan,
        lambda: connect(where, timeout=5.0, context=None),
        SystemNetwork(),
        replies=True,
        look=look if sees else None,
        patience=2.0,
    )


def accusations(server: type, seed: int, histories: int, *, sees: bool = True) -> list[Accusation]:
    """Have several histories on a server of its own, and return what they prove."""
    random = Random(seed)
    with serving(server) as (where, folder):
        recordings = [
            have_history(where, folder, random, stalls=number % 4 == 1, sees=sees) for number in range(histories)
        ]
    return [found for found in map(accuse, recordings) if found]


def main() -> None:
    from racing_upload import RACES
    from upload_faults import Faithful

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--histories", type=int, default=6, help="in the default profile 6, in thorough 16")
    parser.add_argument("--correct", type=int, metavar="N", help="have N histories on the correct server instead")
    parser.add_argument("--unseen", action="store_true", help="by replies alone, without a look into the folder")
    parser.add_argument("names", nargs="*", help="only these faults")
    arguments = parser.parse_args()
    if arguments.correct:
        found = accusations(Faithful, 1, arguments.correct, sees=not arguments.unseen)
        print(f"correct server: {len(found)} findings in {arguments.correct} histories", *found, sep="\n")
        return
    for name in arguments.names or RACES:
        server = RACES[name]
        begun = time.process_time()
        runs = [
            accusations(server, seed, arguments.histories, sees=not arguments.unseen) for seed in range(arguments.seeds)
        ]
        clauses = Counter(each.clause for run in runs for each in run)
        blamed = ", ".join(f"{clause} {count}" for clause, count in clauses.most_common())
        print(
            f"{name:40} {sum(map(bool, runs)):>3} of {len(runs)} seeds  {time.process_time() - begun:5.1f} s  {blamed}"
        )


if __name__ == "__main__":
    main()
