"""What is uploaded, and how: the work that every server gets alike."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["CHUNK", "WORKLOADS", "Mode", "Workload", "body_of", "names_of"]

KIB = 1024
MIB = 1024 * KIB
CHUNK = MIB


class Mode(StrEnum):
    """Whether the clients ask for replies."""

    SILENT = "silent"
    """Nothing is asked; the work is done when the server has closed all connections after their end of stream."""
    REPLIES = "replies"
    """Every file is asked about; the work is done with the last reply."""


@dataclass(frozen=True, slots=True)
class Workload:
    """Some connections, each with some files.

    Attributes:
        key: its name on the command line.
        title: its name for people.
        connections: how many at a time; all are open before the clock starts.
        files: how many on each connection.
        size: bytes of each file.
        lockstep: with replies, whether a client waits for each before it sends the next file; otherwise it sends on.
    """

    key: str
    title: str
    connections: int
    files: int
    size: int
    lockstep: bool

    @property
    def total_files(self) -> int:
        """Files on all connections."""
        return self.connections * self.files

    @property
    def total_bytes(self) -> int:
        """Bytes of all bodies."""
        return self.total_files * self.size

    def scaled(self, factor: float) -> "Workload":
        """Return the same with fewer files; of a single file, with a smaller one."""
        if self.total_files == 1:
            chunks = max(1, int(self.size * factor) // CHUNK)
            return Workload(self.key, self.title, 1, 1, chunks * CHUNK, self.lockstep)
        files = max(1, int(self.files * factor))
        return Workload(self.key, self.title, self.connections, files, self.size, self.lockstep)


WORKLOADS = (
    Workload("large", "one file of 1 GiB", 1, 1, 1024 * MIB, lockstep=False),
    Workload("small", "20,000 files of 1 KiB, pipelined on one connection", 1, 20_000, KIB, lockstep=False),
    Workload("many", "64 connections with 200 files of 16 KiB each", 64, 200, 16 * KIB, lockstep=True),
)


def names_of(workload: Workload, connection: int) -> list[str]:
    """Return the names of the files of a connection."""
    return [f"c{connection}-f{number}" for number in range(workload.files)]


def body_of(workload: Workload) -> bytes:
    """Return the body of the files; of files longer than a chunk, the chunk that repeats in them."""
    return (bytes(range(256)) * (CHUNK // 256))[: min(workload.size, CHUNK)]
