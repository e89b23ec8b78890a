"""Machines as text for programs: JSON, and the language of Graphviz."""

import json
from collections.abc import Mapping
from typing import Any

from jhup.machine.labels import group_edges
from jhup.machine.states import Edge, Machine, Output
from jhup.machine.symbols import SYMBOLS

__all__ = ["read_machine", "write_dot", "write_machine"]


def write_machine(machine: Machine, **about: str) -> str:
    """Return a machine as JSON, one line an edge.

    Args:
        machine: the machine.
        about: further members for the top, such as ``role="server"``.
    """
    symbols = [
        {"key": each.key, "about": each.about, "clause": each.clause, "bytes": each.data.hex(), "ends": each.ends}
        for each in machine.symbols
    ]
    lines = ["{", *(f"  {json.dumps(name)}: {json.dumps(value)}," for name, value in {"format": 1, **about}.items())]
    lines += ['  "symbols": [', ",\n".join(f"    {json.dumps(each)}" for each in symbols), "  ],", '  "states": [']
    lines.append(",\n".join(_state_lines(machine, state) for state in range(len(machine.states))))
    return "\n".join([*lines, "  ]", "}", ""])


def _state_lines(machine: Machine, state: int) -> str:
    edges = [
        f"      {json.dumps(key)}: {json.dumps([_written(output, target) for output, target in edge.items()])}"
        for key, edge in machine.edges[state].items()
    ]
    return f'    {{"name": {json.dumps(machine.states[state])}, "edges": {{\n' + ",\n".join(edges) + "\n    }}"


def _written(output: Output, target: int) -> dict[str, Any]:
    return {"replies": list(output.replies), "stored": output.stored, "closes": output.closes, "to": target}


def read_machine(text: str) -> Machine:
    """Return the machine that `write_machine` wrote.

    Raises:
        ValueError: when it is none, or of another format.
    """
    try:
        document = json.loads(text)
        if document["format"] != 1:
            raise ValueError(f"format {document['format']!r} of a machine is not known")
        symbols = tuple(SYMBOLS[each["key"]] for each in document["symbols"])
        states = document["states"]
        edges = tuple({key: _read(edge) for key, edge in state["edges"].items()} for state in states)
        return Machine(symbols, tuple(str(state["name"]) for state in states), edges)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a machine: {error!r}") from None


def _read(edge: list[Mapping[str, Any]]) -> Edge:
    return {Output(tuple(each["replies"]), each["stored"], each["closes"]): int(each["to"]) for each in edge}


def write_dot(machine: Machine, *, title: str) -> str:
    """Return a machine in the language of Graphviz, edges between the same two states as one."""
    lines = [f"digraph {_quoted(title)} {{", '  node [shape=box style=rounded]; start [shape=point label=""];']
    lines += [f"  s{number} [label={_quoted(name)}];" for number, name in enumerate(machine.states)]
    lines.append("  start -> s0;")
    for state in range(len(machine.states)):
        targets: dict[int, list[str]] = {}
        for group in group_edges(machine, state):
            targets.setdefault(group.target, []).append(group.text)
        lines += [
            f"  s{state} -> s{target} [label={_quoted(chr(10).join(texts))}];" for target, texts in targets.items()
        ]
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
