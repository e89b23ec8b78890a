"""The load generator: a process of its own that plays all clients of a run and prints how long that took.

    python -m benchmarks.load PROTOCOL HOST PORT WORKLOAD MODE SCALE

It prints one JSON object: `seconds`, from the first byte sent to the last reply read, or in silence to the last close
of the server. All connections are open, and all bytes prepared, before the clock starts.
"""

import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator

from benchmarks.load_ftp import upload_by_ftp
from benchmarks.wires import HTTP, JHUP, Wire
from benchmarks.workloads import CHUNK, WORKLOADS, Mode, Workload, body_of, names_of

CONGESTION = b"cubic"
_READ = 256 * 1024


def connect(host: str, port: int) -> socket.socket:
    """Connect; with a congestion control that doesn't pace the loopback interface, where it can be chosen."""
    sock = socket.create_connection((host, port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_CONGESTION"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, CONGESTION)
    sock.setblocking(False)
    return sock


class Client:
    """One connection: what is to be sent, and what comes back."""

    def __init__(self, sock: socket.socket, wire: Wire, pieces: Iterator[bytes], replies: int) -> None:
        self.sock = sock
        self.wire = wire
        self.pieces = pieces
        self.replies_due = replies
        self.unsent = memoryview(next(pieces))
        self.tail = b""

    def send(self) -> bool:
        """Send what the socket takes; return whether there is more."""
        while True:
            try:
                sent = self.sock.send(self.unsent)
            except BlockingIOError:
                return True
            self.unsent = self.unsent[sent:]
            if not self.unsent:
                piece = next(self.pieces, None)
                if piece is None:
                    return False
                self.unsent = memoryview(piece)

    def read(self) -> int:
        """Read replies; return how many came, or -1 at the end of the stream."""
        data = self.sock.recv(_READ)
        if not data:
            return -1
        count, self.tail = self.wire.count_replies(self.tail + data)
        self.replies_due -= count
        return count


def stream(clients: list[Client], *, until_closed: bool) -> None:
    """Send without waiting for replies, and read them as they come."""
    selector = selectors.DefaultSelector()
    for client in clients:
        selector.register(client.sock, selectors.EVENT_READ | selectors.EVENT_WRITE, client)
    open_clients = len(clients)
    while open_clients:
        for key, events in selector.select():
            client = key.data
            if events & selectors.EVENT_WRITE and not client.send():
                selector.modify(client.sock, selectors.EVENT_READ, client)
                if until_closed:
                    client.sock.shutdown(socket.SHUT_WR)
            if events & selectors.EVENT_READ:
                ended = client.read() < 0
                if ended or (not until_closed and client.replies_due == 0):
                    selector.unregister(client.sock)
                    open_clients -= 1


def lockstep(clients: list[Client]) -> None:
    """Send a file on each connection, and the next when it was answered."""
    selector = selectors.DefaultSelector()
    for client in clients:
        selector.register(client.sock, selectors.EVENT_READ, client)
        client.sock.send(client.unsent)
    open_clients = len(clients)
    while open_clients:
        for key, _ in selector.select():
            client = key.data
            count = client.read()
            if count < 0:
                raise ConnectionError("the server closed instead of replying")
            if count:
                piece = next(client.pieces, None)
                if piece is None:
                    selector.unregister(client.sock)
                    open_clients -= 1
                elif client.sock.send(piece) != len(piece):
                    raise BlockingIOError("a file doesn't fit into the buffers of a socket: lockstep is for small ones")


def prepared(workload: Workload, wire: Wire, connection: int, *, asks: bool, whole: bool) -> Iterator[bytes]:
    """Yield the bytes of a connection: file by file, or in pieces as large as one send may take."""
    body = body_of(workload)
    if workload.size > CHUNK:
        for name in names_of(workload, connection):
            yield wire.head(name, workload.size, asks)
            for _ in range(workload.size // CHUNK):
                yield body
        return
    files = [wire.head(name, workload.size, asks) + body for name in names_of(workload, connection)]
    together = 1 if whole else max(1, CHUNK // len(files[0]))
    for start in range(0, len(files), together):
        yield b"".join(files[start : start + together])


def run(wire: Wire, host: str, port: int, workload: Workload, mode: Mode) -> float:
    """Play all clients; return the seconds."""
    asks = mode is Mode.REPLIES
    steps = workload.lockstep and asks
    replies = workload.files if asks or wire.always_replies else 0
    pieces = []
    for connection in range(workload.connections):
        made = prepared(workload, wire, connection, asks=asks, whole=steps)
        pieces.append(made if workload.size > CHUNK else iter(list(made)))
    clients = [Client(connect(host, port), wire, each, replies) for each in pieces]
    began = time.perf_counter()
    if steps:
        lockstep(clients)
    else:
        stream(clients, until_closed=not replies)
    seconds = time.perf_counter() - began
    for client in clients:
        client.sock.close()
        if client.replies_due:
            raise ConnectionError(f"{client.replies_due} replies are missing")
    return seconds


def main() -> None:
    """Run as the arguments say."""
    protocol, host, port, key, mode, scale = sys.argv[1:]
    workload = next(each for each in WORKLOADS if each.key == key).scaled(float(scale))
    if protocol == "ftp":
        seconds = upload_by_ftp(host, int(port), workload, CONGESTION)
    else:
        seconds = run(HTTP if protocol == "http" else JHUP, host, int(port), workload, Mode(mode))
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main()
