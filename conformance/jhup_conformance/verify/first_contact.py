"""Gets to know a target before it is judged: does it listen, speak, reply, store, and how fast is it."""

from dataclasses import replace

from jhup.errors import JhupError
from jhup.messages import Greeting
from jhup.model import Server
from jhup.reply_reader import ReplyReader
from jhup_conformance.target.knowledge import Knowledge
from jhup_conformance.target.store import Observer
from jhup_conformance.target.store_by_stat import ReplyObserver
from jhup_conformance.verify.exchange import Attempt, actions_of
from jhup_conformance.verify.runner import Runner
from jhup_conformance.verify.stream import hello, put
from jhup_conformance.wire.line import Line, drive

__all__ = ["acquaint"]

_CALIBRATIONS = 3
_UNHURRIED_PAUSE = 0.02
_WORTH_ASKING = 2.0
"""Seconds that a target gets to answer a hello; most have no replies and never will."""


def acquaint(runner: Runner, observer: Observer | None) -> Knowledge:
    """Learn what the judge has to know, and set the runner up for it.

    Args:
        runner: gets its observer, its model of the server, and its pace.
        observer: how the store is seen; None to see it by replies if the target has them.

    Raises:
        Unreachable: when nobody accepts a connection.
        SuiteError: when the observer itself fails.
    """
    known = Knowledge()
    line = runner.dialer.first()
    try:
        known.greeting = _greet(line, runner)
        known.unsolicited = b"" if known.greeting else bytes(line.received)
    finally:
        line.drop()
    if known.greeting:
        runner.server = replace(runner.server, replies=True, max_header=known.greeting.max_header)
        if known.greeting.max_filesize is not None:
            runner.server = replace(runner.server, max_filesize=known.greeting.max_filesize)
        observer = observer or _trustworthy(ReplyObserver(runner.dialer, runner.pace), known)
    runner.observer = observer
    if observer:
        known.gate = _calibrate(runner)
    return known


def no_replies() -> Server:
    """Return what the model knows of a target before it has said hello."""
    return Server(replies=False)


def _greet(line: Line, runner: Runner) -> Greeting | None:
    """Say hello as an unhurried client; a greeting is the only answer that counts."""
    line.plan(actions_of(hello().paced().bind(runner.names), _UNHURRIED_PAUSE))
    reader = ReplyReader()
    seen = 0
    greeting: list[Greeting] = []

    def is_answered(line: Line) -> bool:
        nonlocal seen
        try:
            replies = reader.receive(bytes(line.received[seen:]))
            greeting.extend(reply for reply in replies if isinstance(reply, Greeting))
        except JhupError:
            return True
        finally:
            seen = len(line.received)
        return bool(greeting)

    drive([line], until=is_answered, patience=_WORTH_ASKING, at_most=2 * _WORTH_ASKING)
    if greeting:
        runner.pace.note(runner.clock.now() - line.last_sent)
    return greeting[0] if greeting else None


def _trustworthy(observer: ReplyObserver, known: Knowledge) -> Observer | None:
    """Make sure that the target's stat tells stored from not stored, before anything is judged by it."""
    name = "jc-never-stored"
    if observer.look([name]) == {name: None}:
        return observer
    known.blind_for = (
        "what is stored can't be seen: a stat of a name that was never stored is not answered with not-found; "
        "--storage DIR, --witness COMMAND or --spawn COMMAND with {storage} would help"
    )
    return None


def _calibrate(runner: Runner) -> str:
    """Put a few small files as an unhurried client; returns why it failed, or nothing."""
    for round_ in range(_CALIBRATIONS):
        pause = runner.pace.pause if round_ else _UNHURRIED_PAUSE
        stream = put(b"calibration").paced().sent(pause=pause)
        failed = runner.run([Attempt(stream=stream)], patience=runner.pace.last_patience)
        if failed:
            return f"a plain put fails: expected {failed[0].mismatch.expected}; actual: {failed[0].mismatch.actual}"
    return ""
