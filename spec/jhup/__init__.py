"""The JSON-Header Upload Protocol, executable: formats, messages, an incremental reader, a writer, and the model.

It does no input or output: bytes in, events out. The text of the specification is the truth; every rule here names
the clause it comes from.
"""

from jhup.clauses import Clause, clause, clauses
from jhup.errors import JhupError, LocalError, Malformed, Refused, RemoteError, Truncated
from jhup.messages import Code, Command, Failure, Greeting, Hello, Put, Reply, Request, Stat, Status, Stored, Unknown
from jhup.names import check_name, is_valid_name, name_fault
from jhup.reader import BodyRead, Broken, Event, HeaderRead, PutRead, Reader, StreamEnded
from jhup.reply_reader import ReplyReader
from jhup.writer import check_request, write_reply, write_request

__all__ = [
    "BodyRead",
    "Broken",
    "Clause",
    "Code",
    "Command",
    "Event",
    "Failure",
    "Greeting",
    "HeaderRead",
    "Hello",
    "JhupError",
    "LocalError",
    "Malformed",
    "Put",
    "PutRead",
    "Reader",
    "Refused",
    "RemoteError",
    "Reply",
    "ReplyReader",
    "Request",
    "Stat",
    "Status",
    "Stored",
    "StreamEnded",
    "Truncated",
    "Unknown",
    "check_name",
    "check_request",
    "clause",
    "clauses",
    "is_valid_name",
    "name_fault",
    "write_reply",
    "write_request",
]
