"""Entries of the store's folder that are no stored files, planted there under names of the suite's own (NAME-11)."""

import contextlib
import os
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Self

from jhup_conformance.checks import NotSeen, Stream, command, put

__all__ = ["CANARY", "KINDS", "Garden", "occupied"]

CANARY: Final = b"of no concern to the server\n"

Plant = Callable[[Path, Path], None]
"""Makes an entry at the first path; the second is that of a file outside of the store."""


def _folder(place: Path, _: Path) -> None:
    place.mkdir()


def _folder_with_a_file(place: Path, _: Path) -> None:
    place.mkdir()
    (place / "file").write_bytes(CANARY)


def _link_outside(place: Path, canary: Path) -> None:
    place.symlink_to(canary)


def _link_to_nothing(place: Path, canary: Path) -> None:
    place.symlink_to(canary.with_name(canary.name + "-none"))


def _link_within(place: Path, _: Path) -> None:
    target = place.with_name(place.name + "-target")
    target.write_bytes(CANARY)
    place.symlink_to(target.name)


def _link_to_itself(place: Path, _: Path) -> None:
    place.symlink_to(place.name)


def _link_to_a_folder(place: Path, canary: Path) -> None:
    place.symlink_to(canary.parent)


def _fifo(place: Path, _: Path) -> None:
    os.mkfifo(place)


def _socket(place: Path, _: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            sock.bind(f"/proc/self/fd/{folder}/{place.name}")  # the path itself may be too long for an address
        finally:
            os.close(folder)


def _device(place: Path, _: Path) -> None:
    os.mknod(place, stat.S_IFCHR | 0o600, os.makedev(1, 3))


KINDS: Final[dict[str, Plant]] = {
    "a folder": _folder,
    "a folder with a file": _folder_with_a_file,
    "a link to a file outside": _link_outside,
    "a link to a file that isn't there": _link_to_nothing,
    "a link to a file of the store": _link_within,
    "a link to itself": _link_to_itself,
    "a link to the folder outside": _link_to_a_folder,
    "a FIFO": _fifo,
    "a socket": _socket,
    "a device": _device,
}
"""What may stand in the way, by name."""


class Garden:
    """Plants entries of one kind; as a context it removes them in the end, and a canary beside the folder with them.

    Args:
        folder: the store's.
        kind: one of `KINDS`.
        name: of the canary.
    """

    def __init__(self, folder: Path, kind: str, name: str) -> None:
        self._folder = folder
        self._kind = kind
        self._canary = folder.parent / f"{name}-canary"
        self._planted: dict[Path, tuple[int, int, str]] = {}

    def plant(self, name: str) -> None:
        """Plant an entry.

        Raises:
            NotSeen: when that can't be done here.
        """
        place = self._folder / name
        try:
            KINDS[self._kind](place, self._canary)
        except (OSError, AttributeError) as error:
            raise NotSeen(f"{self._kind} can't be planted in the folder: {error}") from error
        self._planted[place] = _signs(place)

    def damage(self) -> str:
        """Tell what has been done to the entries and the canary; empty when nothing was, or a body took a place."""
        for place, signs in self._planted.items():
            if not os.path.lexists(place):
                return f"{self._kind} was removed"
            if _signs(place) != signs and not stat.S_ISREG(place.lstat().st_mode):
                return f"{self._kind} was replaced by something that is not a stored file"
            if place.is_dir() and not place.is_symlink() and {each.name for each in place.iterdir()} - {"file"}:
                return f"something was put into {self._kind}"
        for target in self._targets():
            if not target.exists() or target.read_bytes() != CANARY:
                return f"{self._kind} was followed: the file behind it has changed"
        if os.path.lexists(self._none):
            return f"{self._kind} was followed: the file that wasn't there is"
        return ""

    @property
    def _none(self) -> Path:
        return self._canary.with_name(self._canary.name + "-none")

    def _targets(self) -> Iterator[Path]:
        yield self._canary
        for place in self._planted:
            yield from (each for each in (place.with_name(place.name + "-target"), place / "file") if _is_ours(each))

    def __enter__(self) -> Self:
        try:
            self._canary.write_bytes(CANARY)
        except OSError as error:
            raise NotSeen(f"nothing can be put beside the store's folder: {error.strerror}") from error
        return self

    def __exit__(self, *_: object) -> None:
        for place in self._planted:
            _let_go(place)
            with contextlib.suppress(OSError):
                place.with_name(place.name + "-target").unlink(missing_ok=True)
            if place.is_dir() and not place.is_symlink():
                for entry in place.iterdir():
                    entry.unlink()
                place.rmdir()
            else:
                place.unlink(missing_ok=True)
        self._canary.unlink(missing_ok=True)
        self._none.unlink(missing_ok=True)


def _is_ours(path: Path) -> bool:
    return os.path.lexists(path) and not path.parent.is_symlink()


def _signs(place: Path) -> tuple[int, int, str]:
    """Return what tells an entry from any other: its kind, its number, and where it links to."""
    status = place.lstat()
    return stat.S_IFMT(status.st_mode), status.st_ino, str(place.readlink()) if place.is_symlink() else ""


def _let_go(place: Path) -> None:
    """Free a server that waits for somebody at the other end of a FIFO."""
    with contextlib.suppress(OSError):
        if stat.S_ISFIFO(place.lstat().st_mode):
            os.close(os.open(place, os.O_RDWR | os.O_NONBLOCK))


def occupied(garden: Garden, name: str, body: bytes | None, *, reply: bool) -> Stream:
    """Plant an entry and return a request for its name: a put of a body, or a stat where that is None.

    Args:
        garden: where it is planted.
        name: that the entry has.
        body: of the put; None for a stat.
        reply: whether it asks for a reply.

    Raises:
        NotSeen: when the entry can't be planted.
    """
    garden.plant(name)
    asks = {"reply": True} if reply else {}
    stream = command("stat", filename=name, **asks) if body is None else put(body, name=name, **asks)
    return stream.watching(name).occupied(name)
