"""Active automata learning of a target (AALpy), with the specification's own machine as the source of its tests."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from jhup.machine import Edge, Machine, Output, Word, wp_words
from jhup_conformance.learn.answers import Answers, Unsteady

__all__ = ["Learnt", "NoLearner", "learn", "require_learner"]

_EXTRA_UP_TO: Final = 24
"""States up to which the words for one state more are tried; with more they would be too many."""
_RESTARTS: Final = 5


class NoLearner(Exception):
    """AALpy isn't there; the message says how it is installed."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What came of it.

    Attributes:
        machine: the target's machine, its states named by numbers; None when time was up before there was one.
        rounds: how often a machine was supposed and tried.
        seconds: how long it took.
        is_complete: whether the search came to its end, and was not ended by the time limit.
    """

    machine: Machine | None
    rounds: int
    seconds: float
    is_complete: bool


class _TimeUp(Exception):
    """The time limit is reached; the last supposed machine is the result."""


class _Changed(Exception):
    """A vote has changed an answer on which the supposed machine rests."""


def learn(answers: Answers, *, until: float = math.inf) -> Learnt:
    """Learn the target's machine.

    Args:
        answers: asks the target.
        until: a moment of `time.monotonic` at which no further counterexample is looked for.

    Raises:
        NoLearner: when AALpy is missing.
        Unsteady: when the target answers in different ways too often.
        Unreachable: when it is gone.
    """
    run_lstar = require_learner()
    began = time.monotonic()
    # These are asked first, all at a time: of a target that is nearly right, few other words have to be asked.
    answers.ask(wp_words(answers.machine.resolved(), extra=0))
    nearest = answers.machine.resolved(lambda word: answers.outputs(word)[-1])
    tests = wp_words(nearest.resolved(), extra=1)  # numbered anew, as the machine of such a target is going to be
    answers.ask(tests)
    for _ in range(_RESTARTS):
        oracle = _Oracle(answers, tests, until)
        try:
            found = run_lstar(
                list(answers.machine.keys),
                _Asked(answers, until),
                oracle,
                "mealy",
                cache_and_non_det_check=False,
                print_level=0,
            )
            return Learnt(_machine(answers.machine, found), oracle.rounds, time.monotonic() - began, oracle.is_complete)
        except _Changed:
            continue
        except _TimeUp:
            return Learnt(oracle.last, oracle.rounds, time.monotonic() - began, is_complete=False)
    raise Unsteady("the answers changed whenever they were put together; the target is too busy, or wavers")


def require_learner() -> Any:
    """Return what learns.

    Raises:
        NoLearner: when the library is not installed.
    """
    try:
        from aalpy.learning_algs import run_Lstar
    except ImportError:
        raise NoLearner("learning needs AALpy: pip install 'jhup[learn]'") from None
    return run_Lstar


class _Asked:
    """The target as AALpy sees it."""

    def __init__(self, answers: Answers, until: float) -> None:
        self._answers = answers
        self._until = until
        self._changes = answers.changes
        self.num_queries = 0
        self.num_steps = 0

    def query(self, word: Word) -> list[Output]:
        """Return the outputs of a word; asks words like it at the same time, which are going to be wanted as well."""
        self.num_queries += 1
        self.num_steps += len(word)
        if not self._answers.is_known(word):
            if time.monotonic() > self._until:
                raise _TimeUp
            self._answers.ask(_alike(word, self._answers.machine.keys))
        if self._answers.changes != self._changes:
            raise _Changed
        return list(self._answers.outputs(word))


def _alike(word: Word, keys: Sequence[str]) -> list[Word]:
    """Return a word and those that differ in one of its last two symbols."""
    found = [word]
    for place in range(max(0, len(word) - 2), len(word)):
        found += [(*word[:place], key, *word[place + 1 :]) for key in keys]
    return found


class _Oracle:
    """Looks for words that a supposed machine answers in another way than the target."""

    def __init__(self, answers: Answers, tests: Sequence[Word], until: float) -> None:
        self._answers = answers
        self._tests = tests
        self._until = until
        self._changes = answers.changes
        self.rounds = 0
        self.last: Machine | None = None
        self.is_complete = True
        self.num_queries = 0
        self.num_steps = 0

    def find_cex(self, hypothesis: Any) -> Word | None:
        """Return the shortest word that shows a difference, first of those that the specification's machine has."""
        self.rounds += 1
        machine = self.last = _machine(self._answers.machine, hypothesis)
        if found := self._first_difference(machine, self._tests):
            return found
        for extra in (0, 1) if len(machine.states) <= _EXTRA_UP_TO else (0,):
            if time.monotonic() > self._until:
                self.is_complete = False
                return None
            words = wp_words(machine, extra=extra)
            self.num_queries += len(words)
            self.num_steps += sum(map(len, words))
            self._answers.ask(words)
            if self._answers.changes != self._changes:
                raise _Changed
            if found := self._first_difference(machine, words):
                return found
        return None

    def _first_difference(self, machine: Machine, words: Sequence[Word]) -> Word | None:
        for word in words:
            expected = machine.run(word)
            for place, (one, other) in enumerate(zip(expected, self._answers.outputs(word), strict=True)):
                if one != other:
                    return word[: place + 1]
        return None


def _machine(specified: Machine, found: Any) -> Machine:
    """Read AALpy's machine, states in the order in which they are reached."""
    numbers = {found.initial_state.state_id: 0}
    order = [found.initial_state]
    edges: list[dict[str, Edge]] = []
    for state in order:
        leaving: dict[str, Edge] = {}
        for key in specified.keys:
            target = state.transitions[key]
            if target.state_id not in numbers:
                numbers[target.state_id] = len(order)
                order.append(target)
            leaving[key] = {state.output_fun[key]: numbers[target.state_id]}
        edges.append(leaving)
    return Machine(specified.symbols, tuple(f"state {number}" for number in range(len(order))), tuple(edges))
