"""The files that a client is asked to send, and what happens to them meanwhile."""

import hashlib
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

__all__ = ["Change", "Content", "File", "Placed", "place"]

_SHOWN: Final = 64 * 1024 * 1024
"""Bytes up to which a file's content is kept for comparing; of a longer one only what it holds is known: zeros."""


class Content(StrEnum):
    """What stands in a file."""

    TEXT = "text"
    """Lines of ASCII that end in LF."""
    CRLF = "crlf"
    """Lines that end in CR LF, which a client must not touch."""
    BINARY = "binary"
    """Random bytes with all that a text mode would stumble over: NUL, ^Z, lone CR and LF, no UTF-8."""
    SPARSE = "sparse"
    """Zeros that take no room on the disk."""
    FOLDER = "folder"
    """No file at all, but a folder."""
    MISSING = "missing"
    """Nothing."""
    UNREADABLE = "unreadable"
    """A file without permission to read it."""


class Change(StrEnum):
    """What happens to a file while it is sent."""

    GROW = "grow"
    SHRINK = "shrink"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as a case asks for it.

    Attributes:
        name: its base name.
        content: what stands in it.
        size: bytes.
        raw_name: the name as bytes in hexadecimal, where it is not UTF-8.
    """

    name: str = "notes.txt"
    content: Content = Content.TEXT
    size: int = 300
    raw_name: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "File":
        """Read it; what is wrong raises KeyError, ValueError or TypeError."""
        return cls(
            name=str(record["name"]),
            content=Content(record["content"]),
            size=int(record["size"]),
            raw_name=str(record.get("raw_name", "")),
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """A file on the disk.

    Attributes:
        path: where.
        name: its base name.
        size: bytes when it was made.
        data: what stood in it; None where it is only zeros, or no file.
    """

    path: Path
    name: str
    size: int
    data: bytes | None

    def sha256(self) -> str:
        """Return the digest of what stood in it, 64 hexadecimal digits."""
        if self.data is not None:
            return hashlib.sha256(self.data).hexdigest()
        digest, left, zeros = hashlib.sha256(), self.size, bytes(1 << 20)
        while left:
            digest.update(zeros[: min(left, len(zeros))])
            left -= min(left, len(zeros))
        return digest.hexdigest()

    def change(self, how: Change) -> None:
        """Change it, as somebody else would who writes to it at the same time."""
        if how is Change.GROW:
            with self.path.open("ab") as file:
                file.write(b"\xee" * 1_000_000)
        elif how is Change.SHRINK:
            with self.path.open("r+b") as file:
                file.truncate(self.size * 3 // 4)
        else:
            other = self.path.with_name(self.path.name + ".new")
            other.write_bytes(b"\xdd" * self.size)
            other.replace(self.path)


def place(file: File, folder: Path, seed: int) -> Placed:
    """Make a file in a folder.

    Args:
        file: what it is.
        folder: where; made if need be.
        seed: of its content.

    Raises:
        OSError: when the system can't have such a file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = _path(file, folder)
    data = _data(file, seed)
    match file.content:
        case Content.MISSING:
            pass
        case Content.FOLDER:
            path.mkdir()
        case Content.SPARSE:
            with path.open("wb") as made:
                made.truncate(file.size)
        case _:
            path.write_bytes(data)
    if file.content is Content.UNREADABLE:
        path.chmod(0)
    known = data if file.content is not Content.SPARSE else None
    return Placed(path, path.name, file.size, known)


def _path(file: File, folder: Path) -> Path:
    if not file.raw_name:
        return folder / file.name
    import os  # only here: names as bytes are a matter of POSIX

    return folder / os.fsdecode(bytes.fromhex(file.raw_name))


def _data(file: File, seed: int) -> bytes:
    if file.content is Content.SPARSE or file.size > _SHOWN:
        return b""
    rng = random.Random(f"{seed} {file.name} {file.size}")
    match file.content:
        case Content.TEXT:
            return _lines(rng, file.size, b"\n")
        case Content.CRLF:
            return _lines(rng, file.size, b"\r\n")
    special = b"\x00\xff\xfe\r\n\n\r\x1a\x04\x80{}\x7f"[: file.size]
    return special + rng.randbytes(file.size - len(special))


def _lines(rng: random.Random, size: int, end: bytes) -> bytes:
    letters = bytes(range(0x20, 0x7F))
    text = bytearray()
    while len(text) < size:
        text += bytes(rng.choices(letters, k=rng.randrange(60))) + end
    return bytes(text[:size])
