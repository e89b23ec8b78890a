"""Serves a variant as `variant_server.py` does, with a thread and blocking calls for each connection.

So it runs on the simulated network of the tests, where sockets, threads and time are those of the world.
"""

import argparse
import contextlib
import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from variants.choices import Choices
from variants.conversation import Commit, Conversation, Ending, Receive, Say, Step, converse
from variants.server import BACKLOG, LINGER, STEP, TICK, folder_store
from variants.stores import FolderStore, Refused


class Threads:
    """A variant on a listening socket."""

    def __init__(self, choices: Choices, store: FolderStore) -> None:
        self.choices = choices
        self.store = store
        most = 1_000_000 if choices.connections == "unbounded" else int(choices.connections)
        self.room = threading.Semaphore(most)

    def serve(self, listener: socket.socket) -> None:
        """Accept and serve connections for ever."""
        while True:
            if self.choices.excess == "wait":
                self.room.acquire()
            sock, _ = listener.accept()
            has_room = self.choices.excess == "wait" or self.room.acquire(blocking=False)
            threading.Thread(target=self.serve_one if has_room else self.turn_away, args=(sock,), daemon=True).start()

    def turn_away(self, sock: socket.socket) -> None:
        with contextlib.closing(sock), contextlib.suppress(OSError):
            linger(sock)

    def serve_one(self, sock: socket.socket) -> None:
        try:
            with contextlib.closing(sock), contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                ending = self.talk(sock, converse(self.choices, self.store))
                if ending is Ending.EARLY and self.choices.ending == "linger":
                    linger(sock)
        finally:
            self.room.release()

    def talk(self, sock: socket.socket, conversation: Conversation) -> Ending:
        """Carry out a conversation, step by step."""
        answer: Any = None
        refusal: Refused | None = None
        with contextlib.closing(conversation):
            try:
                while True:
                    step = conversation.throw(refusal) if refusal else conversation.send(answer)
                    answer, refusal = self.carry_out(sock, step)
            except StopIteration as stop:
                return Ending(stop.value)
            except TimeoutError:
                return Ending.NORMAL

    def carry_out(self, sock: socket.socket, step: Step) -> tuple[Any, Refused | None]:
        """Return the answer to a step; or why it is refused."""
        if self.choices.pace == "slow":
            time.sleep(STEP)
        match step:
            case Receive(most):
                sock.settimeout(None if self.choices.idle == "none" else float(self.choices.idle))
                return sock.recv(most), None
            case Say(data):
                sock.settimeout(None)
                sock.sendall(data)
            case Commit(upload):
                if self.choices.commit == "timer":
                    time.sleep(TICK - time.monotonic() % TICK)
                try:
                    return upload.commit(), None
                except Refused as refused:
                    return None, refused
                except OSError as error:
                    return None, Refused("storage", error.strerror or "can't be written")
        return None, None


def linger(sock: socket.socket) -> None:
    """Half-close, and throw input away until the client ends, or for a while."""
    sock.shutdown(socket.SHUT_WR)
    until = time.monotonic() + LINGER
    while (left := until - time.monotonic()) > 0:
        sock.settimeout(left)
        if not sock.recv(65_536):
            return


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--storage", type=Path, required=True)
    parser.add_argument("choices", nargs="*", metavar="NAME=WORD")
    arguments = parser.parse_args(words)
    try:
        choices = Choices.read(arguments.choices)
    except ValueError as error:
        parser.error(str(error))
    with socket.create_server(("127.0.0.1", arguments.port), backlog=BACKLOG) as listener:
        print(f"listening tcp 127.0.0.1:{listener.getsockname()[1]}", flush=True)
        Threads(choices, folder_store(choices, arguments.storage)).serve(listener)


if __name__ == "__main__":
    main()
