"""What an upload server does with the bytes of one connection: reader's events in, store operations, replies out.

No socket, clock or thread: whoever owns the connection hands bytes in and sends what comes out.
"""

import hashlib
from collections.abc import Iterator
from enum import Enum, auto
from typing import Any, Final, TypeAlias

import structlog

from jhup.errors import Malformed, Truncated
from jhup.messages import EXPLANATIONS, Code, Failure, Greeting, Hello, Put, Reply, Request, Stat, Stored
from jhup.names import name_fault
from jhup.reader import BodyRead, Broken, HeaderRead, PutRead, Reader, State
from jhup.writer import write_reply
from jhup_reference.faults import NotStored, StorageFault
from jhup_reference.settings import Limits
from jhup_reference.store import Store, Upload

__all__ = ["Output", "Pause", "Session"]

SERVER_NAME: Final = "jhup-server"
_BETWEEN: Final = State.PREFIX
_REPLIES_AT_ONCE: Final = 500


class Pause(Enum):
    """Something other than bytes that a session says between two of them."""

    LONG_WORK = auto()
    """What it does next may take long: reading a large file, or waiting for a disk."""


Output: TypeAlias = bytes | Pause


class Session:
    """One connection of an upload server.

    Args:
        store: where bodies go.
        limits: what is accepted.
        busy: whether the server has too many connections, so that this one is only told so.
        log: a bound logger of structlog; by default one that names nothing.

    Attributes:
        busy: as given.
        closing: whether the server has to end the connection: nothing more on it is read.
        log: where it tells what it does.
    """

    def __init__(self, store: Store, limits: Limits, *, busy: bool = False, log: Any = None) -> None:
        self._store = store
        self._limits = limits
        self.busy = busy
        self.log = log or structlog.get_logger()
        self._reader = Reader(max_header=limits.max_header)
        self._out: list[bytes] = []
        self.closing = False
        self._request: Request = Hello()
        """The last one that was read."""
        self._upload: Upload | None = None
        self._digest: Any = None

    @property
    def idle(self) -> bool:
        """Whether it stands between two requests."""
        return self._reader.state is _BETWEEN

    @property
    def body_due(self) -> int:
        """How many bytes of the body under way are still to come."""
        return self._reader.body_due

    def receive(self, data: bytes | bytearray | memoryview) -> Iterator[Output]:
        """Carry out what a segment completes.

        Args:
            data: the bytes, as they came. The buffer belongs to the session until the iterator is exhausted, and so
                does the stream: no other call before.

        Yields:
            Replies to be sent, in order, as soon as their requests are carried out; a `Pause` before long work.
        """
        try:
            for event in self._reader.receive(data):
                if type(event) is BodyRead:
                    if self._upload is not None:
                        self._write(self._upload, event.data)
                elif type(event) is PutRead:
                    if self._upload is not None:
                        if self._store.syncs:
                            yield from self._pause()
                        self._complete(self._upload)
                elif type(event) is HeaderRead:
                    self._request = event.request
                    if type(event.request) is Put and not self.busy:
                        self._begin_put(event.request)
                    else:
                        yield from self._begin(event.request)
                elif type(event) is Broken:
                    self._break(event.error)
                if self.closing:
                    break
                if len(self._out) >= _REPLIES_AT_ONCE:
                    yield self._flush()
        except Exception:  # noqa: BLE001  # whatever it is, it ends this connection and no other (ERR-9)
            self._crash()
        if self._out:
            yield self._flush()

    def open_sink(self) -> int | None:
        """Give a descriptor to which the body under way may be moved past `receive`; None where it must pass."""
        if self._upload is None or self._digest is not None or not self._reader.body_due:
            return None
        try:
            return self._upload.fileno()
        except StorageFault as fault:
            self._refuse_put(Code.STORAGE, str(fault))
            return None

    def body_moved(self, count: int) -> None:
        """Say that bytes of the body went to the descriptor of `open_sink`: at most `body_due`.

        A put that asks for a reply has no such descriptor, so that nothing is to be sent afterwards.
        """
        if self._reader.body_moved(count) is not None and self._upload is not None:
            self._complete(self._upload)

    def body_lost(self, count: int, cause: OSError) -> None:
        """Say that bytes of the body were taken from the stream but can't be written."""
        self._refuse_put(Code.STORAGE, str(StorageFault.of(cause)))
        self._reader.body_moved(count)

    def receive_eof(self) -> Truncated | None:
        """Take the end of the stream, or its reset; an error when it lies inside a request (ERR-6)."""
        self.closing = True
        error = self._reader.receive_eof().error
        if error is not None:
            self.log.info("truncated", clause=error.clause, reason=error.reason)
        self.abandon()
        return error

    def abandon(self) -> None:
        """Drop what is under way."""
        if self._upload is not None:
            self._upload.abandon()
            self._upload = None

    # Replies

    def _flush(self) -> bytes:
        data = b"".join(self._out)
        self._out.clear()
        return data

    def _pause(self) -> Iterator[Output]:
        """Hand out the replies that are owed before work that they shall not wait for (REPLY-5)."""
        if self._out:
            yield self._flush()
        yield Pause.LONG_WORK

    def _asked(self, request: Request) -> bool:
        return request.reply and self._limits.replies  # CONN-1, REPLY-2

    def _answer(self, reply: Reply) -> None:
        self._out.append(write_reply(reply))

    def _fail(self, request: Request, code: Code, reason: str, *, closing: bool = False) -> None:
        self.log.info("refused", code=code.value, reason=reason, closing=closing)
        if self._asked(request):
            self._answer(Failure(code, reason, closing))
        self.closing = self.closing or closing

    # Requests

    def _begin(self, request: Request) -> Iterator[Output]:
        if self.busy:
            self._fail(request, Code.BUSY, EXPLANATIONS[Code.BUSY], closing=True)
        elif not self._asked(request):
            return  # whatever it is, it changes nothing and is owed nothing
        elif isinstance(request, Stat):
            yield from self._stat(request)
        elif isinstance(request, Hello):
            self._greet()
        else:
            self._fail(request, Code.UNKNOWN_COMMAND, EXPLANATIONS[Code.UNKNOWN_COMMAND])  # ERR-11

    def _begin_put(self, put: Put) -> None:
        if fault := name_fault(put.filename):
            self._refuse_put(Code.BAD_FILENAME, fault.reason)
            return
        limit = self._limits.max_filesize
        if limit is not None and put.filesize > limit:
            self._refuse_put(Code.TOO_LARGE, f"filesize is {put.filesize}, more than {limit}")
            return
        try:
            self._upload = self._store.begin(put.filename, put.filesize)
        except StorageFault as fault:
            self._refuse_put(Code.STORAGE, str(fault))
            return
        self._digest = hashlib.sha256() if self._asked(put) else None

    def _refuse_put(self, code: Code, reason: str) -> None:
        """Answer at once, and let the rest of the body be discarded unless it is too long (ERR-5, ERR-10)."""
        self.abandon()
        self._fail(self._request, code, reason, closing=self._reader.body_due > self._limits.max_discard)

    def _write(self, upload: Upload, data: memoryview) -> None:
        try:
            upload.write(data)
        except StorageFault as fault:
            self._refuse_put(Code.STORAGE, str(fault))
            return
        if self._digest is not None:
            self._digest.update(data)

    def _complete(self, upload: Upload) -> None:
        try:
            upload.commit()
        except StorageFault as fault:
            self._refuse_put(Code.STORAGE, str(fault))
            return
        self._upload = None
        if self._digest is not None:
            put = self._request
            assert isinstance(put, Put)  # noqa: S101
            self._answer(Stored(put.filename, put.filesize, self._digest.hexdigest()))  # REPLY-7: after the commit

    def _crash(self) -> None:
        self.log.exception("internal")
        self.abandon()
        self._fail(self._request, Code.INTERNAL, EXPLANATIONS[Code.INTERNAL], closing=True)

    def _break(self, error: Malformed) -> None:
        self.log.info("malformed", clause=error.clause, reason=error.reason)
        self.closing = True
        if error.asks_reply and self._limits.replies:
            self._answer(Failure(Code.MALFORMED, error.reason, True))

    def _stat(self, stat: Stat) -> Iterator[Output]:
        if stat.filename is None:
            self._fail(stat, Code.BAD_FILENAME, "filename is missing or not a string")  # REPLY-11
            return
        if fault := name_fault(stat.filename):
            self._fail(stat, Code.BAD_FILENAME, fault.reason)
            return
        try:
            with self._store.find(stat.filename) as body:
                if body.is_long:
                    yield from self._pause()
                found = body.digest()
        except NotStored:
            self._fail(stat, Code.NOT_FOUND, EXPLANATIONS[Code.NOT_FOUND])
        except StorageFault as fault:
            self._fail(stat, Code.STORAGE, str(fault))
        else:
            self._answer(Stored(stat.filename, found.filesize, found.sha256))

    def _greet(self) -> None:
        self._answer(
            Greeting(
                server=SERVER_NAME,
                features=("replies",),
                max_header=self._limits.max_header,
                max_filesize=self._limits.max_filesize,
            )
        )
