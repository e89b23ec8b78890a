"""The formats of the echo services that have one, declared with `construct`, each under its clause.

A one-shot or session server has no format: what it takes as a message is up to the network. Lines and datagrams have
one, and so have the replies of greet and worker. These are for bytes that are all there: vectors, tests, dissection.
"""

from collections.abc import Iterable
from typing import Final

from construct import (
    Adapter,
    Bytes,
    Check,
    Const,
    Construct,
    ExprValidator,
    FocusedSeq,
    GreedyBytes,
    GreedyRange,
    NullTerminated,
    Struct,
    ValidationError,
    len_,
    this,
)

from jhup.echo.literal import LiteralError, read_literal, write_literal
from jhup.echo.services import DATAGRAM_LIMIT, GREETING, is_worker_name

__all__ = ["BytesLiteral", "Datagram", "GreetReply", "Lines", "WorkerReply"]


class BytesLiteral(Adapter):  # type: ignore[misc]  # construct is not typed
    """ECHO-10 to ECHO-18: text that is one bytes literal and nothing else, as the bytes that it stands for."""

    def _decode(self, obj: bytes, context: object, path: str) -> bytes:
        try:
            literal = read_literal(obj)
        except LiteralError as exc:
            raise ValidationError(str(exc), path=path) from exc
        if literal.end != len(obj):
            raise ValidationError(f"{len(obj) - literal.end} bytes after the bytes literal", path=path)
        return literal.data

    def _encode(self, obj: bytes, context: object, path: str) -> bytes:
        return write_literal(obj)


class _JoinedLines(Adapter):  # type: ignore[misc]
    """The text that lines came from: construct's terminator would end an unended line too."""

    def _decode(self, obj: bytes, context: object, path: str) -> list[bytes]:
        return [bytes(line) for line in _LINES.parse(obj)]

    def _encode(self, obj: Iterable[bytes], context: object, path: str) -> bytes:
        return b"".join(obj)


# ECHO-39  a line ends after its 0A, which belongs to it
# ECHO-40  the last line may lack it, but not be empty as well: then it isn't there
_LINE: Final[Construct] = NullTerminated(GreedyBytes, term=b"\n", include=True, require=False)
_LINES: Final[Construct] = GreedyRange(FocusedSeq("line", "line" / _LINE, Check(len_(this.line) > 0)))

Lines: Final[Construct] = _JoinedLines(GreedyBytes)

# ECHO-52  0 to 8,192 bytes, and no field inside
Datagram: Final[Construct] = ExprValidator(GreedyBytes, lambda message, _: len(message) <= DATAGRAM_LIMIT)

# ECHO-9   the greeting, then the literal, and nothing after it
GreetReply: Final[Construct] = FocusedSeq("content", Const(GREETING), "content" / BytesLiteral(GreedyBytes))

# ECHO-20  one or more bytes 20 to 7E; the first colon ends the name, for it can't hold one
# ECHO-19  colon and space, then the message
WorkerReply: Final[Construct] = Struct(
    "name" / ExprValidator(NullTerminated(GreedyBytes, term=b":"), lambda name, _: is_worker_name(name)),
    Const(b" ", Bytes(1)),
    "message" / ExprValidator(GreedyBytes, lambda message, _: message.isascii()),
)
