"""Securing connections (section 12.1)."""

import ssl
from pathlib import Path

__all__ = ["server_context"]


def server_context(cert: Path, key: Path | None = None, client_ca: Path | None = None) -> ssl.SSLContext:
    """Make the context of a server.

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
