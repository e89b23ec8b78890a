"""Waiting for many sockets at once, as selectors and `select` do."""

import selectors
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from simulated.sockets import Addresses, Socket
from simulated.world import LEAST, Signal, World

__all__ = ["Selector", "select"]


class Selector(selectors.BaseSelector):
    """A selector of the simulated world; only sockets about which something changed are looked at."""

    def __init__(self, world: World, addresses: Addresses) -> None:
        self._world, self._addresses = world, addresses
        self._keys: dict[int, selectors.SelectorKey] = {}
        self._looks: dict[int, Any] = {}
        self._sockets: dict[int, Socket] = {}
        self._changed: dict[int, None] = {}
        self._signal = Signal(world)

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        if number in self._keys:
            raise KeyError(f"{number} is registered already")
        sock = self._addresses.sockets.get(number)
        if sock is None or sock.under is None:
            raise ValueError(f"{number} is no socket that can be waited for")
        self._keys[number] = key = selectors.SelectorKey(fileobj, number, events, data)

        def look() -> None:
            self._changed[number] = None
            self._signal.fire()

        self._sockets[number], self._looks[number] = sock, look
        sock.under.watchers.append(look)
        self._changed[number] = None
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        number = self._number_of(fileobj)
        key = self._keys.pop(number)
        self._changed.pop(number, None)
        under = self._sockets.pop(number).under
        look = self._looks.pop(number)
        if under is not None:
            under.watchers.remove(look)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        number = self._number_of(fileobj)
        old = self._keys[number]
        self._keys[number] = key = selectors.SelectorKey(old.fileobj, number, events, data)
        self._changed[number] = None
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        until = None if timeout is None else self._world.now + max(timeout, LEAST)
        if timeout is not None and timeout <= 0:
            self._world.sleep(LEAST)
        while True:
            found = self._ready()
            if found or (until is not None and self._world.now >= until):
                return found
            self._signal.wait(until)

    def close(self) -> None:
        for number in list(self._keys):
            self.unregister(number)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return _Map(self)

    def _number_of(self, fileobj: Any) -> int:
        if isinstance(fileobj, int):
            return fileobj
        return next((number for number, key in self._keys.items() if key.fileobj is fileobj), -1)

    def _ready(self) -> list[tuple[selectors.SelectorKey, int]]:
        found = []
        for number in list(self._changed):
            key, under = self._keys[number], self._sockets[number].under
            mask = 0
            if under is not None and key.events & selectors.EVENT_READ and under.readable:
                mask |= selectors.EVENT_READ
            if under is not None and key.events & selectors.EVENT_WRITE and under.writable:
                mask |= selectors.EVENT_WRITE
            if mask:
                found.append((key, mask))
            else:
                del self._changed[number]
        return found


class _Map(Mapping[Any, selectors.SelectorKey]):
    """What a selector watches, by file object or descriptor."""

    def __init__(self, selector: Selector) -> None:
        self._selector = selector

    def __getitem__(self, fileobj: Any) -> selectors.SelectorKey:
        return self._selector._keys[self._selector._number_of(fileobj)]

    def __len__(self) -> int:
        return len(self._selector._keys)

    def __iter__(self) -> Any:
        return iter(self._selector._keys)


def select(
    world: World, addresses: Addresses, reading: Iterable[Socket], writing: Iterable[Socket], seconds: float | None
) -> tuple[Sequence[Socket], Sequence[Socket]]:
    """Wait until some of the sockets can be read from or written to."""
    selector = Selector(world, addresses)
    wanted: dict[Socket, int] = {}
    for sock in reading:
        wanted[sock] = selectors.EVENT_READ
    for sock in writing:
        wanted[sock] = wanted.get(sock, 0) | selectors.EVENT_WRITE
    for sock, mask in wanted.items():
        selector.register(sock, mask)
    found = {key.fileobj: mask for key, mask in selector.select(seconds)}
    selector.close()
    return (
        [each for each in reading if found.get(each, 0) & selectors.EVENT_READ],  # type: ignore[call-overload]
        [each for each in writing if found.get(each, 0) & selectors.EVENT_WRITE],  # type: ignore[call-overload]
    )
