"""The machine that a client sees: it can't know beforehand whether a server is going to refuse what it sends."""

from collections.abc import Mapping, Sequence

from jhup.machine.states import Edge, Machine, Output

__all__ = ["seen_by_client"]


def seen_by_client(machine: Machine, alike: Mapping[str, Sequence[str]]) -> Machine:
    """Return a machine in which some symbols are one to whoever sends them.

    Args:
        machine: the machine of servers.
        alike: for each symbol that is kept, all symbols whose answers it may get; the others are left out.

    Returns:
        The machine whose states are the sets of states in which a server may be, by all that the client observed.
    """
    symbols = tuple(each for each in machine.symbols if each.key in alike)
    order = [frozenset({0})]
    edges: list[dict[str, Edge]] = []
    for states in order:
        leaving: dict[str, Edge] = {}
        for symbol in symbols:
            reached: dict[Output, frozenset[int]] = {}
            for state in sorted(states):
                for key in alike[symbol.key]:
                    for output, target in machine.edges[state][key].items():
                        reached[output] = reached.get(output, frozenset()) | {target}
            order += [each for each in dict.fromkeys(reached.values()) if each not in order]
            leaving[symbol.key] = {output: order.index(targets) for output, targets in reached.items()}
        edges.append(leaving)
    names = tuple(" or ".join(machine.states[state] for state in sorted(states)) for states in order)
    return Machine(symbols, names, tuple(edges))
