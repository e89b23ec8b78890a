"""What an upload server does with the bytes of one connection: bytes in, changes of the store and replies out.

No socket, clock or thread: the owner of the connection hands bytes in and sends what comes out.
"""

import hashlib
from collections.abc import Iterator
from enum import Enum, auto
from typing import Any, Final, TypeAlias

from jhup.errors import Malformed, Truncated
from jhup.messages import EXPLANATIONS, Code, Failure, Greeting, Hello, Put, Reply, Request, Stat, Stored
from jhup.names import name_fault
from jhup.reader import BodyRead, Broken, HeaderRead, PutRead, Reader, State
from jhup.writer import write_reply
from jhup_reference.folder.faults import NotStored, StorageFault
from jhup_reference.runtime.journal import Journal
from jhup_reference.settings import Limits
from jhup_reference.store import Store, Upload

__all__ = ["Output", "Pause", "Session"]

SERVER_NAME: Final = "jhup-server"
_BETWEEN: Final = State.PREFIX
_REPLIES_AT_ONCE: Final = 500


class Pause(Enum):
    """A moment between two replies at which the owner of the connection may do something else."""

    BETWEEN = auto()
    """A request is complete. The next one may be carried out now, later, or never."""
    LONG_WORK = auto()
    """The next step may take long: reading a large file, or waiting for a disk."""


_BETWEEN_REQUESTS: Final = Pause.BETWEEN
Output: TypeAlias = bytes | Pause


