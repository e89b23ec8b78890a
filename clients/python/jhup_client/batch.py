"""Many files, one after the other: over one connection as long as it lasts, then over the next."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from jhup import Stored
from jhup_client.body import FileSource, Readable
from jhup_client.connection import Connection
from jhup_client.errors import ClientError, ConnectionFailed, ConnectionLost, ErrorReply, FileFailed, RequestFailed
from jhup_client.pending import Upload
from jhup_client.results import ProgressCallback, Sent

__all__ = ["FileToSend", "UploadOutcome", "upload_all"]

UploadOutcome: TypeAlias = Stored | Sent | ClientError
"""What came of one file: stored (with replies), handed over (without), or why not."""


@dataclass(frozen=True, slots=True)
class FileToSend:
    """A local file, and the name to store it under, if not its base name.

    Attributes:
        path: of the file, for people too.
        name: the name to store under.
        source: the open file to read in place of the path. It is sent once only: no second try reads it again.
        size: bytes of it to send, where it can't tell.
    """

    path: str
    name: str | None = None
    source: Readable | None = None
    size: int | None = None

    @property
    def to_read(self) -> FileSource:
        """What the body is read from."""
        return self.path if self.source is None else self.source


@dataclass(slots=True)
class _Try:
    """One file on one connection, and the upload of it once it is sent."""

    file: FileToSend
    upload: Upload | None = None
    error: ClientError | None = None

    @property
    def outcome(self) -> UploadOutcome | None:
        if self.error is not None or self.upload is None:
            return self.error
        outcome = self.upload.outcome
        assert outcome is None or isinstance(outcome, UploadOutcome)  # noqa: S101  # a put gets no greeting
        return outcome


def upload_all(
    connect: Callable[[], Connection],
    files: Iterable[FileToSend],
    *,
    reply: bool = False,
    separately: bool = False,
    progress: ProgressCallback | None = None,
) -> Iterator[tuple[FileToSend, UploadOutcome]]:
    """Upload files, and say of each what came of it, as soon as that is known.

    They are pipelined over one connection. When it ends early the rest goes over a new one, and so do files that were
    sent but not answered because the server ended the connection over another file: to put a file twice does no harm.

    Args:
        connect: makes a connection.
        files: what to send, in order.
        reply: ask for confirmation.
        separately: use a connection for each file, for servers that read nothing but one request (class basic).
        progress: see `Connection.put`.

    Yields:
        Each file once, with its outcome.
    """
    queue = deque(files)
    while queue:
        try:
            connection = connect()
        except ConnectionFailed as error:
            yield from ((file, error) for file in queue)
            return
        tries: list[_Try] = []
        told = 0
        try:
            while queue and connection.is_open and not (separately and tries):
                tries.append(_send(connection, queue.popleft(), reply=reply, progress=progress))
                for known in _known(connection, tries[told:]):
                    yield known
                    told += 1
            for known in _known(connection, tries[told:], wait=reply):
                yield known
                told += 1
            with suppress(RequestFailed):  # it is the outcome of those whom it concerns
                connection.finish()
        finally:
            connection.abort()
        again, over = _divide(tries[told:])
        yield from over
        queue.extendleft(reversed(again))


def _known(
    connection: Connection, tries: list[_Try], *, wait: bool = False
) -> Iterator[tuple[FileToSend, UploadOutcome]]:
    """Yield the outcomes that stand, in order. Those of a connection that ended have yet to be looked at together."""
    for one in tries:
        if wait and one.outcome is None and one.upload is not None:
            with suppress(RequestFailed):
                connection.result(one.upload)
        outcome = one.outcome
        if outcome is None or not connection.is_open:
            return
        yield one.file, outcome


def _send(connection: Connection, file: FileToSend, *, reply: bool, progress: ProgressCallback | None) -> _Try:
    try:
        upload = connection.submit(file.to_read, name=file.name, size=file.size, reply=reply, progress=progress)
        return _Try(file, upload=upload)
    except (FileFailed, RequestFailed) as error:
        return _Try(file, error=error)


def _divide(tries: list[_Try]) -> tuple[list[FileToSend], list[tuple[FileToSend, UploadOutcome]]]:
    """Separate the files that have to be sent again from those whose outcome stands."""
    again: list[FileToSend] = []
    over: list[tuple[FileToSend, UploadOutcome]] = []
    is_ended = False  # by the server, over one file; to put the others after it again does no harm
    for one in tries:
        outcome = one.outcome
        assert outcome is not None  # noqa: S101  # a connection that is over leaves nothing open
        if is_ended and isinstance(outcome, ConnectionLost):
            again.append(one.file)
            continue
        is_ended = is_ended or (isinstance(outcome, ErrorReply) and outcome.closing)
        over.append((one.file, outcome))
    return again, over
