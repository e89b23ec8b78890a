"""Moving a body from a socket to a file inside the kernel, where it can do that (Linux)."""

import contextlib
import errno
import os
import select
import socket
from typing import Final

from jhup_reference.runtime.descriptors import is_scarce
from jhup_reference.session import Session

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]

__all__ = ["CAN_SPLICE", "SinkFault", "Splicer", "splice_body"]

CAN_SPLICE: Final = hasattr(os, "splice") and fcntl is not None
_PIPE: Final = 1024 * 1024
_KEPT: Final = 128
_PIECE: Final = 64 * 1024


class SinkFault(Exception):
    """The file took no more; what had left the socket by then is gone.

    Attributes:
        moved: bytes that have left the socket.
        cause: what the operating system said.
    """

    def __init__(self, moved: int, cause: OSError) -> None:
        super().__init__(str(cause))
        self.moved = moved
        self.cause = cause


class Splicer:
    """A pipe between sockets and files. Not after a `SinkFault`: bytes may be left in it.

    Raises:
        OSError: when descriptors are few: the last ones are for connections and files.
    """

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        if is_scarce(self._writer, _KEPT):
            self.close()
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        with contextlib.suppress(OSError, AttributeError):  # a default pipe is slower, no more
            fcntl.fcntl(self._writer, fcntl.F_SETPIPE_SZ, _PIPE)

    def move(self, source: socket.socket, sink: int, count: int) -> int:
        """Move what the socket has.

        Args:
            source: a plain socket that doesn't block.
            sink: descriptor of a file.
            count: how many bytes at most.

        Returns:
            How many were moved; 0 at the end of the stream.

        Raises:
            BlockingIOError: when the socket has none.
            OSError: when the connection is lost.
            SinkFault: when the file can't be written.
        """
        moved = left = os.splice(source.fileno(), self._writer, min(count, _PIPE), flags=os.SPLICE_F_MOVE)
        try:
            while left:
                left -= os.splice(self._reader, sink, left, flags=os.SPLICE_F_MOVE)
        except OSError as error:
            raise SinkFault(moved, error) from None
        return moved

    def close(self) -> None:
        """Close the pipe."""
        os.close(self._reader)
        os.close(self._writer)


def splice_body(sock: socket.socket, session: Session, sink: int, timeout: float) -> bool:
    """Move the body under way past the process: a `jhup_reference.handler.BodyMover`.

    Args:
        sock: plain, with a time-out.
        session: whose body is due.
        sink: from `Session.open_sink`.
        timeout: seconds to wait for each next byte.

    Returns:
        Whether the stream has ended.

    Raises:
        OSError: when the connection is lost, or nothing comes (`TimeoutError`).
    """
    try:
        splicer = Splicer()
    except OSError:  # no descriptors left for a pipe
        return _copy(sock, session)
    try:
        while due := session.body_due:
            try:
                moved = splicer.move(sock, sink, due)
            except BlockingIOError:
                _await_input(sock, timeout)
                continue
            if not moved:
                return True
            session.body_moved(moved)
    except SinkFault as fault:
        session.body_lost(fault.moved, fault.cause)
    finally:
        splicer.close()
    return False


def _copy(sock: socket.socket, session: Session) -> bool:
    """Move a segment by way of the process."""
    data = sock.recv(min(session.body_due, _PIECE))
    for _ in session.receive(data) if data else ():
        pass  # a body that has a sink is owed no reply
    return not data


def _await_input(sock: socket.socket, seconds: float) -> None:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    if not poll.poll(seconds * 1000):
        raise TimeoutError
