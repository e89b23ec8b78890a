"""A correct upload server in this process, for tests of the judging; what it does differently is a small override."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any, Self

from jhup.address import Address, Transport
from jhup.limits import MAX_HEADER
from jhup.messages import Code, Failure, Greeting, Hello, Put, Reply, Request, Stat, Stored
from jhup.model import Server
from jhup.names import is_valid_name
from jhup.reader import BodyRead, Broken, HeaderRead, PutRead, Reader
from jhup.writer import write_reply
from jhup_conformance.target.store import Body, ObservedBy
from jhup_conformance.target.timing import Pace
from jhup_conformance.verify.names import Names
from jhup_conformance.verify.runner import Runner
from jhup_conformance.wire.dialer import Dialer


class Hurried(Pace):
    """A pace for peers in this process: what is silent for a moment stays silent."""

    @property
    def patience(self) -> float:
        return 0.08

    @property
    def last_patience(self) -> float:
        return 0.16

    @property
    def settle(self) -> float:
        return 0.01


def stored(name: str, body: bytes) -> Stored:
    """Return the reply to a put that was stored."""
    return Stored(name, len(body), sha256(body).hexdigest())


class Peer:
    """Serves while it is open as a context.

    Attributes:
        store: what is stored.
        requests: what was asked for, in order, of all connections.
        ended: how many connections have ended.
    """

    replies = True

    def __init__(self) -> None:
        self.store: dict[str, bytes] = {}
        self.requests: list[Request] = []
        self.ended = threading.Semaphore(0)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    @property
    def address(self) -> Address:
        return Address(Transport.TCP, *self._listener.getsockname()[:2])

    # What may be done differently

    def accepted(self, sock: socket.socket) -> None:
        """Serve a connection."""
        reader, put, body = Reader(), Put("", 0), b""
        while data := sock.recv(65_536):
            for event in reader.receive(data):
                match event:
                    case HeaderRead(Put() as request):
                        put, body = request, b""
                    case HeaderRead(request):
                        self.asked(sock, request)
                    case BodyRead(view):
                        body += bytes(view)
                    case PutRead():
                        self.put(sock, put, body)
                    case Broken():
                        return

    def asked(self, sock: socket.socket, request: Request) -> None:
        self.requests.append(request)
        self.reply(sock, request, self.answer(request))

    def answer(self, request: Request) -> Reply:
        match request:
            case Hello():
                return Greeting(server="peer", features=("replies",), max_header=MAX_HEADER, max_filesize=None)
            case Stat(str(name)) if is_valid_name(name):
                return stored(name, self.store[name]) if name in self.store else Failure(Code.NOT_FOUND, "no", False)
            case Stat():
                return Failure(Code.BAD_FILENAME, "no", False)
            case _:
                return Failure(Code.UNKNOWN_COMMAND, "no", False)

    def put(self, sock: socket.socket, put: Put, body: bytes) -> None:
        self.requests.append(put)
        if is_valid_name(put.filename):
            self.keep(put.filename, body)
            self.reply(sock, put, stored(put.filename, body))
        else:
            self.reply(sock, put, Failure(Code.BAD_FILENAME, "no", False))

    def keep(self, name: str, body: bytes) -> None:
        self.store[name] = body

    def reply(self, sock: socket.socket, request: Request, reply: Reply) -> None:
        if self.replies and request.reply:
            sock.sendall(write_reply(reply))

    # Serving

    def close_listener(self) -> None:
        """Accept nobody any more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(sock)
            thread = threading.Thread(target=self._handle, args=(sock,))
            self._threads.append(thread)
            thread.start()

    def _handle(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            self.accepted(sock)
        self.ended.release()

    def __enter__(self) -> Self:
        self._threads.append(threading.Thread(target=self._serve))
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close_listener()
        self._threads[0].join()
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()


class Seen:
    """Sees a store in this process; `before` is called before each look."""

    way = ObservedBy.STORAGE

    def __init__(self, store: Mapping[str, bytes], before: Callable[[int], Any] = lambda look: None) -> None:
        self.looks = 0
        self._store, self._before = store, before

    def look(self, names: Iterable[str]) -> dict[str, Body | None]:
        self.looks += 1
        self._before(self.looks)
        return {name: Body.of(self._store[name]) if name in self._store else None for name in names}


def runner_for(peer: Peer, *, observer: Any = None, revive: Callable[[], Address | None] | None = None) -> Runner:
    """Return a runner that makes exchanges with a peer."""
    runner = Runner(Dialer(peer.address, revive=revive), Hurried(), Names("00000000"), Server(replies=peer.replies))
    runner.observer = observer or Seen(peer.store)
    return runner
