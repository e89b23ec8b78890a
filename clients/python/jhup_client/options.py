"""How a client connects and how long it waits."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Timeouts", "TlsOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Bounds of the waits of a client, in seconds.

    Attributes:
        connect: for a connection, TLS handshake included.
        stall: while sending, without a byte being taken (CLIENT-13). A slow server that takes some is waited for.
        reply: for a reply that was asked for, without anything moving (CLIENT-11). Progress renews it, within ten
            times as long for each reply.
        settle: for a reset after the last byte, where no replies were asked for (CLIENT-15). A server that closes
            when it sees the end of the stream ends this wait at once; deployed ones never do.
    """

    connect: float = 10.0
    stall: float = 30.0
    reply: float = 15.0
    settle: float = 1.0

    def __post_init__(self) -> None:
        for name in ("connect", "stall", "reply", "settle"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)} seconds, expected more than 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsOptions:
    """Whom to trust, and who we are, when the address begins with ``tls://``.

    Attributes:
        ca_file: certificates of the authorities to trust (PEM) instead of the system's.
        certificate: our own certificate (PEM), for servers that ask for one; the key may stand in the same file.
        key: the private key of our certificate (PEM, not encrypted).
        server_name: the name that the server's certificate must carry, where it isn't the host of the address.
        insecure: trust any certificate. Then anybody between here and the server can read and change everything.
    """

    ca_file: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    server_name: str | None = None
    insecure: bool = False
