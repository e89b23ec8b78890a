"""Names of states for people: what a reader of the stream is waiting for (`jhup.reader`)."""

from jhup.machine.symbols import NAME, SIZE
from jhup.messages import Put
from jhup.names import is_valid_name
from jhup.reader import HeaderRead, PutRead, Reader, State

__all__ = ["describe"]


def describe(stream: bytes | None, replies: int) -> str:
    """Name the state after a stream.

    Args:
        stream: all bytes so far; None after the end of the connection.
        replies: how many replies have come.
    """
    if stream is None:
        return "over"
    reader = Reader()
    stored, asked, put = False, 0, None
    for event in reader.receive(stream) if stream else ():
        if isinstance(event, HeaderRead):
            put = event.request if isinstance(event.request, Put) else None
            asked += event.request.reply and put is None
        elif isinstance(event, PutRead) and put:
            stored = stored or put.filename == NAME
            asked += put.reply
    parts = [_place(reader, put), *["told"] * (replies > asked), *["stored"] * stored]
    return ", ".join(parts)


def _place(reader: Reader, put: Put | None) -> str:
    match reader.state:
        case State.PREFIX:
            return "in a prefix" if reader.receive_eof().error else "between requests"
        case State.BODY:
            kind = "body" if put and is_valid_name(put.filename) else "refused body"
            return f"in a {kind}" if reader.body_due == SIZE else f"inside a {kind}"
        case State.BROKEN:
            return "after something malformed"
        case state:
            return f"in a {state.name.lower()}"
