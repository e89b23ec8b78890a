"""A correct upload server on one thread and a selector, written from the text of the specification alone.

Bytes come into an inbox; a step for each state takes from it what it can, so that a request may be cut anywhere.
Where the text leaves a choice ("either"), this server and the one on asyncio choose differently. For POSIX systems.
"""

import argparse
import contextlib
import enum
import hashlib
import json
import resource
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from selectors_store import Body, Header, Store, Trouble, storage_trouble

MAX_HEADER = 1_048_576  # FRAME-13: the most that a server may accept
PIECE = 262_144  # what is received, hashed or written for one connection before the others have their turn
MOST_OUT = 65_536  # replies that the client left untaken, from where on its requests wait
WORTH_CONSUMING = 4_194_304  # ERR-10: a longer refused body ends the connection instead
LINGER = 3.0  # seconds without progress at the end of a connection; FRAME-16 and REPLY-20 want less than 5
IDLE = 60.0  # seconds; CONN-5 wants 30 or more
TICK = 0.5  # seconds between looks at the clock


class State(enum.Enum):
    """What the next bytes of a connection are."""

    PREFIX = enum.auto()
    HEADER = enum.auto()
    BODY = enum.auto()
    STAT = enum.auto()  # they wait: what is stored is being read
    ENDING = enum.auto()  # nothing any more


