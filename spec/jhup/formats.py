"""The formats of the wire, declared with `construct`: the declared truth, each line under its clause.

`Prefix` and `Frame` describe bytes; `RequestHeader` and `ReplyHeader` give them their meaning as the values of
`jhup.messages`. All errors are `jhup.errors.Malformed` or a `construct.ConstructError`; nothing else comes out.

The reader slices by prefix first and parses whole headers only, because a format can't wait for more bytes.
`Frame` is therefore for bytes that are all there: vectors, tests, dissection of a recorded exchange.
None of this is compiled: compiled formats leave out the checks of lengths.
"""

from collections.abc import Mapping
from typing import Any, Final

from construct import (
    Adapter,
    Bytes,
    Computed,
    Construct,
    ExprValidator,
    GreedyBytes,
    If,
    Int32sl,
    Prefixed,
    Struct,
    this,
)

from jhup.errors import Malformed
from jhup.limits import HEADER_CEILING, MAX_HEADER, MIN_HEADER
from jhup.messages import Reply, Request
from jhup.objects import dump_object, load_object
from jhup.replies import read_reply, reply_members
from jhup.requests import read_request, request_members

__all__ = ["Frame", "JsonObject", "Prefix", "ReplyFrame", "ReplyHeader", "RequestHeader", "prefix_fault"]


def prefix_fault(length: int, max_header: int = MAX_HEADER) -> Malformed | None:
    """Tell what is wrong with the number in a prefix (section 2.4).

    Args:
        length: the number of header bytes that the prefix claims, as read: -2^31 to 2^31-1.
        max_header: the receiver's limit in bytes, 65,536 to 1,048,576.

    Returns:
        None when it may be used as a length, else the error with its clause.
    """
    if length < MIN_HEADER:
        return Malformed("FRAME-14", f"the prefix claims {length} bytes of header, fewer than {MIN_HEADER}")
    if length > max_header:
        return Malformed("FRAME-15", f"the prefix claims {length} bytes of header, more than {max_header}")
    return None


# FRAME-1   four bytes, signed, little-endian
# FRAME-14  not below 2
# FRAME-15  never above 1,048,576
Prefix: Final[Construct] = ExprValidator(Int32sl, lambda length, _: MIN_HEADER <= length <= HEADER_CEILING)


class JsonObject(Adapter):  # type: ignore[misc]  # construct is not typed
    """HEAD-4 to HEAD-9: bytes that are one JSON object in UTF-8, as a dictionary."""

    def _decode(self, obj: bytes, context: object, path: str) -> dict[str, Any]:
        return load_object(obj)

    def _encode(self, obj: Mapping[str, Any], context: object, path: str) -> bytes:
        return dump_object(obj)


class _RequestAdapter(Adapter):  # type: ignore[misc]
    """HEAD-10 to HEAD-17: a JSON object as a request."""

    def _decode(self, obj: dict[str, Any], context: object, path: str) -> Request:
        return read_request(obj)

    def _encode(self, obj: Request, context: object, path: str) -> dict[str, Any]:
        return request_members(obj)


class _ReplyAdapter(Adapter):  # type: ignore[misc]
    """REPLY-6, REPLY-9, REPLY-12, REPLY-14: a JSON object as a reply."""

    def _decode(self, obj: dict[str, Any], context: object, path: str) -> Reply:
        return read_reply(obj)

    def _encode(self, obj: Reply, context: object, path: str) -> dict[str, Any]:
        return reply_members(obj)


# Section 3.1: the header's bytes, without the prefix.
RequestHeader: Final[Construct] = _RequestAdapter(JsonObject(GreedyBytes))
# Section 8.1
ReplyHeader: Final[Construct] = _ReplyAdapter(JsonObject(GreedyBytes))

# Section 2.2: a whole request. FRAME-2: the body is exactly filesize bytes, and only a put has one.
Frame: Final[Construct] = Struct(
    "header" / Prefixed(Prefix, RequestHeader),
    "filesize" / Computed(lambda context: getattr(context.header, "filesize", None)),
    "body" / If(this.filesize != None, Bytes(this.filesize)),  # noqa: E711  # an expression of construct
)

# REPLY-4: a whole reply has no body.
ReplyFrame: Final[Construct] = Prefixed(Prefix, ReplyHeader)
