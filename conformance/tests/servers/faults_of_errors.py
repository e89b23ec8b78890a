"""Upload servers with one fault each in what they make of errors and unknown commands: chapter 6."""

# ruff: noqa: PTH107, PTH123 - names are bytes, and pathlib knows no such paths

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable

from upload_faults import Faithful, die, pause
from upload_reading import Header, Malformed, Truncated
from upload_storing import Refused, Upload

_HELD: list[socket.socket] = []
_SPINNING = threading.Lock()


def spin() -> None:
    """Let one connection keep a processor busy, with room for the others; those that would do the same wait."""
    with _SPINNING:
        until = time.perf_counter() + 0.0005
        while time.perf_counter() < until:
            pass
        pause(0.0005)


class WithLimit(Faithful):
    """Takes bodies of up to 100,000 bytes, which is right."""

    largest = 100_000


# Malformed


class MalformedMakesAFile(Faithful):
    """Makes the file of a put before it looks at its size, and leaves it when that is negative."""

    def size_of(self, header: Header) -> int:
        try:
            return super().size_of(header)
        except Malformed:
            name, size = self.name_of(header), header.get("filesize")
            if self.is_valid(name) and isinstance(size, int) and size < 0:
                open(self.place_of(name), "ab").close()
            raise


class MalformedTakesTheOld(Faithful):
    """Removes what is stored under the name in a put whose size is wrong."""

    def size_of(self, header: Header) -> int:
        try:
            return super().size_of(header)
        except Malformed:
            name = self.name_of(header)
            if self.is_valid(name):
                with contextlib.suppress(FileNotFoundError):
                    os.remove(self.place_of(name))
            raise


class ReadsOnAfterMalformed(Faithful):
    """Takes what stands after a malformed header for the next request."""

    def read_header(self, length: int) -> Header:
        try:
            return super().read_header(length)
        except Malformed:
            return {"cmd": "nothing"}


class ReadsOnAfterABadCmd(Faithful):
    """Takes what stands after a header for the next request, if that header is malformed for its cmd alone."""

    def command_of(self, header: Header) -> str:
        try:
            return super().command_of(header)
        except Malformed:
            return "nothing"


class StaysOpenAfterMalformed(Faithful):
    """Reads nothing after a malformed header, and never closes."""

    def read_header(self, length: int) -> Header:
        try:
            return super().read_header(length)
        except Malformed:
            self.drain()
            raise

    def drain(self) -> None:
        while self.receive():
            pass


# Refused


class RefusedTakesTheOld(WithLimit):
    """Removes what is stored under a name when a put of it is refused for its size."""

    def refuse(self, header: Header, size: int, refusal: Refused) -> None:
        if refusal.code == "too-large" and self.is_valid(name := self.name_of(header)):
            with contextlib.suppress(FileNotFoundError):
                os.remove(self.place_of(name))
        super().refuse(header, size, refusal)


class LimitAfterStoring(WithLimit):
    """Compares the length of a body with its limit when it has stored it, and removes what is too long."""

    def check_size(self, size: int) -> None:
        if size > 2 * 2**20:
            super().check_size(size)

    def finish(self, header: Header, upload: Upload) -> None:
        if upload.size <= 100_000:
            super().finish(header, upload)
        else:
            self.commit(upload)
            os.remove(self.place_of(upload.name))
            self.tell_error(header, Refused("too-large", "the body was too long"))


class RefusedBodyIsRequests(Faithful):
    """Reads the body of a refused put as requests."""

    def consume(self, size: int) -> None:
        pass


class RefusedBodyOneShort(Faithful):
    """Consumes all of a refused body but its last byte."""

    def consume(self, size: int) -> None:
        super().consume(max(0, size - 1))


class RefusedBodyOneTooFar(Faithful):
    """Consumes a byte too many after a refused body, if the body is not empty."""

    def consume(self, size: int) -> None:
        super().consume(size + 1 if size else 0)


class RefusedBodyOfOneBuffer(Faithful):
    """Consumes a refused body with a single receive: right until it is longer than what has arrived."""

    def consume(self, size: int) -> None:
        if size:
            self.body_part(size)


class RefusedTakesAllThatCame(Faithful):
    """Throws away all that has arrived when a put is refused, the next request with it."""

    def consume(self, size: int) -> None:
        super().consume(size)
        self.buffer.clear()


class ClosesAfterRefused(Faithful):
    """Ends the connection after any refused put."""

    def refuse(self, header: Header, size: int, refusal: Refused) -> None:
        self.tell_error(header, refusal, closing=True)
        raise ConnectionError("refused")


# Truncated, and the end of streams


class NeverCloses(Faithful):
    """Forgets the connection whose stream ends inside a request, and leaves it open."""

    def truncated(self) -> None:
        _HELD.append(self.sock)
        threading.Event().wait()


