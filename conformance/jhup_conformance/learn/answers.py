"""What a target answered so far, each beginning of a word once, and what is done when it answers otherwise later."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from jhup.machine import NOTHING, Machine, Output, Word, without_skipped
from jhup_conformance.learn.conversation import Conversation
from jhup_conformance.learn.differences import OUTSIDE, find_differences
from jhup_conformance.learn.patience import Waits
from jhup_conformance.learn.sentences import kind_of
from jhup_conformance.learn.talking import Talker

__all__ = ["Answers", "Unsteady"]


_VOTES: Final = 3
_UNHURRIED: Final = 4.0
"""How many times longer is waited when a word is tried again."""
_MOST_DOUBTS: Final = 25


class Unsteady(Exception):
    """The target answers the same words in different ways too often to be learnt; the message says how."""


@dataclass(slots=True)
class Answers:
    """Asks a target and remembers what it answered.

    Attributes:
        talker: carries words to the target.
        machine: the specification's machine.
        width: how many connections at a time.
        waits: how long to wait.
        beyond: whether to follow the target also after an answer that no correct server gives.
        doubts: words that were answered in different ways, with the outputs seen at their ends.
        changes: how often something changed what was known, or how far words are followed.
        wrong: kinds of the specification's states in which the target was seen to be wrong: what is sent after a
            symbol there would only show the consequences.
    """

    talker: Talker
    machine: Machine
    width: int
    waits: Waits
    beyond: bool = False
    known: dict[Word, Output] = field(default_factory=dict)
    doubts: dict[Word, Counter[Output]] = field(default_factory=dict)
    changes: int = 0
    wrong: set[str] = field(default_factory=set)

    def ask(self, words: Iterable[Word]) -> None:
        """Learn the answers to words that are not known yet.

        Raises:
            Unsteady: when the target answers too many words in different ways.
            Unreachable: when it is gone.
        """
        left = self._unknown(words)
        # One round after the other: what is known by then needs no waiting in the next.
        for conversation in self.talker.talk(left, self.width, self.waits, self.known):
            self._add(conversation.word, conversation.answers())
        if left:
            self._note_wrong_states()

    def outputs(self, word: Sequence[str]) -> tuple[Output, ...]:
        """Return the answers to a word, symbols that are skipped included; asks where they are not known."""
        sent = without_skipped(self.machine, tuple(word))
        if self._unknown([sent]):
            self.ask([sent])
        length, rest = self._course(sent)
        answers = iter([*(self.known[sent[: place + 1]] for place in range(length)), *[rest] * len(word)])
        outputs: list[Output] = []
        kept = 0
        for place in range(len(word)):
            is_sent = len(without_skipped(self.machine, tuple(word[: place + 1]))) > kept
            kept += is_sent
            outputs.append(next(answers) if is_sent else self._skipped(outputs))
        return tuple(outputs)

    def _skipped(self, before: list[Output]) -> Output:
        return OUTSIDE if OUTSIDE in before else NOTHING

    def is_known(self, word: Sequence[str]) -> bool:
        """Whether the answers to a word need no connection."""
        return not self._unknown([without_skipped(self.machine, tuple(word))])

    def alone(self, word: Word) -> Conversation:
        """Have a word answered anew, alone and unhurried."""
        return self.talker.talk([word], 1, self.waits.times(_UNHURRIED), in_full=True)[0]

    def _unknown(self, words: Iterable[Word]) -> list[Word]:
        """Return the words to ask, without those that are the beginning of another one."""
        sent = {without_skipped(self.machine, word) for word in words}
        cut = {word[: self._course(word)[0]] for word in sent}
        ordered = sorted(word for word in cut if word and word not in self.known)
        return [word for word, following in pairwise([*ordered, ()]) if following[: len(word)] != word]

    def _course(self, word: Word) -> tuple[int, Output]:
        """Tell how much of a word is worth sending by what is known, and what stands for the answers to the rest."""
        state: int | None = 0
        for place, key in enumerate(word):
            output = self.known.get(word[: place + 1])
            if output is None:
                break
            if output.closes or key == "end":
                return place + 1, NOTHING
            if not self.beyond and state is not None:
                is_wrong = kind_of(self.machine.states[state]) in self.wrong
                state = self.machine.edges[state][key].get(output)
                if state is None or is_wrong:
                    return place + 1, OUTSIDE
        return len(word), NOTHING

    def _note_wrong_states(self) -> None:
        found = {kind_of(each.state) for each in find_differences(self.known, self.machine)} - {"between requests"}
        if not self.beyond and not found <= self.wrong:
            self.wrong |= found
            self.changes += 1

    def _add(self, word: Word, outputs: Sequence[Output]) -> None:
        for place, output in enumerate(outputs):
            beginning = word[: place + 1]
            before = self.known.setdefault(beginning, output)
            if before != output:
                self._vote(beginning, before, output)
                return
            if self._course(word)[0] == place + 1:
                return

    def _vote(self, word: Word, *seen: Output) -> None:
        """Try a word again that was answered in two ways; what comes most often, counts."""
        votes = self.doubts.setdefault(word, Counter())
        votes.update(seen)
        votes.update(self.alone(word).answers()[-1] for _ in range(_VOTES))
        [(winner, _)] = votes.most_common(1)
        if len(self.doubts) > _MOST_DOUBTS:
            ways = " or ".join(f"{output} ({count})" for output, count in votes.most_common())
            raise Unsteady(f"too many words are answered in different ways; after {', '.join(word)}: {ways}")
        if self.known[word] != winner:
            self.changes += 1
            self.known[word] = winner
            for longer in [each for each in self.known if each[: len(word)] == word and len(each) > len(word)]:
                del self.known[longer]