class Connection:
    """One client and where it stands. The server calls `receive`, `send` and, as long as it says so, `turn`."""

    def __init__(self, sock: socket.socket, store: Store, *, silent: bool) -> None:
        self.sock = sock
        self.inbox, self.outbox = bytearray(), bytearray()
        self.ended = self.shut = self.gone = self._deaf = False
        self.heard = self.deadline = time.monotonic()
        self.state = State.PREFIX
        self._length = 0
        self._store = store
        self._known = {"cmd", "filename", "filesize"} | (set() if silent else {"reply"})
        self._body: Body | None = None
        self._stat: tuple[Header, BinaryIO, Any] | None = None
        self._steps = {State.PREFIX: self._prefix, State.HEADER: self._header, State.BODY: self._take_body}
        self._steps |= {State.STAT: self._read_stored, State.ENDING: self._throw_away}
        # ERR-12: the closed set of commands; without replies it has but one.
        self._commands = {"put": self._put} | ({} if silent else {"stat": self._begin_stat, "hello": self._hello})

    @property
    def wants(self) -> int:
        """The events that this connection waits for: none is asked for that nothing could be done about (ERR-7)."""
        room = len(self.inbox) < max(PIECE, self._length) and len(self.outbox) < MOST_OUT
        read = not self.ended and (self.state is State.ENDING or (room and self.state is not State.STAT))
        return (selectors.EVENT_READ if read else 0) | (selectors.EVENT_WRITE if self.outbox else 0)

    def receive(self) -> None:
        try:
            data = self.sock.recv(PIECE)
        except BlockingIOError:
            return
        except OSError:  # a reset: what has arrived before it is carried out all the same
            data = b""
        self.inbox += data
        self.ended = not data
        self.heard = time.monotonic()

    def send(self) -> None:
        try:
            del self.outbox[: self.sock.send(self.outbox)]
        except BlockingIOError:
            return
        except OSError:  # nobody takes replies any more, but requests may still wait to be read
            self.outbox.clear()
            self._deaf = True
        self.heard = time.monotonic()
        self.deadline = self.heard + LINGER

    def turn(self) -> bool:
        """Take a bounded number of steps; return whether more could be taken at once."""
        going, piece = True, PIECE
        while going and piece > 0 and (len(self.outbox) < MOST_OUT or self.state is State.ENDING):
            had = len(self.inbox)
            least = PIECE if self.state is State.STAT else PIECE // 64  # a small request weighs a few kilobytes
            going = self._steps[self.state]()
            piece -= max(had - len(self.inbox), least)
        if self.outbox:
            self.send()
        if not self.outbox and not going:
            if self.state is State.ENDING and not self.shut:
                self.sock.shutdown(socket.SHUT_WR)  # ERR-13
                self.shut = True
            self.gone = self.gone or self.ended
        return going and len(self.outbox) < MOST_OUT

    def look_at(self, now: float, *, waiting: bool) -> bool:
        """Compare with the clock; return whether that changed anything."""
        if self.state is State.ENDING:
            self.gone = now > self.deadline
            return self.gone
        if not waiting:
            self.heard = now  # CONN-6: the client isn't the slow side
        if now <= self.heard + IDLE:
            return False
        self.end()
        return True

    def end(self) -> None:
        self.state = State.ENDING
        self.deadline = time.monotonic() + LINGER

    def close(self) -> None:
        if self._body:
            self._body.drop()
        if self._stat:
            self._stat[1].close()
        self.sock.close()

    def _take(self, length: int) -> bytes:
        data = bytes(self.inbox[:length])
        del self.inbox[:length]
        return data

    def _prefix(self) -> bool:
        if len(self.inbox) < 4:
            return False
        self._length = int.from_bytes(self._take(4), "little", signed=True)
        if 2 <= self._length <= MAX_HEADER:
            self.state = State.HEADER
        else:
            self._length = 0
            self.end()
        return True

    def _header(self) -> bool:
        if len(self.inbox) < self._length:
            return False
        header = Header(self._take(self._length), self._known)
        self.state, self._length = State.PREFIX, 0
        try:
            if header.trouble:
                raise header.trouble
            self._commands.get(header.members["cmd"], self._unknown)(header)
        except Trouble as trouble:
            self._fail(header, trouble)
        return True

    def _put(self, header: Header) -> None:
        name, size = header.put_members()
        self.state = State.BODY
        self._body = Body(self._store, header, name, size)
        try:
            if size > self._store.max_body:
                raise Trouble("too-large", f"at most {self._store.max_body} bytes are taken")
            with storage_trouble():
                self._store.check_file(self._store.path_of(name))
        except Trouble as trouble:
            self._refuse_body(self._body, trouble)

    def _refuse_body(self, body: Body, trouble: Trouble) -> None:
        """Say no at once (REPLY-25); the body is taken and thrown away, unless it is too long for that."""
        body.drop()
        trouble.closing = body.left > WORTH_CONSUMING
        self._fail(body.header, trouble)

    def _take_body(self) -> bool:
        body = self._body
        if not body or (body.left and not self.inbox):
            return False
        try:
            body.add(self._take(min(body.left, PIECE)))
            stored = not body.left and body.finish()
        except Trouble as trouble:
            self._refuse_body(body, trouble)
            return True
        if stored:
            self._ok(body.header, filename=body.name, filesize=body.size, sha256=body.digest.hexdigest())
        if not body.left:
            self.state, self._body = State.PREFIX, None
        return True

    def _begin_stat(self, header: Header) -> None:
        if header.members.get("reply") is True:
            with storage_trouble():
                self._stat = (header, self._store.open_stored(header.members.get("filename")), hashlib.sha256())
            self.state = State.STAT

    def _read_stored(self) -> bool:
        """Read a piece of what is stored, so that a long file delays nobody (CONN-3)."""
        if not self._stat:
            return False
        header, file, digest = self._stat
        try:
            with storage_trouble():
                data = file.read(PIECE)
        except Trouble as trouble:
            self._fail(header, trouble)
            data = b""
        else:
            digest.update(data)
            if not data:
                members = header.members
                self._ok(header, filename=members["filename"], filesize=file.tell(), sha256=digest.hexdigest())
        if not data:
            file.close()
            self.state, self._stat = State.PREFIX, None
        return True

    def _hello(self, header: Header) -> None:
        limits = {"max_header": MAX_HEADER, "max_filesize": self._store.max_body}
        self._ok(header, protocol=1, server="selectors_upload", features=["replies"], **limits)

    def _unknown(self, header: Header) -> None:
        self._fail(header, Trouble("unknown-command", "there is no such command"))

    def _throw_away(self) -> bool:
        self.inbox.clear()
        return False

    def _ok(self, header: Header, **members: object) -> None:
        self._reply(header, {"status": "ok", **members})

    def _fail(self, header: Header, trouble: Trouble) -> None:
        members = {"status": "error", "code": trouble.code, "message": str(trouble), "closing": trouble.closing}
        self._reply(header, members)
        if trouble.closing:
            self.end()

    def _reply(self, header: Header, members: dict[str, object]) -> None:
        if "reply" in self._known and header.members.get("reply") is True and not self._deaf:
            text = json.dumps(members).encode()
            self.outbox += len(text).to_bytes(4, "little", signed=True) + text


