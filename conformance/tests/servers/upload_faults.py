"""An upload server that is right, and many that are wrong in one way each: a small override says what they do else.

`python upload_faults.py --port 0 --storage DIR [--silent] [--fault "keeps the tail"]` serves until it is ended. The
right one is `Faithful`, over `Reading` and `Storing`. The overrides stand in `faults_of_*.py` beside this file, by the
chapter whose rule they break; `upload_fault_table.py` says which clauses each of them has to be blamed for.
"""

import argparse
import contextlib
import json
import os
import resource
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from upload_reading import CHUNK, MAX_FILESIZE, MAX_HEADER, Header, Malformed, Reading, Truncated
from upload_storing import Refused, Storing, Upload

WORTH_CONSUMING = 16 * 2**20  # ERR-10: a longer refused body ends the connection instead
LINGER = 2.0  # seconds; ERR-13 asks for a bound, FRAME-16 and REPLY-20 for less than 5


class Faithful(Reading, Storing):
    """One connection of a server that does what chapters 2 to 8 say. What a fault may change is a method of its own.

    Attributes:
        silent: whether the server has no replies at all.
        largest: the longest body that it takes; None when only the store limits it.
    """

    silent = False
    largest: int | None = None

    # Requests

    def converse(self) -> None:
        """Serve requests until the stream ends."""
        while (length := self.read_prefix()) is not None:
            self.carry_out(self.read_header(length))

    def carry_out(self, header: Header) -> None:
        self.commands().get(self.command_of(header), self.unknown)(header)

    def commands(self) -> dict[str, Callable[[Header], None]]:
        """Return the closed set of commands (ERR-12); without replies it has but one."""
        return {"put": self.put} if self.silent else {"put": self.put, "stat": self.stat, "hello": self.hello}

    def put(self, header: Header) -> None:
        name, size = self.name_of(header), self.size_of(header)
        try:
            upload = self.accept(name, size)
        except Refused as refusal:
            self.refuse(header, size, refusal)
            return
        try:
            self.take_body(upload)
            self.finish(header, upload)
        finally:
            self.discard(upload)

    def accept(self, name: str, size: int) -> Upload:
        """Make ready for a body.

        Raises:
            Refused: when it won't be stored.
        """
        self.check_name(name)
        self.check_size(size)
        try:
            return self.begin(name, size)
        except OSError as error:
            raise Refused("storage", error.strerror or "the store can't be written") from None

    def check_name(self, name: str) -> None:
        if not self.is_valid(name):
            raise Refused("bad-filename", "the name is not valid")

    def check_size(self, size: int) -> None:
        if size > (MAX_FILESIZE if self.largest is None else self.largest):
            raise Refused("too-large", "the body would be too long")

    def take_body(self, upload: Upload) -> None:
        left = upload.size
        while left:
            data = self.body_part(left)
            self.write(upload, data)
            left -= len(data)

    def finish(self, header: Header, upload: Upload) -> None:
        """Store a whole body, and tell of it (REPLY-7: in this order)."""
        try:
            self.commit(upload)
        except Refused as refusal:
            self.tell_error(header, refusal)
        except OSError as error:
            self.tell_error(header, Refused("storage", error.strerror or "the store can't be written"))
        else:
            self.tell_stored(header, upload.name, upload.size, upload.digest.hexdigest())

    def refuse(self, header: Header, size: int, refusal: Refused) -> None:
        """Consume the body of a refused put, or end the connection where that would take too long."""
        if size > WORTH_CONSUMING:
            self.tell_error(header, refusal, closing=True)
            raise ConnectionError("not worth consuming")
        self.consume(size)
        self.tell_error(header, refusal)

    def consume(self, size: int) -> None:
        while size:
            size -= len(self.body_part(size))

    def stat(self, header: Header) -> None:
        if not self.wants_reply(header):
            return
        name = header.get("filename")
        try:
            self.check_name(name if isinstance(name, str) else "")  # REPLY-11
            self.tell_stored(header, str(name), *self.read(str(name)))
        except Refused as refusal:
            self.tell_error(header, refusal)
        except OSError as error:
            self.tell_error(header, Refused("storage", error.strerror or "the store can't be read"))

    def hello(self, header: Header) -> None:
        self.answer(header, self.greeting())

    def greeting(self) -> Header:
        limits = {"max_header": MAX_HEADER, "max_filesize": self.largest}
        return {"status": "ok", "protocol": 1, "server": "upload_faults", "features": ["replies"], **limits}

    def unknown(self, header: Header) -> None:
        self.tell_error(header, Refused("unknown-command", "no such command"))

    # Replies

    def tell_stored(self, header: Header, name: str, size: int, digest: str) -> None:
        self.answer(header, {"status": "ok", "filename": name, "filesize": size, "sha256": digest})

    def tell_error(self, header: Header, refusal: Refused, *, closing: bool = False) -> None:
        members = {"status": "error", "code": refusal.code, "message": str(refusal), "closing": closing}
        self.answer(header, members)

    def answer(self, header: Header, members: Header) -> None:
        if not self.silent and self.wants_reply(header):
            self.send(self.frame(members))

    def frame(self, members: Header) -> bytes:
        text = json.dumps(members, ensure_ascii=False).encode()
        return struct.pack("<i", len(text)) + text

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    # Connections

    def serve(self) -> None:
        """Serve one connection to its end, whatever that is."""
        try:
            self.converse()
        except Malformed as error:
            self.malformed(error)
            self.close_gently()
        except Truncated:
            self.truncated()
        except ConnectionError:  # a reset; or a refused body that is too long
            self.close_gently()
        else:
            self.ended()
        finally:
            self.sock.close()

    def malformed(self, error: Malformed) -> None:
        self.tell_error(error.header, Refused("malformed", str(error)), closing=True)

    def truncated(self) -> None:
        """The stream has ended inside a request: nothing is left to do."""

    def ended(self) -> None:
        """The stream has ended between requests: nothing is left to do."""

    def close_gently(self) -> None:
        """Half-close, and discard input for a while, so that no reset takes the replies (ERR-13)."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)
            until = time.monotonic() + LINGER
            while (left := until - time.monotonic()) > 0:
                self.sock.settimeout(left)
                if not self.sock.recv(CHUNK):
                    return

    # The server

    @classmethod
    def accepted(cls, sock: socket.socket) -> None:
        """Serve a new connection beside the others."""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=cls.handle, args=(sock,), daemon=True).start()

    @classmethod
    def handle(cls, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):  # gone before it could be closed
            cls(sock).serve()

    @classmethod
    def listen(cls, listener: socket.socket) -> None:
        while True:
            cls.accepted(listener.accept()[0])


def pause(seconds: float = 0.02) -> None:
    """Let others run for a moment: what a fault in order or in sharing needs to show."""
    time.sleep(seconds)


def die() -> None:
    """End the process at once, as an error outside of any thread would."""
    os._exit(1)


def main(words: Sequence[str] | None = None) -> None:
    from later_faults import UPLOAD
    from upload_fault_table import CORRECT, FAULTS

    kinds = CORRECT | {name: fault.server for name, fault in (FAULTS | UPLOAD).items()}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--storage", type=Path, required=True)
    parser.add_argument("--silent", action="store_true", help="have no replies at all")
    parser.add_argument("--fault", choices=sorted(kinds), default="none", metavar="NAME", help="what to do wrongly")
    arguments = parser.parse_args(words)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 4096), most))
    kind = kinds[arguments.fault]
    kind.silent = kind.silent or arguments.silent
    kind.open_store(arguments.storage)
    with socket.create_server(("127.0.0.1", arguments.port), backlog=512) as listener:
        print(f"listening tcp 127.0.0.1:{listener.getsockname()[1]}", flush=True)
        kind.listen(listener)


if __name__ == "__main__":
    main()
