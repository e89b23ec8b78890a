"""Where a target's machine leaves the specification's: the shortest conversations that show it, each in a sentence."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from jhup.machine import SYMBOLS, EdgeKey, Machine, Output, Word
from jhup_conformance.learn.sentences import clause_of, kind_of, tell

__all__ = ["OUTSIDE", "Difference", "find_differences", "named_after", "wrong_edges"]

OUTSIDE: Final = Output(("not followed",))
"""Stands for all answers after one that no correct server gives: what comes then says nothing more."""
_START: Final = "between requests"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place at which a target does what no correct server does.

    Attributes:
        word: the conversation; the last symbol is what it is about.
        outputs: what the target answered.
        right: what a correct server may answer at the end.
        state: the name of the specification's state before the last symbol.
        before: the same before the symbol that precedes it; empty where there is none.
    """

    word: Word
    outputs: tuple[Output, ...]
    right: tuple[Output, ...]
    state: str
    before: str = ""

    @property
    def clause(self) -> str:
        """The clause that it is about."""
        if kind_of(self.state) == _START:  # what stands before may have done it
            if kind_of(self.before) == "in a refused body":
                return "ERR-5"
            if kind_of(self.before) == _START and self.word[-2] == "unknown":
                return "ERR-11"
        return clause_of(self.state, self.word[-1], self.outputs[-1])

    @property
    def sentence(self) -> str:
        """What the target does, for people."""
        return tell(self.word, self.outputs[-1], self.right, self.state)

    def edge(self, target: Machine) -> EdgeKey | None:
        """Return the state and the symbol in the target's machine; None where that doesn't show it."""
        state = target.follow(self.word[:-1], self.outputs[:-1])
        return None if state is None else (state, self.word[-1])


def find_differences(known: Mapping[Word, Output], specified: Machine) -> tuple[Difference, ...]:
    """Find the ways out of the specification among all that a target has answered, shortest first.

    Of several at one kind of state that are about one clause, the shortest stands for all. What follows a beginning
    after which, or comes after a state in which, the target was seen to be wrong is a consequence and left out.

    Args:
        known: the output at the end of each word that was tried.
        specified: the specification's machine.
    """
    found: dict[tuple[str, str], Difference] = {}
    wrong: set[str] = set()
    beginnings: set[Word] = set()
    told: set[tuple[str, str, Output]] = set()
    rank = {key: place for place, key in enumerate(specified.keys)}
    courses = _courses(known, specified)
    ways_out = [word for word in known if _leads_out(word, known[word], courses[word[:-1]], specified)]
    for word in sorted(ways_out, key=lambda each: (len(each), [rank[key] for key in each])):
        outputs = tuple(known[word[: place + 1]] for place in range(len(word)))
        states = courses[word[:-1]] or ()
        *way, kind = (kind_of(specified.states[each]) for each in states)
        if wrong.isdisjoint(way) and beginnings.isdisjoint(word[:length] for length in range(1, len(word))):
            right = tuple(specified.edges[states[-1]][word[-1]])
            names = [specified.states[each] for each in states]
            each = Difference(word, outputs, right, names[-1], names[-2] if len(names) > 1 else "")
            if (kind, word[-1], outputs[-1]) not in told:  # else it does so without what stands before, too
                found.setdefault((kind, each.clause), each)
            told.add((kind, word[-1], outputs[-1]))
            wrong |= {kind} - {_START}
            beginnings.add(word[:-1])
    return tuple(found.values())


def _courses(known: Mapping[Word, Output], specified: Machine) -> dict[Word, tuple[int, ...] | None]:
    """Return all states on the way of each conversation; None where the specification doesn't allow it."""
    courses: dict[Word, tuple[int, ...] | None] = {(): (0,)}
    for word in sorted(known, key=len):
        before = courses[word[:-1]]
        after = specified.edges[before[-1]][word[-1]].get(known[word]) if before else None
        courses[word] = (*before, after) if before and after is not None else None
    return courses


def _leads_out(word: Word, output: Output, course: tuple[int, ...] | None, specified: Machine) -> bool:
    """Tell whether the specification allows all of a conversation but its last output."""
    return course is not None and output not in specified.edges[course[-1]][word[-1]]


def wrong_edges(target: Machine, specified: Machine) -> Iterator[tuple[EdgeKey, str, str]]:
    """Return all edges of a target that the specification lacks, each with the kind of state and the clause."""
    for word, state, at in _pairs(target, specified):
        for key, output, _ in target.successors(state):
            if output not in specified.edges[at][key] and output != OUTSIDE and not _is_skipped(word, key):
                name = specified.states[at]
                yield (state, key), kind_of(name), clause_of(name, key, output)


def _pairs(target: Machine, specified: Machine) -> Iterator[tuple[Word, int, int]]:
    """Return all pairs of states that both machines are in after some word, with a shortest one."""
    waiting: deque[tuple[Word, int, int]] = deque([((), 0, 0)])
    seen = {(0, 0, False)}
    while waiting:
        word, state, at = waiting.popleft()
        yield word, state, at
        for key, output, after in target.successors(state):
            following = specified.edges[at][key].get(output)
            half_open = SYMBOLS[key].half == 1
            if following is None or _is_skipped(word, key) or output.closes or SYMBOLS[key].ends:
                continue
            if (after, following, half_open) not in seen:
                seen.add((after, following, half_open))
                waiting.append(((*word, key), after, following))


def _is_skipped(word: Word, key: str) -> bool:
    return SYMBOLS[key].is_skipped(half_open=bool(word) and SYMBOLS[word[-1]].half == 1)


def named_after(target: Machine, specified: Machine) -> Machine:
    """Return the target's machine with the names that its states have in the specification, where they have one."""
    names: dict[int, str] = {}
    for _, state, at in _pairs(target, specified):
        names.setdefault(state, specified.states[at])
    for state in range(len(target.states)):
        if target.is_sink(state):
            is_outside = OUTSIDE in target.edges[state][target.keys[0]]
            names[state] = "outside" if is_outside else names.get(state, "over")
        names.setdefault(state, "a state of its own")
    counted: dict[str, int] = {}
    states = []
    for state in range(len(target.states)):
        name = names[state]
        counted[name] = counted.get(name, 0) + 1
        states.append(name if counted[name] == 1 else f"{name} [{counted[name]}]")
    return replace(target, states=tuple(states))
