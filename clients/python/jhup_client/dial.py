"""Connecting: from an address to a transport, within a bounded time (CLIENT-14)."""

import selectors
import socket
import ssl
import time

from jhup.address import Address
from jhup.address import Transport as Carrier
from jhup_client.errors import ConnectionFailed, Fault
from jhup_client.options import TlsOptions
from jhup_client.tls import TlsTransport, client_context
from jhup_client.transport import PlainTransport, Transport

__all__ = ["dial", "why_not"]


def dial(address: Address, *, tls: TlsOptions, within: float) -> Transport:
    """Connect to a server.

    Args:
        address: of a byte stream: TCP, TLS or a Unix stream socket.
        tls: whom to trust; used for TLS only.
        within: seconds.

    Raises:
        ConnectionFailed: with the reason in one line.
    """
    if not address.transport.is_stream:
        raise ConnectionFailed(f"{address}: uploads need a byte stream, not datagrams", fault=Fault.LOCAL)
    deadline = time.monotonic() + within
    try:
        if address.transport is not Carrier.TLS:
            return PlainTransport(_connect(address, within))
        context = _context(tls)
        transport = TlsTransport(_connect(address, within), context, tls.server_name or address.host)
    except (OSError, ValueError) as error:
        raise ConnectionFailed(f"can't connect to {address}: {why_not(error, within)}", clause="CLIENT-14") from error
    try:
        _shake_hands(transport, deadline)
    except OSError as error:
        transport.close()
        raise ConnectionFailed(f"can't connect to {address}: {why_not(error, within)}", clause="CLIENT-14") from error
    except BaseException:
        transport.close()
        raise
    return transport


def _context(tls: TlsOptions) -> ssl.SSLContext:
    try:
        return client_context(tls)
    except OSError as error:
        files = [file for file in (tls.ca_file, tls.certificate, tls.key) if file is not None]
        shown = ", ".join(map(str, files))
        raise ConnectionFailed(f"can't use {shown} for TLS: {why_not(error, 0)}", fault=Fault.LOCAL) from error


def _connect(address: Address, within: float) -> socket.socket:
    if address.transport is not Carrier.UNIX:
        sock = socket.create_connection((address.host, address.port), timeout=within)
        # Requests are written in pieces as large as can be; waiting for more to come would only delay them.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock
    if not hasattr(socket, "AF_UNIX"):
        raise OSError("this platform has no Unix sockets")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(within)
        sock.connect(address.path)
    except BaseException:
        sock.close()
        raise
    return sock


def _shake_hands(transport: TlsTransport, deadline: float) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(transport.socket, selectors.EVENT_READ)
        while not transport.handshake():
            selector.modify(transport.socket, transport.interest(False))
            remaining = deadline - time.monotonic()
            if remaining <= 0 or not selector.select(remaining):
                raise TimeoutError


def why_not(error: Exception, within: float) -> str:
    """Say in a few words why a server can't be reached.

    Args:
        error: what the system, TLS or Python said.
        within: seconds that were waited, for a time-out.
    """
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate isn't trusted: {error.verify_message}"
        case ssl.SSLEOFError():
            return "it ended the TLS handshake"
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER" | "RECORD_LAYER_FAILURE"):
            return "it doesn't speak TLS"
        case ssl.SSLError():
            return f"TLS: {(error.reason or str(error)).replace('_', ' ').lower()}"
        case socket.gaierror():
            return f"unknown host ({error.strerror})"
        case TimeoutError():
            return f"no answer within {within:g} s"
        case OSError(strerror=str(text)):
            return text.lower()
        case UnicodeError():
            return "not the name of a host"
        case _:
            return str(error)
