"""The echo services of chapter 10: what they reply, and which answers are right.

No input and no output here: everything is a function of the bytes that were sent.
"""

from jhup.echo.answers import Answers, FiniteAnswers, Nearest, worker_name
from jhup.echo.datagram import UDP_CARRIES, DatagramAnswers, Silence
from jhup.echo.formats import BytesLiteral, Datagram, GreetReply, Lines, WorkerReply
from jhup.echo.line import LineAnswers
from jhup.echo.literal import Literal, LiteralError, read_literal, write_literal
from jhup.echo.one_shot import OneShotAnswers
from jhup.echo.oracle import right_answers
from jhup.echo.scope import SCOPES, Scope, Serving, scope_of
from jhup.echo.services import (
    DATAGRAM_LIMIT,
    GREETING,
    NAME_END,
    STREAM_LIMIT,
    WHITE_SPACE,
    Rules,
    Service,
    Shape,
    greet,
    is_worker_name,
    trimmed,
    upper,
    worker,
)
from jhup.echo.session import session_answers
from jhup.echo.session_greet import GreetSession
from jhup.echo.session_upper import UpperSession
from jhup.echo.session_worker import WorkerSession

__all__ = [
    "DATAGRAM_LIMIT",
    "GREETING",
    "NAME_END",
    "SCOPES",
    "STREAM_LIMIT",
    "UDP_CARRIES",
    "WHITE_SPACE",
    "Answers",
    "BytesLiteral",
    "Datagram",
    "DatagramAnswers",
    "FiniteAnswers",
    "GreetReply",
    "GreetSession",
    "LineAnswers",
    "Lines",
    "Literal",
    "LiteralError",
    "Nearest",
    "OneShotAnswers",
    "Rules",
    "Scope",
    "Service",
    "Serving",
    "Shape",
    "Silence",
    "UpperSession",
    "WorkerReply",
    "WorkerSession",
    "greet",
    "is_worker_name",
    "read_literal",
    "right_answers",
    "scope_of",
    "session_answers",
    "trimmed",
    "upper",
    "worker",
    "worker_name",
    "write_literal",
]
