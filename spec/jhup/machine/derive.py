"""The machine of a correct server, made from the model by program (`jhup.model`).

Every stream of symbols is asked of the model, which says what may be observed so far. Two histories are one state if
the same may be observed after both, for as long as is looked ahead; each state is kept once, so the machine is minimal.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from jhup.machine.names_of_states import describe
from jhup.machine.states import NOTHING, Edge, Machine, Output
from jhup.machine.symbols import NAME, Symbol
from jhup.messages import Failure, Greeting
from jhup.model import Ending, Expected, Outcome, Server, outcomes

__all__ = ["derive_machine", "tokens_of"]


@dataclass(frozen=True, slots=True)
class _History:
    """What was sent and observed so far on a connection that is still open."""

    stream: bytes = b""
    replies: tuple[str, ...] = ()
    body: bytes | None = None
    half_open: bool = False
    length: int = 0


_OVER = None
"""Stands for every history after which nothing more can be sent or observed."""


def derive_machine(
    symbols: Sequence[Symbol], *, servers: Sequence[Server] = (Server(),), sees_store: bool = False, ahead: int = 2
) -> Machine:
    """Return the minimal machine of all that a correct server may show.

    Args:
        symbols: the inputs.
        servers: the kinds of servers that it may be: what any of them may show is in it. One with replies by default.
        sees_store: whether what is stored is observed as well, beside replies and the end of the connection.
        ahead: how many symbols are looked ahead to tell two states apart.
    """
    return _Derivation(tuple(symbols), tuple(servers), sees_store, ahead).machine()


@dataclass(slots=True)
class _Derivation:
    symbols: tuple[Symbol, ...]
    servers: tuple[Server, ...]
    sees_store: bool
    ahead: int
    _known: dict[tuple[_History, str], dict[Output, _History | None]] = field(default_factory=dict)
    _seen_ahead: dict[tuple[_History | None, int], int] = field(default_factory=dict)
    _numbers: dict[object, int] = field(default_factory=dict)

    def machine(self) -> Machine:
        order: list[_History | None] = [_History()]
        states = {self._look_ahead(order[0], self.ahead): 0}
        edges: list[dict[str, Edge]] = []
        for history in order:
            leaving: dict[str, Edge] = {}
            for symbol in self.symbols:
                edge: dict[Output, int] = {}
                for output, after in self._after(history, symbol).items():
                    seen = self._look_ahead(after, self.ahead)
                    if seen not in states:
                        states[seen] = len(order)
                        order.append(after)
                    edge[output] = states[seen]
                leaving[symbol.key] = edge
            edges.append(leaving)
        names = [describe(None, 0) if each is _OVER else describe(each.stream, len(each.replies)) for each in order]
        return Machine(self.symbols, _unique(names), tuple(edges))

    def _look_ahead(self, history: _History | None, depth: int) -> int:
        """Number what may be observed within so many symbols: the same number for the same."""
        if depth == 0:
            return 0
        if (history, depth) not in self._seen_ahead:
            seen = tuple(
                frozenset((output, self._look_ahead(after, depth - 1)) for output, after in edge.items())
                for edge in (self._after(history, symbol) for symbol in self.symbols)
            )
            self._seen_ahead[history, depth] = self._numbers.setdefault((depth, seen), len(self._numbers))
        return self._seen_ahead[history, depth]

    def _after(self, history: _History | None, symbol: Symbol) -> dict[Output, _History | None]:
        if history is _OVER or symbol.is_skipped(half_open=history.half_open):
            return {NOTHING: history}
        if (history, symbol.key) not in self._known:
            found = sorted(self._observations(history, symbol), key=lambda pair: _preference(pair[0]))
            self._known[history, symbol.key] = dict(found)
        return self._known[history, symbol.key]

    def _observations(self, history: _History, symbol: Symbol) -> Iterator[tuple[Output, _History | None]]:
        stream = history.stream + symbol.data_at(history.length)
        for outcome in self._outcomes(history, stream, ended=symbol.ends):
            body = outcome.store.get(NAME) if self.sees_store else None
            for replies in product(*map(tokens_of, outcome.replies)):
                said = tuple(token for token in replies if token)
                if said[: len(history.replies)] != history.replies:
                    continue
                output = Output(said[len(history.replies) :], stored=body != history.body)
                if outcome.ending is not Ending.CLOSED:
                    yield output, _History(stream, said, body, symbol.half == 1, history.length + 1)
                if outcome.ending is not Ending.OPEN:
                    yield replace(output, closes=True), _OVER

    def _outcomes(self, history: _History, stream: bytes, *, ended: bool) -> Iterator[Outcome]:
        """Return all outcomes but those of servers that had closed before: this one is still there."""
        for server in self.servers:
            before = outcomes(history.stream, server=server)
            closed = [_course(each) for each in before if each.ending is Ending.CLOSED]
            for outcome in outcomes(stream, server=server, ended=ended):
                if outcome.ending is Ending.CLOSED and _course(outcome) in closed:
                    closed.remove(_course(outcome))
                else:
                    yield outcome


def _course(outcome: Outcome) -> tuple[object, ...]:
    """Tell two ways apart in which a server may have taken the same bytes."""
    return (outcome.replies, outcome.served, outcome.puts)


def _preference(output: Output) -> tuple[bool, int, Output]:
    """Put first what goes on, and what is said late: most conversations are possible with such a server."""
    return (output.closes, len(output.replies), output)


def tokens_of(expected: Expected) -> tuple[str, ...]:
    """Return each way in which a reply may be given, as a word; an empty one where it may be missing."""
    match expected.reply:
        case Failure(code):
            tokens = tuple(sorted({code.value, *(other.value for other in expected.also)}))
        case Greeting():
            tokens = ("greeting",)
        case _:
            tokens = ("ok",)
    return ("", *tokens) if expected.optional else tokens


def _unique(names: list[str]) -> tuple[str, ...]:
    """Tell states of the same name apart by numbers."""
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    numbered: dict[str, int] = {}
    result = []
    for name in names:
        numbered[name] = numbered.get(name, 0) + 1
        result.append(name if counts[name] == 1 else f"{name} ({numbered[name]})")
    return tuple(result)
