"""Sending a put: its header, and exactly the bytes of the body that it announces (CLIENT-4, CLIENT-5, CLIENT-7)."""

from collections.abc import Callable
from typing import Final, Protocol

from jhup_client.body import Body
from jhup_client.channel import Channel
from jhup_client.errors import FileShrank
from jhup_client.transport import SendfileUnavailable

__all__ = ["BUFFER", "Hash", "send_put"]

BUFFER: Final = 1024 * 1024
"""Bytes of a connection's buffer, which all its bodies go through. Half of it was slower, more not faster."""

_STRIDE: Final = 4 * 1024 * 1024
"""Bytes that the operating system is asked to send of a file at a time, so that progress shows and ^C works."""


class Hash(Protocol):
    """A digest in the making, as `hashlib` has them."""

    def update(self, data: memoryview, /) -> None:
        """Take more bytes."""

    def hexdigest(self) -> str:
        """Return the digest of all bytes taken."""


def send_put(
    channel: Channel,
    header: bytes,
    body: Body,
    *,
    buffer: memoryview,
    digest: Hash | None,
    progress: Callable[[int], object],
) -> None:
    """Send a request and its body, in as few pieces as can be.

    Args:
        channel: the connection.
        header: prefix and header, from `jhup.write_request`.
        body: what follows it.
        buffer: `BUFFER` bytes to use.
        digest: is given the bytes that were sent; then they all go through the buffer.
        progress: is told how many bytes of the body were taken, 0 first.

    Raises:
        FileShrank: when the file ends early. The connection is inside the body then and must be closed.
        FileFailed: when it can't be read any further; the same.
        ConnectionLost: see `Channel.write`.
    """
    progress(0)
    buffer[: len(header)] = header
    start, taken = len(header), 0
    by_system = digest is None and body.descriptor is not None and channel.can_send_files
    while True:
        piece = buffer[start:][: body.size - taken]
        piece = piece[: body.read_into(piece)] if piece else piece
        if not piece and taken < body.size:
            raise _shrank(body, taken)
        if digest is not None:
            digest.update(piece)
        channel.write(buffer[: start + len(piece)])
        start, taken = 0, taken + len(piece)
        progress(taken)
        if taken == body.size:
            break
        if by_system:
            by_system = False
            taken = _send_by_system(channel, body, taken, progress)
        elif digest is not None:
            channel.look()  # an error reply may come at any time, and with it the end
    if body.has_shrunk():
        raise _shrank(body, taken)


def _send_by_system(channel: Channel, body: Body, taken: int, progress: Callable[[int], object]) -> int:
    """Let the operating system send the middle of a body.

    What it sends are pages of the file, not copies: when the file is cut off while they are on their way, zeros take
    the place of bytes that the file no longer has. So the last piece is left to be read, after a look at the size: a
    file that shrank is noticed, and its body never completed. Where a digest was asked for this isn't used at all.

    Returns:
        How many bytes of the body are sent now.
    """
    assert body.descriptor is not None  # noqa: S101
    end = body.size - BUFFER
    try:
        while taken < end:
            count = channel.write_file(body.descriptor, body.start + taken, min(end - taken, _STRIDE))
            if not count:
                raise _shrank(body, taken)
            taken += count
            progress(taken)
    except SendfileUnavailable:
        pass
    body.seek(taken)
    if body.has_shrunk():
        raise _shrank(body, taken)
    return taken


def _shrank(body: Body, taken: int) -> FileShrank:
    if body.descriptor is None:
        reason = f"the input ended after {taken} of the {body.size} bytes announced"
    else:
        reason = f"the file shrank below the {body.size} bytes announced, after {taken} were sent"
    return FileShrank(reason, clause="CLIENT-5")
