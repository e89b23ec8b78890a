"""A connection: any number of requests, one after the other, pipelined where no reply is waited for."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Literal, Self, Unpack, overload

from jhup import (
    Code,
    Greeting,
    Hello,
    LocalError,
    Put,
    Request,
    Stat,
    Stored,
    write_request,
)
from jhup_client.body import Body, FileSource, name_for, open_body
from jhup_client.channel import Channel, Waited
from jhup_client.errors import (
    ClientError,
    ConnectionLost,
    ErrorReply,
    FileFailed,
    FileShrank,
    NoReply,
    RequestFailed,
    WrongReply,
)
from jhup_client.options import Timeouts
from jhup_client.pending import Answer, Pending, Upload
from jhup_client.reply_queue import ReplyQueue
from jhup_client.results import Progress, ProgressCallback, PutOptions, Sent
from jhup_client.sending import BUFFER, send_put
from jhup_client.transport import Transport

__all__ = ["Connection"]


class Connection:
    """An open connection to a server, for one thread at a time.

    Use it in a ``with`` block: leaving it finishes the connection, leaving it by an exception gives it up.
    """

    def __init__(self, transport: Transport, timeouts: Timeouts) -> None:
        self._queue = ReplyQueue()
        self._channel = Channel(transport, timeouts, self._queue.take)
        self._timeouts = timeouts
        self._buffer = memoryview(bytearray(BUFFER))
        self._unconfirmed: dict[Upload, None] = {}  # in order
        self._unreported: dict[Upload, None] = {}
        self._is_open = True

    @property
    def is_open(self) -> bool:
        """Whether requests can be made. After most errors it is not."""
        return self._is_open

    @property
    def was_spoken_to(self) -> bool:
        """Whether the server said something that nobody had asked for (it must not, CONN-1). It was ignored."""
        return self._queue.was_spoken_to

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
        else:
            self.abort()

    @overload
    def put(self, file: FileSource, *, reply: Literal[True], **options: Unpack[PutOptions]) -> Stored: ...
    @overload
    def put(self, file: FileSource, *, reply: bool = False, **options: Unpack[PutOptions]) -> Stored | Sent: ...
    def put(self, file: FileSource, *, reply: bool = False, **options: Unpack[PutOptions]) -> Stored | Sent:
        """Upload a file, and with ``reply`` wait until the server confirms it.

        Args:
            file: a path, or a file object open for reading bytes.
            reply: ask for a reply; without one, only `finish` tells whether the bytes were handed over.
            options: see `PutOptions`.

        Returns:
            What the server stored; `Sent` without ``reply``.

        Raises:
            FileFailed: before anything was sent, the connection is as it was.
            RequestFailed: one of its kinds. After an `ErrorReply` that isn't ``closing`` the connection goes on.
        """
        upload = self.submit(file, reply=reply, **options)
        return self.result(upload) if reply else Sent(upload.filename, upload.filesize)

    def submit(
        self,
        file: FileSource,
        *,
        reply: bool = False,
        name: str | None = None,
        size: int | None = None,
        progress: ProgressCallback | None = None,
    ) -> Upload:
        """Send a file as `put` does, but don't wait for the reply, so that the next request can follow at once.

        Args:
            file: a path, or a file object open for reading bytes.
            reply: ask for a reply.
            name: the name to store under, if not the base name of the file.
            size: length of the body in bytes, for file objects that can't tell it.
            progress: is called with a `Progress` before the first byte is read and whenever some were taken.

        Returns:
            The upload; its ``outcome`` is filled in when a reply comes, or else by `finish`.

        Raises:
            FileFailed, RequestFailed: as `put`, but for replies that have not come yet.
        """
        chosen = name_for(file, name)
        with open_body(file, size=size) as body:
            upload = Upload(Put(chosen, body.size, reply))
            header = _written(upload.request)
            try:
                with self._breaking():
                    self._send(upload, header, body, progress)
            except (ErrorReply, WrongReply) as error:
                if upload.outcome is error:
                    raise
                raise _ended_over(error) from error
        (self._unreported if reply else self._unconfirmed)[upload] = None
        return upload

    def result(self, upload: Upload) -> Stored:
        """Wait for the reply to an upload of this connection that asked for one.

        Raises:
            RequestFailed: one of its kinds.
        """
        if not upload.request.reply:
            raise ValueError("no reply was asked for; finish() tells what came of it")
        self._unreported.pop(upload, None)
        return self._answer_to(upload, Stored)

    def stat(self, name: str) -> Stored | None:
        """Ask what is stored under a name.

        Returns:
            Name, size and digest; None when nothing is stored under it.

        Raises:
            FileFailed: when the name isn't valid; nothing was sent.
            RequestFailed: one of its kinds.
        """
        try:
            return self._ask(Stat(name, reply=True), Stored)
        except ErrorReply as error:
            if error.code is Code.NOT_FOUND:
                return None
            raise

    def hello(self) -> Greeting:
        """Ask what the server is.

        Raises:
            RequestFailed: one of its kinds; `NoReply` from servers that don't offer replies.
        """
        return self._ask(Hello(reply=True), Greeting)

    def finish(self) -> None:
        """End the connection in order: wait for replies owed, half-close, and see that no reset comes (CLIENT-15).

        Raises:
            RequestFailed: what went wrong with the connection, or with the first upload whose `result` wasn't asked.
        """
        if self._is_open:
            with self._breaking():
                self._wind_up()
            self._close()
        unreported = [upload.outcome for upload in self._unreported]
        self._unreported.clear()
        for outcome in unreported:
            if isinstance(outcome, ClientError):
                raise outcome

    def is_alive(self) -> bool:
        """Return, without waiting, whether the connection is open and the server has not closed it."""
        if not self._is_open:
            return False
        try:
            with self._breaking():
                self._channel.look()
        except RequestFailed:
            return False
        return True

    def abort(self) -> None:
        """Abandon the connection at once. What became of requests without an outcome can't be known."""
        self._break(ConnectionLost("the connection was given up"))

    def _ask(self, request: Stat | Hello, kind: type[Answer]) -> Answer:
        pending = Pending(request)
        message = _written(request)
        with self._breaking():
            self._channel.look()
            self._queue.expect(pending)
        with suppress(RequestFailed), self._breaking():
            self._channel.write(memoryview(message))
        return self._answer_to(pending, kind)

    def _answer_to(self, pending: Pending, kind: type[Answer]) -> Answer:
        if pending.outcome is None:
            with suppress(RequestFailed), self._breaking():
                self._wait_for(pending)
        outcome = pending.outcome  # where the connection broke, that of this request among all those under way
        if isinstance(outcome, ClientError):
            raise outcome
        assert isinstance(outcome, kind)  # noqa: S101  # Pending gives no other
        return outcome

    def _send(self, upload: Upload, header: bytes, body: Body, progress: ProgressCallback | None) -> None:
        self._channel.look()
        digest = None
        if upload.request.reply:
            digest = hashlib.sha256()
            self._queue.expect(upload)

        def report(taken: int) -> None:
            if progress is not None:
                progress(Progress(upload.filename, taken, upload.filesize))

        try:
            send_put(self._channel, header, body, buffer=self._buffer, digest=digest, progress=report)
        except (FileShrank, FileFailed):
            self._cut(upload)
            raise
        if digest is not None:
            upload.sha256 = digest.hexdigest()

    def _cut(self, upload: Upload) -> None:
        """End the connection inside a body, which the server sees as truncated, but not the uploads before it."""
        self._queue.forget(upload)
        with suppress(RequestFailed):
            self._channel.half_close()
            self._wind_up()

    def _wind_up(self) -> None:
        """Half-close, once nothing is owed, and see how it ends."""
        while (pending := self._queue.first()) is not None:
            self._wait_for(pending)
        if not self._unconfirmed:
            with suppress(ConnectionLost):  # nothing is left that could be lost
                self._channel.half_close()
            return
        self._channel.half_close()
        self._channel.settle()
        for upload in self._unconfirmed:
            upload.outcome = Sent(upload.filename, upload.filesize)

    def _wait_for(self, pending: Pending) -> None:
        waited = self._channel.read_until(lambda: pending.outcome is not None)
        if waited is Waited.TIMED_OUT:
            seconds = f"{self._timeouts.reply:g} s"
            reason = f"no reply within {seconds}: the request may have been carried out; not every server replies"
            if isinstance(pending.request, Put):
                reason = f"no reply within {seconds}: the file may be stored all the same; not every server replies"
            raise NoReply(reason, clause="CLIENT-16")
        if waited is Waited.ENDED:
            cut = " in the middle of one" if self._queue.ended_inside() else " without a reply"
            raise NoReply(f"the server closed the connection{cut}", clause="CLIENT-16")

    @contextmanager
    def _breaking(self) -> Iterator[None]:
        """Abandon the connection for whatever goes wrong inside."""
        if not self._is_open:
            raise ConnectionLost("the connection is closed")
        try:
            yield
        except ClientError as error:
            self._break(error)
            raise
        except BaseException:
            self.abort()
            raise

    def _break(self, error: ClientError) -> None:
        lost = error if isinstance(error, ConnectionLost | NoReply) else _ended_over(error)
        for pending in [*self._queue, *self._unconfirmed]:
            if pending.outcome is None:
                pending.outcome = lost
        self._close()

    def _close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._queue.clear()
            self._channel.close()


def _ended_over(error: ClientError) -> ConnectionLost:
    return ConnectionLost(f"the connection ended over another request: {error.reason}", fault=error.fault)


def _written(request: Request) -> bytes:
    try:
        return write_request(request)
    except LocalError as error:
        raise FileFailed(error.reason, clause=error.clause) from error
