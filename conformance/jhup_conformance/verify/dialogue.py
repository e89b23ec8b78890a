"""Asking a target for a reply and waiting for it, where what is said next depends on it."""

import json
from typing import Any

from jhup.errors import JhupError
from jhup.messages import Reply
from jhup.reply_reader import ReplyReader
from jhup_conformance.findings import Finding
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.stream import header, prefix
from jhup_conformance.wire.line import Line
from jhup_conformance.wire.transcript import Action, Kind

__all__ = ["asking", "hear_members", "hear_reply", "send"]


def asking(body: bytes = b"", **members: Any) -> bytes:
    """Give a request that asks for a reply: prefix, header, body."""
    head = header(**members, reply=True)
    return prefix(len(head)) + head + body


def send(line: Line, frame: bytes) -> None:
    """Say something, once what was planned before is said."""
    line.plan([Action(Kind.SENT, frame)])


def hear_members(judge: Judge, line: Line, start: int = 0) -> dict[str, Any]:
    """Wait for a reply and give its members as they are.

    Args:
        judge: who asks.
        line: the connection, whose script is run.
        start: how many of the bytes received belong to earlier replies.

    Raises:
        Finding: when none comes, or what comes is no object.
    """

    def body(line: Line) -> bytes | None:
        length = int.from_bytes(line.received[start : start + 4], "little", signed=True)
        found = bytes(line.received[start + 4 : start + 4 + max(0, length)])
        return found if len(line.received) >= start + 4 and len(found) >= length else None

    judge.hear(line, until=lambda line: body(line) is not None)
    found = body(line)
    if found is None:
        raise Finding("a reply", _what_came(line, start), line.transcript, timed_out=line.closed is None)
    try:
        members = json.loads(found.decode())
    except ValueError as error:
        raise Finding("a reply", f"not JSON in UTF-8: {error}", line.transcript) from error
    if not isinstance(members, dict):
        raise Finding("a reply", f"JSON, but no object: {found[:80]!r}", line.transcript)
    return members


def hear_reply(judge: Judge, line: Line, start: int = 0) -> Reply:
    """Wait for a reply and give its meaning; see `hear_members`.

    Raises:
        Finding: when none comes, or what comes is no reply.
    """
    hear_members(judge, line, start)
    try:
        return next(ReplyReader().receive(bytes(line.received[start:])))
    except JhupError as error:
        raise Finding("a reply", f"not a reply: {error}", line.transcript) from error


def _what_came(line: Line, start: int) -> str:
    count = len(line.received) - start
    came = f"{count} bytes that are no whole reply" if count else "nothing"
    return f"{came}, and the connection closed ({line.closed})" if line.closed else came
