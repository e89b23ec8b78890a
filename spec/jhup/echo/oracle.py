"""One way in: the right answers for any service and shape."""

from jhup.echo.answers import Answers
from jhup.echo.datagram import DatagramAnswers
from jhup.echo.line import LineAnswers
from jhup.echo.one_shot import OneShotAnswers
from jhup.echo.services import Rules, Shape
from jhup.echo.session import session_answers

__all__ = ["right_answers"]


def right_answers(data: bytes, *, shape: Shape, rules: Rules, ended: bool = True) -> Answers:
    """Return the right answers of a server to what it was sent.

    Args:
        data: all bytes sent on one connection so far, or one datagram.
        shape: how the server cuts them into messages.
        rules: what the server is.
        ended: whether end of stream was given too; of account for one-shot and line.
    """
    if shape is Shape.ONE_SHOT:
        return OneShotAnswers(data, rules, ended)
    if shape is Shape.SESSION:
        return session_answers(data, rules)
    if shape is Shape.DATAGRAM:
        return DatagramAnswers(data, rules)
    return LineAnswers(data, rules, shape is Shape.LINE_ONE_SHOT, ended)
