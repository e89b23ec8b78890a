"""Serves a variant from one loop; `serving` runs it in a thread of the caller's process."""

import asyncio
import contextlib
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from variants.choices import Choices
from variants.conversation import Commit, Conversation, Ending, Receive, Say, Step, converse
from variants.stores import FolderStore, Refused, Store

__all__ = ["BACKLOG", "Server", "folder_store", "serving"]

TICK = 0.2  # seconds between commits of a timer
STEP = 0.005  # seconds before each step of a slow one
LINGER = 2.0  # seconds in which input is thrown away at the end (ERR-13)
BACKLOG = 512


class Server:
    """A variant on a listening socket."""

    def __init__(self, choices: Choices, store: Store) -> None:
        self.choices = choices
        self.store = store
        self.tick = asyncio.Event()
        self.open = 0
        self.freed = asyncio.Event()
        self.talks: set[asyncio.Task[None]] = set()

    @property
    def most(self) -> int:
        return sys.maxsize if self.choices.connections == "unbounded" else int(self.choices.connections)

    async def serve(self, listener: socket.socket) -> None:
        """Accept and serve connections until it is cancelled."""
        listener.setblocking(False)
        ticking = asyncio.create_task(self.commit_by_timer())
        loop = asyncio.get_running_loop()
        try:
            while True:
                while self.open >= self.most and self.choices.excess == "wait":
                    self.freed.clear()
                    await self.freed.wait()
                try:
                    sock, _ = await loop.sock_accept(listener)
                except OSError:  # out of descriptors: those that are served go on
                    await asyncio.sleep(0.1)
                    continue
                sock.setblocking(False)
                self.start(sock)
        finally:
            for task in (ticking, *self.talks):
                task.cancel()
            await asyncio.gather(ticking, *self.talks, return_exceptions=True)

    def start(self, sock: socket.socket) -> None:
        turned_away = self.open >= self.most
        if not turned_away:
            self.open += 1
        task = asyncio.create_task(self.turn_away(sock) if turned_away else self.serve_one(sock))
        self.talks.add(task)
        task.add_done_callback(self.talks.discard)

    async def turn_away(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            await linger(sock)

    async def serve_one(self, sock: socket.socket) -> None:
        try:
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with sock, contextlib.suppress(OSError):
                ending = await self.talk(sock, converse(self.choices, self.store))
                if ending is Ending.EARLY and self.choices.ending == "linger":
                    await linger(sock)
        finally:
            self.open -= 1
            self.freed.set()

    async def talk(self, sock: socket.socket, conversation: Conversation) -> Ending:
        """Carry out a conversation, step by step."""
        answer: Any = None
        refusal: Refused | None = None
        with contextlib.closing(conversation):
            try:
                while True:
                    step = conversation.throw(refusal) if refusal else conversation.send(answer)
                    answer, refusal = await self.carry_out(sock, step)
            except StopIteration as stop:
                return Ending(stop.value)
            except TimeoutError:
                return Ending.NORMAL

    async def carry_out(self, sock: socket.socket, step: Step) -> tuple[Any, Refused | None]:
        """Return the answer to a step; or why it is refused."""
        await asyncio.sleep(STEP if self.choices.pace == "slow" else 0)  # 0: the others have their turn
        loop = asyncio.get_running_loop()
        match step:
            case Receive(most):
                async with asyncio.timeout(None if self.choices.idle == "none" else float(self.choices.idle)):
                    return await loop.sock_recv(sock, most), None
            case Say(data):
                await loop.sock_sendall(sock, data)
            case Commit(upload):
                if self.choices.commit == "timer":
                    await self.tick.wait()
                try:
                    return upload.commit(), None
                except Refused as refusal:
                    return None, refusal
                except OSError as error:
                    return None, Refused("storage", error.strerror or "can't be written")
        return None, None

    async def commit_by_timer(self) -> None:
        """Let those that wait give their bodies a name, in the order in which they came."""
        while True:
            await asyncio.sleep(TICK)
            self.tick.set()
            self.tick.clear()


async def linger(sock: socket.socket) -> None:
    """Half-close, and throw input away until the client ends, or for a while."""
    sock.shutdown(socket.SHUT_WR)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER):
            while await asyncio.get_running_loop().sock_recv(sock, 65_536):
                await asyncio.sleep(0)


def folder_store(choices: Choices, folder: Path) -> FolderStore:
    return FolderStore(
        folder,
        encodes=choices.names == "encoded",
        replaces=choices.taken == "replace",
        stat_code=choices.stat_of_others,
    )


@contextlib.contextmanager
def serving(choices: Choices, store: Store) -> Iterator[int]:
    """Serve a variant from a thread, on a free port of the loopback address, which is the value."""
    loop = asyncio.new_event_loop()

    async def run() -> None:
        await Server(choices, store).serve(listener)

    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listener:
        task = loop.create_task(run())

        def until_cancelled() -> None:
            with contextlib.suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
            loop.close()

        thread = threading.Thread(target=until_cancelled)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            loop.call_soon_threadsafe(task.cancel)
            thread.join()
