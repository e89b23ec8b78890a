"""Clients that keep no rule: broken streams, resets, stalls, floods, crowds, names that try to leave the store."""

import contextlib
import random
import socket
import struct
import threading

from reference.attack.inputs import SIZES, TRICKS, frame, mutated, put, requests, valid_stream
from reference.attack.tally import Tally
from reference.attack.target import Target

__all__ = ["Vandal"]

_STALLED_MOST = 200


class Vandal(threading.Thread):
    """One of them.

    Args:
        target: what it attacks.
        tally: where its deeds are counted.
        stop: when to end.
        seed: of its choices.
    """

    def __init__(self, target: Target, tally: Tally, stop: threading.Event, seed: int) -> None:
        super().__init__(daemon=True)
        self._target, self._tally, self._stop_at = target, tally, stop
        self._chance = random.Random(seed)
        self._stalled: list[socket.socket] = []

    def run(self) -> None:
        """Do one thing after the other until told to stop."""
        deeds = (
            self._break,
            self._break,
            self._trick,
            self._hang_up,
            self._hang_up,
            self._stall,
            self._flood,
            self._crowd,
        )
        while not self._stop_at.is_set():
            deed = self._chance.choice(deeds)
            self._tally.add(deed.__name__.strip("_").replace("_", " "))
            with contextlib.suppress(OSError):
                deed()
            self._stop_at.wait(0.01)
        for sock in self._stalled:
            sock.close()

    def _break(self) -> None:
        with self._target.connect() as sock:
            sock.sendall(mutated(self._chance, valid_stream(self._chance, ("v1", "v2", *TRICKS))))
            if self._chance.random() < 0.5:
                _reset(sock)

    def _trick(self) -> None:
        with self._target.connect() as sock:
            sock.sendall(b"".join(requests(self._chance, TRICKS) for _ in range(30)))
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65_536):
                pass

    def _hang_up(self) -> None:
        with self._target.connect() as sock:
            whole = put("v3", self._chance.randbytes(self._chance.choice(SIZES)))
            sock.sendall(whole[: self._chance.randrange(len(whole))])
            if self._chance.random() < 0.5:
                _reset(sock)

    def _stall(self) -> None:
        self._stalled.append(self._target.connect())
        self._stalled[-1].sendall(put("v4", b"abc")[: self._chance.randrange(40)])
        while len(self._stalled) > _STALLED_MOST // 4:
            self._stalled.pop(self._chance.randrange(len(self._stalled))).close()

    def _flood(self) -> None:
        """Ask for much, and read none of it."""
        asks = self._chance.choice(('{"cmd":"x","reply":true}', '{"cmd":"hello","reply":true}'))
        with self._target.connect() as sock:
            sock.settimeout(0.2)
            for _ in range(40):
                sock.sendall(frame(asks) * 500)

    def _crowd(self) -> None:
        with contextlib.ExitStack() as stack:
            for _ in range(self._chance.randint(50, 300)):
                stack.enter_context(self._target.connect())


def _reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
