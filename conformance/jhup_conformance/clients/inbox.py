"""What a client sent on a connection, read as requests while it comes, however wrong it is."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Final

from jhup.limits import HEADER_CEILING, PREFIX_SIZE

__all__ = ["KEPT", "Inbox", "SentRequest"]

KEPT: Final = 24 * 1024 * 1024
"""Bytes of a body that are kept; of a longer one only the digest is."""
_STRAY: Final = 64 * 1024
"""Bytes kept of what can't be read as requests."""
_LARGEST: Final = 2**63
_WITHOUT_BODY: Final = ("stat", "hello")


@dataclass(slots=True)
class SentRequest:
    """One request, as far as it has come.

    Attributes:
        length: what the prefix says, little-endian.
        header: the bytes of the header.
        filesize: bytes of the body, as the header announces them; 0 where it is no put.
        came: how many of them came.
        kept: the first of them.
    """

    length: int
    header: bytes = b""
    filesize: int = 0
    came: int = 0
    kept: bytearray = field(default_factory=bytearray)
    _digest: Any = field(default_factory=hashlib.sha256)

    @property
    def has_header(self) -> bool:
        """Whether the header is whole."""
        return len(self.header) == self.length

    @property
    def is_whole(self) -> bool:
        """Whether all bytes of the body came."""
        return self.has_header and self.came == self.filesize

    @property
    def members(self) -> dict[str, Any]:
        """The members of the header, the last of a name; empty where it can't be read."""
        try:
            value = json.loads(self.header)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def sha256(self) -> str:
        """Digest of the part of the body that came."""
        digest: str = self._digest.hexdigest()
        return digest

    def take(self, piece: bytes) -> None:
        """Take more of the body."""
        self.came += len(piece)
        self._digest.update(piece)
        self.kept += piece[: max(0, KEPT - len(self.kept))]


class Inbox:
    """Everything that came on one connection.

    Attributes:
        requests: in order; the last may be unfinished.
        stray: the beginning of what can't be read as requests.
        count: all bytes.
        head: the first bytes, whatever they are.
    """

    def __init__(self) -> None:
        self.requests: list[SentRequest] = []
        self.stray = bytearray()
        self.count = 0
        self.head = bytearray()
        self._pending = bytearray()
        self._lost = False

    @property
    def current(self) -> SentRequest | None:
        """The request that came last, or is coming."""
        return self.requests[-1] if self.requests else None

    @property
    def wants(self) -> int:
        """How many bytes can be told to belong to what is coming now: a prefix, a header or a body."""
        request = self.current
        if self._lost or request is None or request.is_whole:
            return PREFIX_SIZE - len(self._pending)
        if not request.has_header:
            return request.length - len(self._pending)
        return request.filesize - request.came

    @property
    def is_between(self) -> bool:
        """Whether the last request is whole and nothing of another one has come."""
        request = self.current
        return not self._lost and not self._pending and request is not None and request.is_whole

    @property
    def is_lost(self) -> bool:
        """Whether what comes can't be read as requests any more."""
        return self._lost

    def feed(self, data: bytes) -> None:
        """Take what came."""
        self.count += len(data)
        self.head += data[: max(0, _STRAY - len(self.head))]
        while data:
            if self._lost:
                self.stray += data[: max(0, _STRAY - len(self.stray))]
                return
            data = self._feed(data)

    def _feed(self, data: bytes) -> bytes:
        wanted = self.wants
        piece, rest = data[:wanted], data[wanted:]
        request = self.current
        if request is not None and request.has_header and not request.is_whole:
            request.take(piece)
            return rest
        self._pending += piece
        if len(piece) == wanted:
            whole = bytes(self._pending)
            self._pending.clear()
            self._take(whole, request)
        return rest

    def _take(self, whole: bytes, request: SentRequest | None) -> None:
        if request is None or request.is_whole:
            length = int.from_bytes(whole, "little", signed=True)
            self.requests.append(SentRequest(length))
            self._lost = not 2 <= length <= HEADER_CEILING
            if self._lost:
                self.stray += whole
            return
        request.header = whole
        members = request.members
        filesize = 0 if members.get("cmd") in _WITHOUT_BODY else members.get("filesize")
        if type(filesize) is not int or not 0 <= filesize < _LARGEST:
            self._lost = True
            return
        request.filesize = filesize
