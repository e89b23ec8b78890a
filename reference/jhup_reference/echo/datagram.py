"""One datagram of an echo server."""

import socketserver
from typing import TYPE_CHECKING

import structlog

from jhup_reference.accepting import peer_name
from jhup_reference.echo.datagrams import Datagram, answer

if TYPE_CHECKING:
    from jhup_reference.echo.server import EchoServer

__all__ = ["DatagramHandler"]


class DatagramHandler(socketserver.BaseRequestHandler):
    """Answers one datagram, once (ECHO-53)."""

    server: "EchoServer"
    request: Datagram

    def handle(self) -> None:
        """Answer it, with an empty datagram where the reply is empty (ECHO-57)."""
        server = self.server
        reply = server.service.reply(self.request.message, server.worker_name())
        if reply is None:
            return  # ECHO-58
        try:
            answer(server.socket, self.request, reply, self.client_address)
        except OSError as error:  # ECHO-62 among others: too long for the transport, or nobody there any more
            log = structlog.get_logger()
            log.debug("not answered", peer=peer_name(self.client_address), reason=error.strerror or str(error))
