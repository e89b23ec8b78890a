"""A machine: states, and for each of them and each symbol what may be observed, and where that leads."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from jhup.machine.symbols import Symbol

__all__ = ["CLOSES", "NOTHING", "Edge", "Machine", "Output", "Word"]

Word: TypeAlias = tuple[str, ...]
"""Keys of symbols, one after the other, on one new connection."""


@dataclass(frozen=True, slots=True, order=True)
class Output:
    """What is observed after a symbol, until nothing more comes.

    Attributes:
        replies: what is answered: "ok", "greeting", or the code of an error.
        stored: whether the store is seen to hold another body than before.
        closes: whether the server ends the connection.
    """

    replies: tuple[str, ...] = ()
    stored: bool = False
    closes: bool = False

    def __str__(self) -> str:
        parts = [*self.replies, *["stored"] * self.stored, *["closes"] * self.closes]
        return ", ".join(parts) or "nothing"


NOTHING: Final = Output()
CLOSES: Final = Output(closes=True)

Edge: TypeAlias = Mapping[Output, int]
"""Each right output, and the number of the state after it."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine, whose first state is the one of a new connection.

    A target's machine has one output for each symbol in each state; the specification's has several where a clause
    leaves a choice. A state and an output always determine the next state.

    Attributes:
        symbols: its inputs.
        states: a name for each state.
        edges: for each state, by the key of a symbol.
    """

    symbols: tuple[Symbol, ...]
    states: tuple[str, ...]
    edges: tuple[Mapping[str, Edge], ...]

    @property
    def keys(self) -> Word:
        """The keys of the symbols."""
        return tuple(each.key for each in self.symbols)

    def successors(self, state: int) -> Iterator[tuple[str, Output, int]]:
        """Return all that leads out of a state."""
        for key in self.keys:
            for output, target in self.edges[state][key].items():
                yield key, output, target

    def is_sink(self, state: int) -> bool:
        """Whether a state is never left, and every symbol is answered alike there."""
        leaving = {(output, target) for _, output, target in self.successors(state)}
        return len(leaving) == 1 and leaving.pop()[1] == state

    def follow(self, word: Sequence[str], outputs: Sequence[Output], state: int = 0) -> int | None:
        """Return the state after a conversation; None when the machine doesn't allow it."""
        for key, output in zip(word, outputs, strict=True):
            target = self.edges[state][key].get(output)
            if target is None:
                return None
            state = target
        return state

    def run(self, word: Sequence[str], state: int = 0) -> tuple[Output, ...]:
        """Return the outputs of a word on a machine that leaves no choice; of several the first is taken."""
        outputs = []
        for key in word:
            output, state = next(iter(self.edges[state][key].items()))
            outputs.append(output)
        return tuple(outputs)

    def shortest_words(self) -> tuple[Word, ...]:
        """Return for each state a shortest word that may lead to it, first choices preferred."""
        found: dict[int, Word] = {0: ()}
        waiting = deque([0])
        while waiting:
            state = waiting.popleft()
            for key, _, target in self.successors(state):
                if target not in found:
                    found[target] = (*found[state], key)
                    waiting.append(target)
        return tuple(found[state] for state in range(len(self.states)))

    def resolved(self, observed: Callable[[Word], Output | None] = lambda _: None) -> "Machine":
        """Return the machine of one server: one output for each symbol, and no state that it never reaches.

        Args:
            observed: tells what a server answered at the end of a word. Where that is right it is chosen, else the
                first output.
        """
        numbers: dict[int, int] = {0: 0}
        order: list[tuple[int, Word]] = [(0, ())]
        edges: list[dict[str, Edge]] = []
        for state, word in order:
            chosen: dict[str, Edge] = {}
            for key in self.keys:
                edge = self.edges[state][key]
                output = observed((*word, key))
                if output is None or output not in edge:
                    output = next(iter(edge))
                target = edge[output]
                if target not in numbers:
                    numbers[target] = len(order)
                    order.append((target, (*word, key)))
                chosen[key] = {output: numbers[target]}
            edges.append(chosen)
        return Machine(self.symbols, tuple(self.states[state] for state, _ in order), tuple(edges)).merged()

    def merged(self) -> "Machine":
        """Return the machine with states that show the same for ever as one, the first of them."""
        kinds = [0] * len(self.states)
        for _ in self.states:
            seen = [
                tuple(frozenset((o, kinds[t]) for o, t in self.edges[state][key].items()) for key in self.keys)
                for state in range(len(self.states))
            ]
            numbers = {kind: number for number, kind in enumerate(dict.fromkeys(seen))}
            kinds = [numbers[kind] for kind in seen]
        firsts = [kinds.index(kind) for kind in range(max(kinds) + 1)]
        edges = tuple(
            {key: {output: kinds[target] for output, target in edge.items()} for key, edge in self.edges[state].items()}
            for state in firsts
        )
        return Machine(self.symbols, tuple(self.states[state] for state in firsts), edges)
