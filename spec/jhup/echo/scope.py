"""Where each clause of chapter 10 applies: the table of section 10.18 for programs.

A test holds the two together; the table in the text is the one to change first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from jhup.echo.services import Service, Shape

__all__ = ["SCOPES", "Scope", "Serving", "scope_of"]


class Serving(StrEnum):
    """How a server serves several clients (section 10.12)."""

    ITERATIVE = "iterative"
    CONCURRENT = "concurrent"
    THREADING = "threading"

    @property
    def line(self) -> str:
        """The serving in words, for people."""
        return _SERVING_LINES[self]


_SERVING_LINES: Final = {
    Serving.ITERATIVE: "one connection or datagram at a time",
    Serving.CONCURRENT: "several at a time: threads, child processes or an event loop",
    Serving.THREADING: "several at a time, a thread for each",
}

_STREAMS: Final = frozenset({Shape.ONE_SHOT, Shape.SESSION, Shape.LINE, Shape.LINE_ONE_SHOT})
_LASTING: Final = frozenset({Shape.SESSION, Shape.LINE})
_LINES: Final = frozenset({Shape.LINE, Shape.LINE_ONE_SHOT})
_ONCE: Final = frozenset({Shape.ONE_SHOT, Shape.LINE_ONE_SHOT})
_TRIMMING: Final = frozenset({Service.UPPER, Service.GREET})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The servers that a clause is about.

    Attributes:
        services: their services.
        shapes: their shapes.
        servings: how they serve.
    """

    services: frozenset[Service] = frozenset(Service)
    shapes: frozenset[Shape] = frozenset(Shape)
    servings: frozenset[Serving] = frozenset(Serving)

    def covers(self, service: Service, shape: Shape, serving: Serving) -> bool:
        """Tell whether a server is among them."""
        return service in self.services and shape in self.shapes and serving in self.servings


def _only(service: Service, shapes: frozenset[Shape] = frozenset(Shape)) -> Scope:
    return Scope(services=frozenset({service}), shapes=shapes)


_CONCURRENT: Final = frozenset({Serving.CONCURRENT, Serving.THREADING})

# first and last number of a row, and where its clauses apply
_ROWS: Final = (
    (1, 3, _only(Service.UPPER)),
    (4, 5, Scope(services=_TRIMMING)),
    (6, 6, Scope()),
    (7, 8, Scope(services=_TRIMMING)),
    (9, 18, _only(Service.GREET)),
    (19, 21, _only(Service.WORKER)),
    (22, 23, _only(Service.WORKER, _STREAMS)),
    (24, 24, _only(Service.WORKER, _LASTING)),
    (25, 27, Scope(shapes=frozenset({Shape.ONE_SHOT}))),
    (28, 28, Scope(shapes=_ONCE)),
    (29, 29, Scope(shapes=frozenset({Shape.ONE_SHOT}))),
    (30, 34, Scope(shapes=frozenset({Shape.SESSION}))),
    (35, 35, Scope(shapes=_LASTING)),
    (36, 37, _only(Service.WORKER, _LASTING)),
    (38, 42, Scope(shapes=_LINES)),
    (43, 43, Scope(shapes=frozenset({Shape.LINE}))),
    (44, 44, Scope(shapes=frozenset({Shape.LINE_ONE_SHOT}))),
    (45, 45, Scope(shapes=_LINES)),
    (46, 46, Scope(shapes=_STREAMS)),
    (47, 47, Scope(shapes=_LASTING)),
    (48, 50, Scope(shapes=_STREAMS)),
    (51, 57, Scope(shapes=frozenset({Shape.DATAGRAM}))),
    (58, 58, _only(Service.WORKER, frozenset({Shape.DATAGRAM}))),
    (59, 62, Scope(shapes=frozenset({Shape.DATAGRAM}))),
    (63, 63, Scope(shapes=_STREAMS, servings=_CONCURRENT)),
    (64, 65, Scope(shapes=_STREAMS)),
    (
        66,
        66,
        Scope(services=frozenset({Service.WORKER}), shapes=_STREAMS, servings=frozenset({Serving.THREADING})),
    ),
    (67, 67, Scope(shapes=_STREAMS, servings=_CONCURRENT)),
    (68, 68, Scope(shapes=_STREAMS)),
    (69, 69, _only(Service.WORKER)),
    (70, 71, Scope(shapes=_STREAMS)),
    (78, 78, Scope(shapes=_LASTING)),
)

SCOPES: Final[Mapping[str, Scope]] = MappingProxyType(
    {f"ECHO-{number}": scope for first, last, scope in _ROWS for number in range(first, last + 1)}
)


def scope_of(clause: str) -> Scope:
    """Return where a server clause of chapter 10 applies.

    Args:
        clause: its identifier, such as ``"ECHO-31"``.

    Raises:
        KeyError: when chapter 10 has no such clause for servers.
    """
    return SCOPES[clause]
