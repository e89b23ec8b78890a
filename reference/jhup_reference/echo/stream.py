"""One connection of an echo server: bytes between a socket and a conversation, by blocking calls."""

import socket
import socketserver
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import structlog

from jhup_reference.accepting import peer_name
from jhup_reference.echo.conversation import Conversation
from jhup_reference.parting import part, shut
from jhup_reference.settings import Tuning

if TYPE_CHECKING:
    from jhup_reference.echo.server import EchoServer

__all__ = ["StreamConnection", "StreamHandler"]


class StreamConnection:
    """One client.

    While its answer isn't taken nothing more is read, so that a client that doesn't read costs one segment and the
    reply to it, and after the idle time-out nothing.

    Args:
        sock: connected.
        conversation: what is said.
        tuning: how long silence is borne.
        log: a bound logger of structlog.
    """

    def __init__(self, sock: socket.socket, conversation: Conversation, tuning: Tuning, log: Any) -> None:
        self._socket = sock
        self._conversation = conversation
        self._tuning = tuning
        self._log = log
        self._stopping = False

    def serve(self) -> None:
        """Serve the client to the end of its connection and close it. Raises nothing that the client can cause."""
        ended = False
        try:
            self._socket.settimeout(self._tuning.idle_timeout)
            ended = self._converse()
        except TimeoutError:
            self._log.info("timed out")  # ECHO-50
        except OSError as error:
            self._log.info("lost", reason=error.strerror or str(error))
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
        """Move bytes until one side ends; tell whether it was the client, so that no input is left."""
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


class StreamHandler(socketserver.BaseRequestHandler):
    """Serves one connection."""

    server: "EchoServer"

    def handle(self) -> None:
        """Serve it to its end."""
        server = self.server
        conversation = server.service.conversation(server.worker_name())
        log = structlog.get_logger().bind(peer=peer_name(self.client_address))
        connection = StreamConnection(self.request, conversation, server.tuning, log)
        with server.connections.holding(connection):
            connection.serve()
