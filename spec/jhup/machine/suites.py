"""Words that tell a machine from every other one with a few states more: the Wp-method (Fujiwara et al. 1991).

A server that answers all these words like the machine is the machine, provided that it has no more states than the
machine and the extra ones. Every state is reached and told apart from all others, and so is the end of every edge.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, pairwise, product

from jhup.machine.states import Machine, Output, Word

__all__ = ["separating_words", "state_identifiers", "without_skipped", "wp_words"]


def wp_words(machine: Machine, *, extra: int = 1) -> tuple[Word, ...]:
    """Return the test words of a machine that leaves no choice, none the beginning of another, shortest first.

    Args:
        machine: a minimal machine with one output for each symbol in each state.
        extra: how many states more a machine may have that is still told apart.
    """
    cover = machine.shortest_words()
    edges = [(*word, key) for word in cover for key in machine.keys]
    middles = [middle for length in range(extra + 1) for middle in product(machine.keys, repeat=length)]
    identifiers = state_identifiers(machine)
    every = sorted({word for words in identifiers for word in words}, key=lambda word: (len(word), word)) or [()]
    found = {(*word, *middle, *ending) for word, middle, ending in product(cover, middles, every)}
    for word, middle in product(edges, middles):
        reached = _state_after(machine, (*word, *middle))
        found.update((*word, *middle, *ending) for ending in identifiers[reached] or [()])
    return _maximal({_up_to_the_end(machine, without_skipped(machine, word)) for word in found})


def _state_after(machine: Machine, word: Iterable[str], state: int = 0) -> int:
    for key in word:
        state = next(iter(machine.edges[state][key].values()))
    return state


def _up_to_the_end(machine: Machine, word: Word) -> Word:
    """Cut a word where the connection is over: nothing more can be sent there."""
    symbols = {each.key: each for each in machine.symbols}
    for place, output in enumerate(machine.run(word)):
        if output.closes or symbols[word[place]].ends:
            return word[: place + 1]
    return word


def without_skipped(machine: Machine, word: Word) -> Word:
    """Return a word without the symbols that are not sent after those before them."""
    symbols = {each.key: each for each in machine.symbols}
    kept, half_open = [], False
    for key in word:
        if not symbols[key].is_skipped(half_open=half_open):
            kept.append(key)
            half_open = symbols[key].half == 1
    return tuple(kept)


def _maximal(words: Iterable[Word]) -> tuple[Word, ...]:
    """Leave out words that others begin with."""
    ordered = sorted(words)
    kept = [word for word, following in pairwise([*ordered, ()]) if following[: len(word)] != word]
    return tuple(sorted(kept, key=lambda word: (len(word), word)))


def separating_words(machine: Machine) -> Mapping[tuple[int, int], Word]:
    """Return for each two states a shortest word that they answer differently; none for states that are equal."""
    pairs = list(combinations(range(len(machine.states)), 2))
    found: dict[tuple[int, int], Word] = {}
    leading: dict[tuple[int, int], list[tuple[tuple[int, int], str]]] = {pair: [] for pair in pairs}
    waiting: deque[tuple[int, int]] = deque()
    for pair in pairs:
        for key in machine.keys:
            (output, target), (other, other_target) = (_only(machine, state, key) for state in pair)
            if output != other:
                if pair not in found:
                    found[pair] = (key,)
                    waiting.append(pair)
            elif target != other_target:
                leading[min(target, other_target), max(target, other_target)].append((pair, key))
    while waiting:
        reached = waiting.popleft()
        for pair, key in leading[reached]:
            if pair not in found:
                found[pair] = (key, *found[reached])
                waiting.append(pair)
    return found


def _only(machine: Machine, state: int, key: str) -> tuple[Output, int]:
    return next(iter(machine.edges[state][key].items()))


def state_identifiers(machine: Machine) -> tuple[tuple[Word, ...], ...]:
    """Return for each state a few words that tell it from every other state."""
    words = sorted(set(separating_words(machine).values()), key=lambda word: (len(word), word))
    return tuple(tuple(_few(machine, state, words)) for state in range(len(machine.states)))


def _few(machine: Machine, state: int, words: Iterable[Word]) -> Iterator[Word]:
    told = {
        word: {other for other in range(len(machine.states)) if _differ(machine, state, other, word)} for word in words
    }
    left = set().union(*told.values())
    while left:
        best = max(told, key=lambda word: (len(told[word] & left), -len(word)))
        yield best
        left -= told[best]


def _differ(machine: Machine, state: int, other: int, word: Word) -> bool:
    return machine.run(word, state) != machine.run(word, other)
