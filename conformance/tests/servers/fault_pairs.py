"""Two faults in one server: ``python fault_pairs.py --port 0 --storage DIR --fault NAME --fault NAME``.

Two classes of the table are composed where they override different methods. `why_not` says of the other pairs why they
can't be: what one of them does would be lost.
"""

import argparse
import random
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from upload_fault_table import FAULTS, Fault
from upload_faults import Faithful

__all__ = ["Pair", "combined", "draw", "why_not"]

ANY_REPLY = "REPLY-"
SHARED = frozenset({"__init__", "__module__", "__doc__", "__qualname__", "__annotations__", "__orig_bases__"})


@dataclass(frozen=True, slots=True)
class Pair:
    """Two faults that can be composed, by name."""

    first: str
    second: str

    def __str__(self) -> str:
        return f"{self.first} + {self.second}"

    @property
    def faults(self) -> tuple[Fault, Fault]:
        return FAULTS[self.first], FAULTS[self.second]

    @property
    def server(self) -> type[Faithful]:
        return combined(*(each.server for each in self.faults))

    @property
    def silent(self) -> bool:
        """Whether it is started without replies."""
        return any(each.silent for each in self.faults)

    @property
    def blamed(self) -> frozenset[str]:
        """The clauses that have to be blamed, unless one fault hides the other."""
        return frozenset().union(*(each.blamed for each in self.faults))

    @property
    def related(self) -> Mapping[str, str]:
        return {clause: reason for each in self.faults for clause, reason in each.related.items()}

    @property
    def wavers(self) -> str:
        return "; ".join(filter(None, (each.wavers for each in self.faults)))

    @property
    def process(self) -> str:
        """Why it takes a process of its own to show."""
        return "; ".join(filter(None, (each.process for each in self.faults)))


def own_names(server: type[Faithful]) -> set[str]:
    """Return what a server overrides, with all that it inherits from other faults."""
    faulty = [each for each in server.__mro__ if issubclass(each, Faithful) and each is not Faithful]
    return {name for each in faulty for name in vars(each)} - SHARED


def why_not(first: Fault, second: Fault) -> str:
    """Say why two faults can't be composed; nothing where they can."""
    if first.server is second.server:
        return "they are the same"
    if common := own_names(first.server) & own_names(second.server):
        return f"both change {', '.join(sorted(common))}"
    if first.silent != second.silent:
        speaking = second if first.silent else first
        if any(clause.startswith(ANY_REPLY) for clause in speaking.blamed):
            return "one is started without replies, and the other is wrong in them"
    return ""


def combined(first: type[Faithful], second: type[Faithful]) -> type[Faithful]:
    """Return a server that has both faults."""
    return type(
        f"{first.__name__}And{second.__name__}", (first, second), {"__doc__": f"{first.__doc__} {second.__doc__}"}
    )


def draw(count: int, seed: int) -> Iterator[Pair]:
    """Draw so many pairs that can be composed, none twice."""
    chance = random.Random(seed)
    names = sorted(FAULTS)
    seen: set[frozenset[str]] = set()
    while len(seen) < count:
        first, second = chance.sample(names, 2)
        if frozenset({first, second}) not in seen and not why_not(FAULTS[first], FAULTS[second]):
            seen.add(frozenset({first, second}))
            yield Pair(first, second)


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--storage", type=Path, required=True)
    parser.add_argument("--fault", choices=sorted(FAULTS), action="append", required=True, metavar="NAME")
    arguments = parser.parse_args(words)
    if len(arguments.fault) != 2:
        parser.error("--fault is needed twice")
    pair = Pair(*arguments.fault)
    if reason := why_not(*pair.faults):
        parser.error(f"{pair} can't be composed: {reason}")
    kind = pair.server
    kind.silent = kind.silent or pair.silent
    kind.open_store(arguments.storage)
    with socket.create_server(("127.0.0.1", arguments.port), backlog=512) as listener:
        print(f"listening tcp 127.0.0.1:{listener.getsockname()[1]}", flush=True)
        kind.listen(listener)


if __name__ == "__main__":
    main()
