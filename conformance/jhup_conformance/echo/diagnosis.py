"""Which clause a plain exchange breaks that should have been right: the nearest one, and no other.

Everything else is judged by checks of its own; but where not even ``abc`` is answered rightly, all of them would fail.
"""

import re
from typing import Final

from jhup.echo import GREETING, NAME_END, Answers, Rules, Service, Shape, is_worker_name, worker_name
from jhup_conformance.echo.asking import Breach

__all__ = ["diagnose", "diagnose_extra", "diagnose_next"]

_LITERAL: Final = re.compile(rb"""b(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""", re.DOTALL)

_UNANSWERED: Final = {
    Shape.ONE_SHOT: "ECHO-25",
    Shape.SESSION: "ECHO-30",
    Shape.LINE: "ECHO-38",
    Shape.LINE_ONE_SHOT: "ECHO-38",
    Shape.DATAGRAM: "ECHO-51",
}
_MORE: Final = {
    Shape.ONE_SHOT: "ECHO-27",
    Shape.SESSION: "ECHO-31",
    Shape.LINE: "ECHO-39",
    Shape.LINE_ONE_SHOT: "ECHO-44",
    Shape.DATAGRAM: "ECHO-51",
}
_CUT: Final = {
    Shape.ONE_SHOT: "ECHO-26",
    Shape.SESSION: "ECHO-31",
    Shape.LINE: "ECHO-39",
    Shape.LINE_ONE_SHOT: "ECHO-39",
    Shape.DATAGRAM: "ECHO-51",
}
_BY_BREACH: Final = {Breach.TWICE: "ECHO-53", Breach.ELSEWHERE: "ECHO-54", Breach.ASTRAY: "ECHO-55"}


def diagnose(data: bytes, answer: bytes, breach: Breach, *, right: Answers, rules: Rules, shape: Shape) -> str:
    """Return the clause that the answer to a basic message breaks.

    Args:
        data: the message, letters and digits alone, its 0A included where the shape has lines.
        answer: what came, which is no right answer.
        breach: in which way it isn't.
        right: the right answers.
        rules: what the server is.
        shape: how it cuts what it receives.
    """
    if breach in _BY_BREACH:
        return _BY_BREACH[breach]
    if breach is Breach.NOTHING:
        return _UNANSWERED[shape]
    untrimmed = Rules(service=rules.service, trim=False)
    if rules.trims and untrimmed.reply(data) == answer:
        return "ECHO-4"
    if breach is Breach.EXTRA and _is_reply_and_more(data, answer, right, rules):
        extra = answer[len(right.closest(answer)) :]
        return diagnose_extra(extra, worker_name(answer), rules=rules, shape=shape)
    return _BY_SERVICE[rules.service](data, answer, shape)


def _is_reply_and_more(data: bytes, answer: bytes, right: Answers, rules: Rules) -> bool:
    """Tell whether the reply to the whole stands before what is too much."""
    if rules.service is Service.GREET and not answer[len(right.closest(answer)) :].startswith(GREETING):
        return False  # no second reply, but something after the literal
    member = right.closest(answer)
    name = member.partition(NAME_END)[0] if rules.service is Service.WORKER else b"worker"
    return answer.startswith(rules.reply(data, name=name) or b"-")


def _upper(data: bytes, answer: bytes, shape: Shape) -> str:
    text = data.strip()
    if len(text) != len(answer.strip()):
        return _CUT[shape]
    wrong = next((index for index, pair in enumerate(zip(text.upper(), answer.strip(), strict=True))
                  if pair[0] != pair[1]), 0)  # fmt: skip
    return "ECHO-1" if text[wrong : wrong + 1].islower() else "ECHO-2"


def _greet(data: bytes, answer: bytes, shape: Shape) -> str:  # noqa: ARG001  # the others need it
    if not answer.startswith(GREETING):
        return "ECHO-9"
    rest = answer[len(GREETING) :]
    literal = _LITERAL.match(rest)
    if literal is None:
        return "ECHO-10"
    if literal.end() < len(rest):
        return "ECHO-9"
    return "ECHO-17" if rest[2:-1] == data.strip() else "ECHO-11"


def _worker(data: bytes, answer: bytes, shape: Shape) -> str:
    name, end, message = answer.partition(NAME_END)
    if not end:
        return "ECHO-19"
    if not is_worker_name(name):
        return "ECHO-20"
    if message == data.strip():
        return "ECHO-39" if shape in (Shape.LINE, Shape.LINE_ONE_SHOT) else "ECHO-21"
    return "ECHO-19"


_BY_SERVICE: Final = {Service.UPPER: _upper, Service.GREET: _greet, Service.WORKER: _worker}


def diagnose_next(piece: bytes, reply: bytes, name: bytes, *, rules: Rules, shape: Shape) -> str:
    """Return the clause that the reply to a second or later message of a conversation breaks.

    Args:
        piece: the message.
        reply: what came for it; empty when nothing did.
        name: the worker's name in the first reply.
        rules: what the server is.
        shape: session or line.
    """
    if not reply:
        return "ECHO-35"
    if rules.service is Service.WORKER:
        other, end, message = reply.partition(NAME_END)
        if end and message == piece and other != name and is_worker_name(other):
            return "ECHO-24"
    return _CUT[shape]


def diagnose_extra(extra: bytes, name: bytes, *, rules: Rules, shape: Shape) -> str:
    """Return the clause that bytes break which came after a reply, before anything else was said.

    The beginning of a reply is one that was begun too early; a whole one is one too many.
    """
    if shape not in (Shape.SESSION, Shape.LINE):
        return _MORE[shape]
    heads = {Service.GREET: GREETING + b"b'", Service.WORKER: name + NAME_END}
    if heads.get(rules.service, b"").startswith(extra):
        return "ECHO-33" if shape is Shape.SESSION else "ECHO-42"
    return _MORE[shape]