class Session:
    """One connection of an upload server.

    Args:
        store: where bodies go.
        limits: what is accepted.
        busy: whether the server has too many connections, so that this one is only told so.
        journal: where events are logged.

    Attributes:
        busy: as above.
        closing: whether the server has to end the connection: nothing more on it is read.
        journal: as above.
    """

    def __init__(self, store: Store, limits: Limits, *, busy: bool = False, journal: Journal | None = None) -> None:
        self._store = store
        self._limits = limits
        self.busy = busy
        self.journal = journal or Journal()
        self._reader = Reader(max_header=limits.max_header)
        self._replies: list[bytes] = []
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
        """Carry out the requests that a segment completes, one after the other, as the iterator is asked for more.

        Args:
            data: the bytes, as they came. The buffer belongs to the session until the iterator is exhausted or closed,
                and so does the stream: no other call before.

        Yields:
            Replies to be sent, in order; a `Pause` between requests and before long work.
        """
        try:
            for event in self._reader.receive(data):
                if type(event) is BodyRead:
                    if self._upload is not None:
                        self._write(self._upload, event.data)
                    continue
                if type(event) is PutRead:
                    if self._upload is not None:
                        if self._store.syncs:
                            yield from self._pause()
                        self._complete(self._upload)
                elif type(event) is HeaderRead:
                    self._request = event.request
                    if type(event.request) is Put and not self.busy:
                        self._begin_put(event.request)
                        if not self.closing:
                            continue
                    else:
                        yield from self._carry_out(event.request)
                elif type(event) is Broken:
                    self._break(event.error)
                if self.closing:
                    break
                if len(self._replies) >= _REPLIES_AT_ONCE:
                    yield self.owed()
                yield _BETWEEN_REQUESTS
        except Exception:  # noqa: BLE001  # whatever it is, it ends this connection and no other (ERR-9)
            self._crash()
        self.journal.settle()
        if self._replies:
            yield self.owed()

    def owed(self) -> bytes:
        """Return the replies that are not handed out yet."""
        data = b"".join(self._replies)
        self._replies.clear()
        return data

    def receive_eof(self) -> Truncated | None:
        """Take the end of the stream, or its reset; an error when it lies inside a request (ERR-6)."""
        self.closing = True
        error = self._reader.receive_eof().error
        if error is not None:
            self.journal.note("truncated", error.clause, reason=error.reason)
        self.abandon()
        return error

    def abandon(self) -> None:
        """Drop the put under way, if there is one."""
        if self._upload is not None:
            self._upload.abandon()
            self._upload = None

    # Put

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

    def _write(self, upload: Upload, data: memoryview) -> None:
        try:
            upload.write(data)
        except StorageFault as fault:
            self._refuse_put(Code.STORAGE, str(fault))
            return
        if self._digest is not None:
            self._digest.update(data)

    def _complete(self, upload: Upload) -> None:
        put = self._request
        assert isinstance(put, Put)  # noqa: S101
        try:
            upload.commit()
        except StorageFault as fault:
            self._refuse_put(Code.STORAGE, str(fault))
            return
        self._upload = None
        self.journal.stored(put.filename, put.filesize)
        if self._digest is not None:
            self._answer(Stored(put.filename, put.filesize, self._digest.hexdigest()))  # REPLY-7: after the commit

    def _refuse_put(self, code: Code, reason: str) -> None:
        """Answer at once, and let the rest of the body be discarded unless it is too long (ERR-5, ERR-10)."""
        self.abandon()
        self._fail(self._request, code, reason, closing=self._reader.body_due > self._limits.max_discard)

    # Other commands

    def _carry_out(self, request: Request) -> Iterator[Output]:
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

    def _stat(self, stat: Stat) -> Iterator[Output]:
        if stat.filename is None:
            self._fail(stat, Code.BAD_FILENAME, "filename is missing or not a string")  # REPLY-11
            return
        if fault := name_fault(stat.filename):
            self._fail(stat, Code.BAD_FILENAME, fault.reason)
            return
        try:
            with self._store.find(stat.filename) as body:
                if body.takes_long:
                    yield from self._pause()
                found = body.digest()
        except NotStored:
            self.journal.missed("not found", filename=stat.filename)
            self._answer(Failure(Code.NOT_FOUND, EXPLANATIONS[Code.NOT_FOUND], False))
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

    # Replies

    def _asked(self, request: Request) -> bool:
        return request.reply and self._limits.replies  # CONN-1, REPLY-2

    def _answer(self, reply: Reply) -> None:
        self._replies.append(write_reply(reply))

    def _pause(self) -> Iterator[Output]:
        """Hand out the replies that are owed before work that they shall not wait for (REPLY-5)."""
        if self._replies:
            yield self.owed()
        yield Pause.LONG_WORK

    def _fail(self, request: Request, code: Code, reason: str, *, closing: bool = False) -> None:
        self.journal.note("refused", code.value, reason=reason, closing=closing)
        if self._asked(request):
            self._answer(Failure(code, reason, closing))
        self.closing = self.closing or closing

    def _break(self, error: Malformed) -> None:
        self.journal.note("malformed", error.clause, reason=error.reason)
        self.closing = True
        if error.asks_reply and self._limits.replies:
            self._answer(Failure(Code.MALFORMED, error.reason, True))

    def _crash(self) -> None:
        self.journal.crashed()
        self.abandon()
        if self._asked(self._request):
            self._answer(Failure(Code.INTERNAL, EXPLANATIONS[Code.INTERNAL], True))
        self.closing = True

    # Bodies that the owner of the connection moves itself: see jhup_reference.fast.splicing

    def open_sink(self) -> int | None:
        """Return a descriptor to which the body under way may be moved past `receive`; None where it must pass."""
        if self._upload is None or self._digest is not None or not self._reader.body_due:
            return None
        try:
            return self._upload.fileno()
        except StorageFault as fault:
            self._refuse_put(Code.STORAGE, str(fault))
            return None

    def body_moved(self, count: int) -> None:
        """Take note that bytes of the body went to the descriptor of `open_sink`: at most `body_due`.

        A put that asks for a reply has no such descriptor, so that nothing is to be sent afterwards.
        """
        if self._reader.body_moved(count) is not None and self._upload is not None:
            self._complete(self._upload)

    def body_lost(self, count: int, cause: OSError) -> None:
        """Take note that bytes of the body were taken from the stream but can't be written."""
        self._refuse_put(Code.STORAGE, str(StorageFault.of(cause)))
        self._reader.body_moved(count)
