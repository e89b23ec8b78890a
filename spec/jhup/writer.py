"""Requests and replies as bytes (sections 2.2 and 8.1), in canonical form."""

from jhup.errors import LocalError
from jhup.limits import MAX_FILESIZE, MAX_HEADER, PREFIX_SIZE
from jhup.messages import Put, Reply, Request, Stored
from jhup.names import name_fault
from jhup.objects import dump_object, quote_text
from jhup.replies import reply_members
from jhup.requests import request_members

__all__ = ["check_request", "write_reply", "write_request"]


def _frame(header: bytes, clause: str) -> bytes:
    if len(header) > MAX_HEADER:
        raise LocalError(clause, f"the header would be {len(header)} bytes long, more than {MAX_HEADER}")
    return len(header).to_bytes(PREFIX_SIZE, "little", signed=True) + header  # FRAME-1


def check_request(request: Request) -> None:
    """Check a request before anything of it is sent.

    Raises:
        LocalError: for a name that is not valid (CLIENT-8), or a size that no header can announce (HEAD-13).
    """
    filename = getattr(request, "filename", None)
    if filename is not None and (fault := name_fault(filename)):
        raise LocalError(fault.clause, fault.reason)
    if isinstance(request, Put) and not 0 <= request.filesize <= MAX_FILESIZE:
        raise LocalError("HEAD-13", f"filesize is {request.filesize}, not 0 to 2^63-1")


def write_request(request: Request) -> bytes:
    """Return the prefix and header of a request. The ``filesize`` bytes of a put's body come after them.

    Raises:
        LocalError: see `check_request`; also when the header would be longer than 65,536 bytes (CLIENT-2).
    """
    check_request(request)
    return _frame(dump_object(request_members(request)), "CLIENT-2")


def write_reply(reply: Reply) -> bytes:
    """Return a reply as bytes.

    Raises:
        LocalError: when its header would be longer than 65,536 bytes, which readers need not accept (REPLY-4).
    """
    header = _stored_header(reply) if type(reply) is Stored else dump_object(reply_members(reply))
    return _frame(header, "REPLY-4")


def _stored_header(reply: Stored) -> bytes:
    """Write the reply to a put or a stat: the same bytes as the general way, at a third of what that costs a server."""
    filename, sha256 = quote_text(reply.filename), quote_text(reply.sha256)
    try:
        return f'{{"status":"ok","filename":{filename},"filesize":{reply.filesize},"sha256":{sha256}}}'.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return dump_object(reply_members(reply))
