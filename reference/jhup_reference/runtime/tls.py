"""Securing connections (section 12.1)."""

import socket
import ssl
from pathlib import Path
from typing import Final

__all__ = ["HANDSHAKE", "secured", "server_context", "shake_hands"]

HANDSHAKE: Final = 10.0
"""Seconds that a client has for its handshake."""


def server_context(cert: Path, key: Path | None = None, client_ca: Path | None = None) -> ssl.SSLContext:
    """Return the context of a server.

    Args:
        cert: its certificate and those that lead from it to its authority, in PEM.
        key: its private key; by default it is in the file of the certificate.
        client_ca: authorities; with them, only clients with a certificate of theirs may connect.

    Raises:
        OSError: when a file can't be read, or isn't what it should be (`ssl.SSLError`).
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def secured(sock: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
    """Return a connection that is to be secured, before its handshake; nothing is waited for.

    Raises:
        OSError: when the client is gone.
    """
    try:
        return context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
    except OSError:
        sock.close()
        raise


def shake_hands(sock: socket.socket) -> None:
    """Carry out the handshake of a connection that is to be secured; nothing for any other.

    Raises:
        OSError: when it fails, or takes too long (`TimeoutError`).
    """
    if isinstance(sock, ssl.SSLSocket):
        sock.settimeout(HANDSHAKE)
        sock.do_handshake()
