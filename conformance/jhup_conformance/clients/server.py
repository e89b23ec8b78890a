"""The scripted server: it follows a script on each connection."""

import contextlib
import threading
from collections.abc import Callable
from socket import IPPROTO_TCP, SHUT_RDWR, TCP_NODELAY, socket

from jhup.address import Transport
from jhup_conformance.clients.files import Placed
from jhup_conformance.clients.following import LONGEST, Following
from jhup_conformance.clients.listening import Listening
from jhup_conformance.clients.script import Script
from jhup_conformance.clients.talk import Talk
from jhup_conformance.clients.timeline import Side, Timeline

__all__ = ["ScriptedServer"]


class ScriptedServer:
    """Serves one case.

    Args:
        listening: where.
        script: what is done on each connection.
        file: the file that the client sends, which the script may change.
        timeline: where all is noted.
        memory: returns the memory of the client in bytes; 0 where its process can't be seen.
    """

    def __init__(
        self, listening: Listening, script: Script, file: Placed, timeline: Timeline, memory: Callable[[], int]
    ) -> None:
        self.talks: list[Talk] = []
        self._listening = listening
        self._script = script
        self._file = file
        self._timeline = timeline
        self._memory = memory
        self._gone = threading.Event()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket] = []
        self._lock = threading.Lock()
        self._closing = False
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def is_done(self) -> bool:
        """Whether there were connections, and all of them are over."""
        return bool(self._threads) and not any(thread.is_alive() for thread in self._threads)

    def close(self, *, within: float) -> None:
        """Take what is still on its way, now that the client has gone, then end everything.

        Args:
            within: seconds for what the client wrote before it ended.
        """
        self._gone.set()
        self._acceptor.join(0.1)  # a connection may just be arriving
        self._closing = True
        self._listening.close()
        self._acceptor.join(5)
        for thread in list(self._threads):
            thread.join(within)
        with self._lock:
            for sock in self._sockets:
                with contextlib.suppress(OSError):
                    sock.shutdown(SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(5)

    def _accept(self) -> None:
        while not self._closing:
            try:
                sock, _ = self._listening.socket.accept()
            except OSError:
                return
            talk = Talk(len(self.talks) + 1)
            with self._lock:
                self.talks.append(talk)
                self._sockets.append(sock)
            self._timeline.add(Side.CLIENT, "connects", talk.number)
            thread = threading.Thread(target=self._serve, args=(sock, talk), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket, talk: Talk) -> None:
        try:
            sock.settimeout(LONGEST)
            wrapped = self._wrapped(sock, talk)
            if wrapped is not None:
                Following(wrapped, talk, self._file, self._timeline, self._gone, self._memory).run(self._script)
        finally:
            sock.close()

    def _wrapped(self, sock: socket, talk: Talk) -> socket | None:
        if self._listening.address.transport is not Transport.UNIX:
            sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        if self._listening.tls is None:
            return sock
        try:
            wrapped = self._listening.tls.wrap_socket(sock, server_side=True)
        except OSError as error:
            talk.handshake = str(error)
            self._timeline.add(Side.CLIENT, f"fails the TLS handshake: {error}", talk.number)
            return None
        with self._lock:
            self._sockets.append(wrapped)
        return wrapped
