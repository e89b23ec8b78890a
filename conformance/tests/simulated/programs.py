"""Runs a program as a process of the simulated world: its modules are made anew and import the world's modules."""

import builtins
import functools
import os
import resource
import select as real_select
import selectors as real_selectors
import signal
import socket as real_socket
import sys
import threading as real_threading
import time as real_time
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from simulated.sockets import Addresses, Socket
from simulated.threads import threading_for
from simulated.watching import Selector, select
from simulated.world import Process

__all__ = ["run_program"]


def run_program(process: Process, addresses: Addresses, script: Path, arguments: Sequence[str]) -> None:
    """Start a script as the command line would.

    Args:
        process: in whose threads it runs.
        addresses: of the world's network.
        script: a file whose `main` takes the words of a command line.
        arguments: those words.
    """
    modules = _Modules(process, addresses, script.parent)
    process.start(lambda: modules.load(script.stem).main(list(arguments)))


class _Modules:
    """The modules of one process."""

    def __init__(self, process: Process, addresses: Addresses, folder: Path) -> None:
        self._folder = folder
        self._loaded = _modules_of_the_world(process, addresses)
        self._builtins = {**vars(builtins), "__import__": self._import}

    def _import(
        self,
        name: str,
        variables: Any = None,
        local: Any = None,
        wanted: Sequence[str] = (),
        level: int = 0,
    ) -> Any:
        if name in self._loaded or (self._folder / f"{name}.py").is_file():
            return self.load(name)
        return builtins.__import__(name, variables, local, wanted, level)

    def load(self, name: str) -> ModuleType:
        """Return a module, made anew for this process."""
        if name not in self._loaded:
            path = self._folder / f"{name}.py"
            self._loaded[name] = module = ModuleType(name)
            module.__file__ = str(path)
            vars(module)["__builtins__"] = self._builtins
            exec(_code(path), vars(module))
        return self._loaded[name]


@functools.cache
def _code(path: Path) -> CodeType:
    return compile(path.read_text("utf-8"), path, "exec")


def _like(module: ModuleType, **others: Any) -> ModuleType:
    """Return a module with some of its names meaning others."""
    made = ModuleType(module.__name__)
    vars(made).update(vars(module))
    vars(made).update(others)
    return made


def _modules_of_the_world(process: Process, addresses: Addresses) -> dict[str, ModuleType]:
    world = process.world

    class ProcessSocket(Socket):
        """A socket of the process."""

        def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: None = None) -> None:  # noqa: A002
            family = real_socket.AF_INET if family == -1 else family
            kind = real_socket.SOCK_STREAM if type == -1 else type
            super().__init__(world, addresses, process, family, kind)

    def create_server(address: Any, *, family: int = real_socket.AF_INET, backlog: int = 128, **_: Any) -> Socket:
        sock = ProcessSocket(family)
        sock.bind(address)
        sock.listen(backlog)
        return sock

    def now() -> float:
        world.sleep(0.0)  # a loop that asks for the time lets it pass
        return world.now

    def select_sockets(
        reading: Sequence[Socket], writing: Sequence[Socket], failing: Sequence[Socket], timeout: float | None = None
    ) -> Any:
        return (*select(world, addresses, reading, writing, timeout), [])

    def selector() -> Selector:
        return Selector(world, addresses)

    return {
        "socket": _like(real_socket, socket=ProcessSocket, create_server=create_server),
        "threading": _like(real_threading, **threading_for(process)),
        "time": _like(real_time, monotonic=now, perf_counter=now, time=now, sleep=world.sleep),
        "select": _like(real_select, select=select_sockets),
        "selectors": _like(real_selectors, DefaultSelector=selector, SelectSelector=selector),
        "os": _like(os, _exit=process.end),
        "signal": _like(signal, signal=lambda *_: None),
        "resource": _like(resource, setrlimit=lambda *_: None),
        "sys": _like(sys, exit=process.end),
    }