class Server:
    """The loop: whoever has something to read, to write or to go on with has its turn."""

    def __init__(self, port: int, store: Store, *, silent: bool, most: int) -> None:
        self.listener = socket.create_server(("127.0.0.1", port), backlog=512)
        self.listener.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._connections: set[Connection] = set()
        self._busy: set[Connection] = set()
        self._store, self._silent, self._most = store, silent, most
        self._looked = self._accept_from = 0.0

    def serve_forever(self) -> None:
        while True:
            open_to_more = len(self._connections) < self._most and time.monotonic() >= self._accept_from
            self._watch(self.listener, selectors.EVENT_READ if open_to_more else 0, None)
            nothing_to_time = open_to_more and not self._connections
            for key, events in self._selector.select(0 if self._busy else None if nothing_to_time else TICK):
                if key.data is None:
                    self._accept()
                else:
                    self._guarded(key.data, events)
            for connection in list(self._busy):
                self._guarded(connection, 0)
            if (now := time.monotonic()) > self._looked + TICK:
                self._looked = now
                for connection in list(self._connections):
                    waiting = connection not in self._busy and connection.wants == selectors.EVENT_READ
                    if connection.look_at(now, waiting=waiting):
                        self._guarded(connection, 0)

    def _accept(self) -> None:
        try:
            sock, _ = self.listener.accept()
        except (BlockingIOError, ConnectionError):  # none is there any more, or it was reset meanwhile
            return
        except OSError:  # out of descriptors or memory: that doesn't pass by asking again at once
            self._accept_from = time.monotonic() + TICK
            return
        with contextlib.suppress(OSError):
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(sock, self._store, silent=self._silent)
            self._connections.add(connection)
            self._busy.add(connection)

    def _guarded(self, connection: Connection, events: int) -> None:
        """Let one connection go on; whatever happens to it happens to it alone (ERR-9)."""
        try:
            if events & selectors.EVENT_READ:
                connection.receive()
            if events & selectors.EVENT_WRITE:
                connection.send()
            more = connection.turn()
        except OSError:  # a reset
            connection.gone = True
        except Exception:  # noqa: BLE001 - a flaw of this program, which is to be seen, but to end no other connection
            traceback.print_exc()
            connection.gone = True
        if connection.gone:
            self._watch(connection.sock, 0, connection)
            self._connections.discard(connection)
            self._busy.discard(connection)
            connection.close()
        else:
            (self._busy.add if more else self._busy.discard)(connection)
            self._watch(connection.sock, connection.wants, connection)

    def _watch(self, sock: socket.socket, events: int, data: Connection | None) -> None:
        watched = sock in self._selector.get_map()
        if watched and not events:
            self._selector.unregister(sock)
        elif watched:
            self._selector.modify(sock, events, data)
        elif events:
            self._selector.register(sock, events, data)


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--storage", type=Path, required=True)
    parser.add_argument("--silent", action="store_true", help="have no replies at all")
    parser.add_argument("--max-filesize", type=int, default=2**50)
    arguments = parser.parse_args(words)
    descriptors, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        descriptors = most
    store = Store(arguments.storage, arguments.max_filesize)
    server = Server(arguments.port, store, silent=arguments.silent, most=descriptors // 2 - 16)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    print(f"listening tcp 127.0.0.1:{server.listener.getsockname()[1]}", flush=True)
    try:
        server.serve_forever()
    finally:
        store.clear()


if __name__ == "__main__":
    main()
