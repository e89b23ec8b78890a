"""A difference is shown only if it shows twice more, on connections of its own, and every wait at full length."""

from dataclasses import dataclass

from jhup.machine import Output
from jhup_conformance.learn.answers import Answers
from jhup_conformance.learn.differences import Difference
from jhup_conformance.wire.transcript import Transcript

__all__ = ["Confirmed", "confirm"]

_TIMES = 2


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A difference, and what came of trying it again.

    Attributes:
        difference: what was seen.
        transcript: the record of the last try.
        again: what the target answered in each of them.
    """

    difference: Difference
    transcript: Transcript
    again: tuple[tuple[Output, ...], ...]

    @property
    def holds(self) -> bool:
        """Whether it showed each time."""
        return all(answers == self.difference.outputs for answers in self.again)


def confirm(difference: Difference, answers: Answers) -> Confirmed:
    """Try a difference again.

    Raises:
        Unreachable: when the target is gone.
    """
    seen = []
    for _ in range(_TIMES):
        answers.talker.forget_what_was_missing()
        conversation = answers.alone(difference.word)
        seen.append(conversation.answers())
    return Confirmed(difference, conversation.transcript, tuple(seen))
