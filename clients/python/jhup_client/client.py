"""A server's address, and how to talk to it."""

from dataclasses import dataclass, field
from typing import Literal, Self, Unpack, overload

from jhup import Greeting, Stored
from jhup.address import Address, parse_address
from jhup_client.body import FileSource, check_source, check_stored_name
from jhup_client.connection import Connection
from jhup_client.dial import dial
from jhup_client.options import Timeouts, TlsOptions
from jhup_client.results import PutOptions, Sent

__all__ = ["Client"]


@dataclass(frozen=True, slots=True)
class Client:
    """Talks to the server at one address.

    `connect` gives a connection for several requests; the other methods make one for themselves.

    Attributes:
        address: of a byte stream: TCP, TLS or a Unix stream socket.
        timeouts: the bounds of its waits.
        tls: whom to trust, where the address begins with ``tls://``.
    """

    address: Address
    timeouts: Timeouts = field(default_factory=Timeouts, kw_only=True)
    tls: TlsOptions = field(default_factory=TlsOptions, kw_only=True)

    @classmethod
    def at(cls, target: str, *, timeouts: Timeouts | None = None, tls: TlsOptions | None = None) -> Self:
        """Make a client from an address as people write it, such as ``127.0.0.1:8080`` or ``unix:/run/jhup``.

        Raises:
            ValueError: when it is none.
        """
        return cls(parse_address(target), timeouts=timeouts or Timeouts(), tls=tls or TlsOptions())

    def connect(self) -> Connection:
        """Connect.

        Raises:
            ConnectionFailed: with the reason.
        """
        return Connection(dial(self.address, tls=self.tls, within=self.timeouts.connect), self.timeouts)

    @overload
    def put(self, file: FileSource, *, reply: Literal[True], **options: Unpack[PutOptions]) -> Stored: ...
    @overload
    def put(self, file: FileSource, *, reply: bool = False, **options: Unpack[PutOptions]) -> Stored | Sent: ...
    def put(self, file: FileSource, *, reply: bool = False, **options: Unpack[PutOptions]) -> Stored | Sent:
        """Upload one file over a connection of its own; see `Connection.put`.

        Returns:
            What the server stored; without ``reply`` `Sent`, which then means handed over (CLIENT-15).

        Raises:
            FileFailed: before a connection was made (CLIENT-8).
            ConnectionFailed: when none could be made.
            RequestFailed: one of its kinds.
        """
        check_source(file, options.get("name"))
        with self.connect() as connection:
            return connection.put(file, reply=reply, **options)

    def stat(self, name: str) -> Stored | None:
        """Ask what is stored under a name; see `Connection.stat`."""
        check_stored_name(name)
        with self.connect() as connection:
            return connection.stat(name)

    def hello(self) -> Greeting:
        """Ask what the server is; see `Connection.hello`."""
        with self.connect() as connection:
            return connection.hello()
