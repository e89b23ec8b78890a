"""Sockets of the simulated world, with the methods of `socket.socket` that servers and the suite use."""

import contextlib
import errno
import io
import itertools
import socket
import struct
from collections.abc import Iterator
from typing import Any, Final, Self

from simulated.letters import Box
from simulated.streams import LATENCY, End, Listener
from simulated.world import LEAST, Process, World

__all__ = ["Addresses", "Socket"]

_LEAST_BUFFER: Final = 4096
_SPIN: Final = 1e-3
"""Seconds that a read after end of stream takes: a server that asks for ever must not stop the time."""
Data = bytes | bytearray | memoryview


class Addresses:
    """Who has which address, and which descriptor."""

    def __init__(self) -> None:
        self.taken: dict[tuple[str, Any], Listener | Box] = {}
        self.sockets: dict[int, Socket] = {}
        self.descriptors = itertools.count(10_000_000)
        self._ports = itertools.count(40_000)

    def free_port(self) -> int:
        """Return a port that nobody has."""
        return next(self._ports)


class Socket:
    """A socket: a stream's end, a listener or a box for datagrams, once it is known which."""

    def __init__(
        self, world: World, addresses: Addresses, process: Process | None, family: int, kind: int, end: Any = None
    ) -> None:
        self._world, self._addresses, self._process = world, addresses, process
        self.family, self.type, self.proto = family, kind, 0
        self.timeout: float | None = None
        self._local = family == socket.AF_UNIX
        self.under: End | Listener | Box | None = end
        if kind == socket.SOCK_DGRAM and end is None:
            self.under = Box(world, local=self._local)
        self._name: Any = None
        self._peer_name: Any = None
        self._lingers = True
        self._send_within: float | None = None
        self._number = next(addresses.descriptors)
        addresses.sockets[self._number] = self
        if process:
            process.at_end[self] = self.close

    # What it is

    def fileno(self) -> int:
        return self._number

    def getsockname(self) -> Any:
        return self._name or ("" if self._local else ("0.0.0.0", 0))

    def getpeername(self) -> Any:
        return self._peer_name or ("" if self._local else ("127.0.0.1", 0))

    def setblocking(self, flag: bool) -> None:
        self.timeout = None if flag else 0.0

    def settimeout(self, seconds: float | None) -> None:
        self.timeout = seconds

    def gettimeout(self) -> float | None:
        return self.timeout

    def getblocking(self) -> bool:
        return self.timeout != 0.0

    def setsockopt(self, level: int, option: int, value: Any) -> None:
        if (level, option) == (socket.SOL_SOCKET, socket.SO_LINGER):
            self._lingers = bytes(value)[:8] != b"\x01\0\0\0\0\0\0\0"
        elif (level, option) == (socket.SOL_SOCKET, socket.SO_SNDTIMEO):
            seconds, microseconds = struct.unpack("ll", value)
            self._send_within = seconds + microseconds / 1e6 or None
        elif level == socket.SOL_SOCKET and isinstance(self.under, End):
            if option == socket.SO_SNDBUF:
                self.under.keeps_sent = max(int(value), _LEAST_BUFFER)
            elif option == socket.SO_RCVBUF:
                self.under.keeps_unread = max(int(value), _LEAST_BUFFER)
                self._world.at(self._world.now, self.under.peer.change)  # its window may be open again

    def getsockopt(self, level: int, option: int, size: int = 0) -> Any:
        return 0

    def set_inheritable(self, flag: bool) -> None:
        pass

    # Streams

    def bind(self, address: Any) -> None:
        self._check_open()
        if not self._local:
            host, port = address[:2]
            address = (host, port or self._addresses.free_port())
        if (self._transport, address) in self._addresses.taken:
            raise OSError(errno.EADDRINUSE, "Address already in use")
        self._name = address
        if isinstance(self.under, Box):
            self.under.name = address
            self._addresses.taken[self._transport, address] = self.under

    def listen(self, backlog: int = 128) -> None:
        if isinstance(self.under, Listener):
            self.under.backlog = backlog
            return
        self.under = Listener(self._world, backlog, local=self._local)
        self._addresses.taken[self._transport, self._name] = self.under

    def accept(self) -> tuple["Socket", Any]:
        listener = self._under(Listener)
        self._wait(lambda: listener.readable)
        if not listener.queue:
            raise OSError(errno.EINVAL, "Invalid argument")
        accepted = self._made(listener.accept())
        accepted._name = self._name
        accepted._peer_name = "" if self._local else ("127.0.0.1", self._addresses.free_port())
        return accepted, accepted._peer_name

    def connect(self, address: Any) -> None:
        if isinstance(self.under, Box):
            self._peer_name = address
            if self._local and (self._transport, address) not in self._addresses.taken:
                raise FileNotFoundError(errno.ENOENT, "No such file or directory")
            return
        listener = self._addresses.taken.get((self._transport, address))
        if not isinstance(listener, Listener):
            self._world.sleep(0.0 if self._local else 2 * LATENCY)
            if self._local:
                raise FileNotFoundError(errno.ENOENT, "No such file or directory")
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        self.under = listener.connect(self.timeout)
        self._peer_name = address
        self._name = "" if self._local else ("127.0.0.1", self._addresses.free_port())

    def connect_ex(self, address: Any) -> int:
        try:
            self.connect(address)
        except OSError as error:
            return error.errno or errno.EIO
        return 0

    def recv(self, size: int, flags: int = 0) -> bytes:
        if isinstance(self.under, Box):
            return self.recvfrom(size)[0]
        end = self._under(End)
        if end.ends_read > 1 and not end.arrived:
            self._world.sleep(_SPIN)
        self._wait(lambda: end.readable, at_once=bool(flags & socket.MSG_DONTWAIT))
        return end.read(size, peek=bool(flags & socket.MSG_PEEK))

    def recv_into(self, buffer: Any, size: int = 0, flags: int = 0) -> int:
        view = memoryview(buffer).cast("B")
        data = self.recv(size or len(view), flags)
        view[: len(data)] = data
        return len(data)

    def send(self, data: Data, flags: int = 0) -> int:
        if isinstance(self.under, Box):
            return self.sendto(data, self._peer_name)
        end = self._under(End)
        if not len(data):
            return 0
        self._wait(lambda: end.writable, at_once=bool(flags & socket.MSG_DONTWAIT), within=self._send_within)
        with memoryview(data).cast("B") as view:  # let go of also where it fails: its owner may want to change it
            return end.write(view)

    def sendall(self, data: Data, flags: int = 0) -> None:
        view = memoryview(data).cast("B")
        while view:
            view = view[self.send(view, flags) :]

    def shutdown(self, how: int) -> None:
        if isinstance(self.under, Listener):
            self.under.close()
            return
        end = self._under(End)
        if end.is_reset:
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        if how in (socket.SHUT_WR, socket.SHUT_RDWR):
            end.shut_down()
        if how in (socket.SHUT_RD, socket.SHUT_RDWR):
            end.ended = True
            end.change()

    # Datagrams

    def sendto(self, data: Data, address: Any) -> int:
        box, data = self._under(Box), bytes(data)
        box.raise_error()
        box.check_length(data)
        if self._name is None and not self._local:
            self.bind(("127.0.0.1", 0))
        taker = self._addresses.taken.get((self._transport, address))
        if not isinstance(taker, Box):
            if self._local:
                raise FileNotFoundError(errno.ENOENT, "No such file or directory")
            if self._peer_name:
                self._world.at(self._world.now + 2 * LATENCY, box.refuse)
            return len(data)
        if taker.is_full:
            until = None if self.timeout is None else self._world.now + self.timeout
            while taker.is_full:
                if until is not None and self._world.now >= until:
                    raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
                taker.changed.wait(until)
        taker.post(data, self._name)
        return len(data)

    def recvfrom(self, size: int, flags: int = 0) -> tuple[bytes, Any]:
        box = self._under(Box)
        self._wait(lambda: box.readable, at_once=bool(flags & socket.MSG_DONTWAIT))
        data, sender = box.take()
        return data[:size], sender

    # Its end

    def close(self) -> None:
        if self._number not in self._addresses.sockets:
            return
        del self._addresses.sockets[self._number]
        if self._process:
            self._process.at_end.pop(self, None)
        if isinstance(self.under, Listener | Box) and self._addresses.taken.get((self._transport, self._name)) is (
            self.under
        ):
            del self._addresses.taken[self._transport, self._name]
        if self.under is not None:
            self.under.close(abruptly=not self._lingers)

    def detach(self) -> int:
        return self._number

    def dup(self) -> "Socket":
        raise OSError(errno.EMFILE, "the simulated world keeps no second descriptor of a socket")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def makefile(self, mode: str = "r", buffering: int | None = None, **_: Any) -> Any:
        raw = _Raw(self)
        if buffering == 0:
            return raw
        return io.BufferedReader(raw) if "r" in mode else io.BufferedWriter(raw)

    # Waiting

    @property
    def _transport(self) -> str:
        kind = "datagrams" if self.type == socket.SOCK_DGRAM else "stream"
        return f"unix {kind}" if self._local else kind

    def _check_open(self) -> None:
        if self._number not in self._addresses.sockets:
            raise OSError(errno.EBADF, "Bad file descriptor")

    def _under(self, kind: Any) -> Any:
        self._check_open()
        if not isinstance(self.under, kind):
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        return self.under

    def _wait(self, ready: Any, *, at_once: bool = False, within: float | None = None) -> None:
        """Wait until something can be done.

        Args:
            ready: tells whether it can be done.
            at_once: whether this must not wait.
            within: seconds that the system itself waits at most (SO_SNDTIMEO).

        Raises:
            BlockingIOError: when it can't be done at once, and this must not wait, or within those seconds.
            TimeoutError: when it couldn't be done in time.
        """
        if ready():
            return
        if at_once or self.timeout == 0:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        limit = within if self.timeout is None else self.timeout
        until = None if limit is None else self._world.now + limit
        under = self.under
        assert under is not None
        while not ready():
            if until is not None and self._world.now >= until:
                if self.timeout is None:
                    raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
                raise TimeoutError("timed out")
            under.changed.wait(until)
            self._check_open()

    def _made(self, end: End) -> "Socket":
        return Socket(self._world, self._addresses, self._process, self.family, self.type, end)


class _Raw(io.RawIOBase):
    """A socket as a file."""

    def __init__(self, sock: Socket) -> None:
        self._socket = sock

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._socket.recv_into(buffer)

    def write(self, data: Any) -> int:
        return self._socket.send(data)

    def fileno(self) -> int:
        return self._socket.fileno()


@contextlib.contextmanager
def spending(world: World) -> Iterator[None]:
    """Let a look at sockets take a little time, so that no loop of looks stops the time."""
    yield
    world.sleep(LEAST)
