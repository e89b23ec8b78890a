"""What an upload server serves, whatever carries it and however connections share the process."""

import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from jhup_reference.accepting import peer_name
from jhup_reference.buffers import Buffers
from jhup_reference.connection import Connection
from jhup_reference.session import Output, Session
from jhup_reference.settings import Limits, Tuning
from jhup_reference.store import Store

__all__ = ["UploadService"]

_BUSY: Final = 5.0
"""Seconds in which a client beyond the limit can ask and be told that the server is busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadService:
    """One store and how it is offered.

    Attributes:
        store: where bodies go.
        limits: what sessions accept.
        tuning: how connections are treated.
        tls: how they are secured; None if they aren't.
        buffers: large buffers that the connections of a process share.
    """

    store: Store
    limits: Limits = field(default_factory=Limits)
    tuning: Tuning = field(default_factory=Tuning)
    tls: ssl.SSLContext | None = None
    buffers: Buffers = field(default_factory=Buffers)

    def session(self, address: Any, *, busy: bool) -> Session:
        """Begin a session with a client; a busy server only says that it is."""
        log = structlog.get_logger().bind(peer=peer_name(address))
        return Session(self.store, self.limits, busy=busy, log=log)

    def patience(self, session: Session, *, lingers: bool = False) -> float:
        """Tell for how many seconds a client may be silent: in its session, or after the server's half-close."""
        if lingers:
            return self.tuning.linger
        return _BUSY if session.busy else self.tuning.idle_timeout

    def connection(self, sock: socket.socket, session: Session, started: Iterable[Output] = ()) -> Connection:
        """Let a session be served by blocking calls, from where it is."""
        return Connection(
            sock,
            session,
            patience=self.patience(session),
            linger=self.tuning.linger,
            buffers=self.buffers,
            tls=self.tls,
            started=started,
        )