class WaitsAfterHalfAPrefix(Faithful):
    """Closes when the stream ends inside a header or a body, but waits for ever for the rest of a prefix."""

    def take(self, count: int) -> bytes:
        try:
            return super().take(count)
        except Truncated:
            if count == 4:
                threading.Event().wait()
            raise


class KeepsDescriptors(Faithful):
    """Keeps the descriptor of a connection that was reset."""

    def more(self) -> bool:
        try:
            return super().more()
        except ConnectionResetError:
            _HELD.append(self.sock.dup())
            raise


class SpinsInABody(Faithful):
    """Receives again and again when the stream has ended inside a body, as is taught."""

    def body_part(self, left: int) -> bytes:
        while not self.buffer and not self.more():
            spin()
        return super().body_part(left)


class SpinsAtTheEnd(Faithful):
    """Looks again and again for a next request when the stream has ended between two."""

    def ended(self) -> None:
        with contextlib.suppress(OSError):
            while not self.receive():
                spin()


class StaysOpenAfterUnknown(Faithful):
    """Keeps a connection open whose stream ends after a command that it does not know."""

    last = ""

    def carry_out(self, header: Header) -> None:
        super().carry_out(header)
        self.last = self.command_of(header)

    def ended(self) -> None:
        if self.last not in ("", "put", "stat", "hello"):
            threading.Event().wait()


class StaysOpenWithoutARequest(Faithful):
    """Keeps a connection open whose stream ends before any request."""

    served = False

    def carry_out(self, header: Header) -> None:
        self.served = True
        super().carry_out(header)

    def ended(self) -> None:
        if not self.served:
            threading.Event().wait()


# Others


class DiesOfResets(Faithful):
    """Ends the process when a connection is reset inside a prefix."""

    def take(self, count: int) -> bytes:
        try:
            return super().take(count)
        except ConnectionError:
            if count == 4 and self.buffer:
                die()
            raise


class DiesOfBrokenPipes(Faithful):
    """Ends the process when it sends to a client that has left, as SIGPIPE does."""

    def send(self, data: bytes) -> None:
        try:
            super().send(data)
        except BrokenPipeError:
            die()


class DiesOfOtherProtocols(Faithful):
    """Ends the process when it is spoken to in HTTP."""

    def unpack(self, prefix: bytes) -> int:
        if prefix == b"GET ":
            die()
        return super().unpack(prefix)


class DiesOfASurrogate(Faithful):
    """Ends the process at a name with a lone surrogate."""

    def is_valid(self, name: str) -> bool:
        try:
            name.encode()
        except UnicodeEncodeError:
            die()
        return super().is_valid(name)


# Commands


class ClosesAtUnknown(Faithful):
    """Ends the connection at a command that it does not know."""

    def unknown(self, header: Header) -> None:
        super().unknown(header)
        raise ConnectionError("no such command")


class UnknownHasABody(Faithful):
    """Takes a body after a command that it does not know, if there is a size in its header."""

    def unknown(self, header: Header) -> None:
        super().unknown(header)
        size = header.get("filesize")
        if type(size) is int and 0 < size < 2**31:
            self.consume(size)


class ChecksMembersOfUnknown(Faithful):
    """Takes a command that it does not know for malformed when the size in its header is negative."""

    def unknown(self, header: Header) -> None:
        size = header.get("filesize")
        if type(size) is int and size < 0:
            raise Malformed("a negative size", header)
        super().unknown(header)


class CommandsInCapitals(Faithful):
    """Takes commands in capitals as well."""

    def command_of(self, header: Header) -> str:
        return super().command_of(header).lower()


class TrimsCommands(Faithful):
    """Takes commands with white space around them."""

    def command_of(self, header: Header) -> str:
        return super().command_of(header).strip(" \n\t")


class LooksUpMethods(Faithful):
    """Looks a command up among the methods of its own object, as is taught."""

    def commands(self) -> dict[str, Callable[[Header], None]]:
        own = super().commands()
        for name in ("finish", "unknown", "converse", "answer", "close_gently", "handle"):
            own[name] = getattr(self, name)
        return own

    def carry_out(self, header: Header) -> None:
        try:
            super().carry_out(header)
        except TypeError:  # an argument too few or too many
            raise ConnectionError("the thread has died") from None


class LooksUpSpecialMethods(Faithful):
    """Looks a command up among all that its object has, names with underscores included."""

    def carry_out(self, header: Header) -> None:
        command = self.command_of(header)
        if command.startswith("__") and hasattr(self, command):
            raise ConnectionError("the thread has died")
        super().carry_out(header)


class FinishesAsToldTo(Faithful):
    """Takes "finish" for an order to remove the file that stands beside it."""

    def carry_out(self, header: Header) -> None:
        name = header.get("filename")
        if self.command_of(header) == "finish" and isinstance(name, str) and self.is_valid(name):
            with contextlib.suppress(FileNotFoundError):
                os.remove(self.place_of(name))
        super().carry_out(header)


# Closing


class ResetsAtErrors(Faithful):
    """Closes at once when it ends a connection on its own, with input unread."""

    def close_gently(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
