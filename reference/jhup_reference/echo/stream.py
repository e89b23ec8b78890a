"""One connection of an echo server: bytes between a socket and a conversation, by blocking calls."""

import socket
from collections.abc import Iterable

from jhup_reference.echo.conversation import Conversation
from jhup_reference.runtime.journal import Journal
from jhup_reference.runtime.parting import part, shut
from jhup_reference.settings import Tuning

__all__ = ["StreamConnection"]


class StreamConnection:
    """One client.

    While its answer isn't taken nothing more is read, so that a client that doesn't read costs one segment and the
    reply to it, and after the idle time-out nothing.

    Args:
        sock: connected.
        conversation: what is said.
        tuning: how long silence is borne.
        journal: where events are logged.
    """

    def __init__(self, sock: socket.socket, conversation: Conversation, tuning: Tuning, journal: Journal) -> None:
        self._socket = sock
        self._conversation = conversation
        self._tuning = tuning
        self._journal = journal
        self._stopping = False

    def serve(self) -> None:
        """Serve the client to the end of its connection and close it. Raises nothing that the client can cause."""
        ended = False
        try:
            self._socket.settimeout(self._tuning.idle_timeout)
            ended = self._converse()
        except TimeoutError:
            self._journal.note("timed out")  # ECHO-50
        except OSError as error:
            self._journal.note("lost", reason=error.strerror or str(error))
            ended = True
        finally:
            part(self._socket, ended=ended, linger=self._tuning.linger)  # ECHO-28, ECHO-47, ECHO-49

    def stop(self) -> None:
        """Ask from elsewhere for the end: what has arrived is still answered."""
        self._stopping = True
        shut(self._socket, socket.SHUT_RD)  # wakes a thread that waits for data

    def abort(self) -> None:
        """End the connection from elsewhere, whatever is under way."""
        self._stopping = True
        shut(self._socket, socket.SHUT_RDWR)

    def _converse(self) -> bool:
        """Move bytes until one side ends; return whether it was the client, so that no input is left."""
        talk = self._conversation
        while not talk.closing:
            data = self._socket.recv(talk.limit)
            if data:
                self._send(talk.receive(data))
            elif self._stopping:  # our own end, which nothing is owed to (ECHO-46)
                return False
            else:
                self._send(talk.receive_eof())
                return True
        return False

    def _send(self, replies: Iterable[bytes]) -> None:
        for reply in replies:
            view = memoryview(reply)
            while view:
                view = view[self._socket.send(view) :]  # the time-out counts from the last progress
