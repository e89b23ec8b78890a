"""A connection of a variant, without a socket: a generator that asks for bytes, says replies, and lets bodies be named.

What drives it (a loop, a thread, a test) carries out what it yields. So the same code is compared with the model in
memory and serves on a port.
"""

import json
from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeAlias

from variants.choices import Choices
from variants.header import Malformed, Request, is_valid_name, read_request
from variants.stores import Refused, Store, Upload

__all__ = ["Commit", "Conversation", "Ending", "Receive", "Say", "Step", "converse"]

_CHUNK = 65_536
_WORTH_CONSUMING = 16 * 2**20  # ERR-10: a longer refused body ends the connection


@dataclass(frozen=True, slots=True)
class Receive:
    """Wants at most so many bytes, of which at least one; none say that the stream has ended."""

    most: int


@dataclass(frozen=True, slots=True)
class Say:
    """Wants a reply to be sent."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """Wants a whole body to get its name; its digest is the answer, or `Refused` is thrown."""

    upload: Upload


class Ending(Enum):
    """How a connection ends."""

    NORMAL = auto()
    """The client has ended its stream."""
    EARLY = auto()
    """The server ends it on its own."""


Step: TypeAlias = Receive | Say | Commit
Conversation: TypeAlias = Generator[Step, Any, Ending]


class _Over(Exception):
    """The conversation ends here."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.name)
        self.ending = ending


def converse(choices: Choices, store: Store) -> Conversation:
    """Serve one connection."""
    return _Serving(choices, store).run()


class _Serving:
    def __init__(self, choices: Choices, store: Store) -> None:
        self.choices = choices
        self.store = store
        self.has_replies = choices.replies == "yes"
        self.buffer = b""

    def run(self) -> Conversation:
        try:
            while True:
                yield from self.request()
        except _Over as over:
            return over.ending

    # Bytes

    def some(self, most: int) -> Generator[Step, Any, bytes]:
        """Return what comes next; none at the end of the stream."""
        if not self.buffer:
            self.buffer = yield Receive(_CHUNK)
        data, self.buffer = self.buffer[:most], self.buffer[most:]
        return data

    def exactly(self, count: int) -> Generator[Step, Any, bytes]:
        data = bytearray()
        while len(data) < count:
            part = yield from self.some(count - len(data))
            if not part:
                raise _Over(Ending.NORMAL)
            data += part
        return bytes(data)

    # Requests

    def request(self) -> Generator[Step, Any, None]:
        length = int.from_bytes((yield from self.exactly(4)), "little", signed=True)
        if not 2 <= length <= int(self.choices.max_header):
            raise _Over(Ending.EARLY)
        raw = yield from self.exactly(length)
        try:
            request = read_request(raw, self.choices)
        except Malformed as error:
            yield from self.fail(error.asks, Refused("malformed", str(error)), closing=True)
            raise AssertionError("it ended") from None
        commands = {"put": self.put} | ({"stat": self.stat, "hello": self.hello} if self.has_replies else {})
        yield from commands.get(request.command, self.unknown)(request)

    def put(self, request: Request) -> Generator[Step, Any, None]:
        try:
            upload = self.accept(request)
        except Refused as refusal:
            yield from self.refuse(request, refusal)
            return
        try:
            yield from self.store_body(request, upload)
        except Refused as refusal:
            yield from self.fail(request.asks, refusal, closing=self.choices.closing == "true")
        finally:
            upload.discard()

    def accept(self, request: Request) -> Upload:
        """Make room for a body.

        Raises:
            Refused: with its code.
        """
        if request.too_large or request.size > self.choices.most_bytes:
            raise Refused("too-large", "the body would be too long")
        if request.name is None or not is_valid_name(request.name):
            raise Refused("bad-filename", "the name is not valid")
        return self.store.begin(request.name)

    def store_body(self, request: Request, upload: Upload) -> Generator[Step, Any, None]:
        left = request.size
        while left:
            data = yield from self.some(min(left, _CHUNK))
            if not data:
                if request.asks and self.choices.truncated_reply == "reply":
                    yield from self.fail(True, Refused("internal", "the stream ended in the body"), closing=True)
                raise _Over(Ending.NORMAL)
            upload.write(data)
            left -= len(data)
        digest = yield Commit(upload)
        yield from self.stored(request, request.size, digest)

    def refuse(self, request: Request, refusal: Refused) -> Generator[Step, Any, None]:
        if self.choices.refused_body == "close" or request.size > _WORTH_CONSUMING:
            yield from self.fail(request.asks, refusal, closing=True)
        if self.choices.error_timing == "before":
            yield from self.fail(request.asks, refusal, closing=False)
        left = request.size
        while left:
            data = yield from self.some(min(left, _CHUNK))
            if not data:
                raise _Over(Ending.NORMAL)
            left -= len(data)
        if self.choices.error_timing == "after":
            yield from self.fail(request.asks, refusal, closing=False)

    def stat(self, request: Request) -> Generator[Step, Any, None]:
        if not request.asks:
            return
        if request.name is None or not is_valid_name(request.name):
            yield from self.fail(True, Refused("bad-filename", "the name is not valid"), closing=False)
            return
        try:
            size, digest = self.store.stat(request.name)
        except Refused as refusal:
            closing = refusal.code == "storage" and self.choices.closing == "true"
            yield from self.fail(True, refusal, closing=closing)
        else:
            yield from self.stored(request, size, digest)

    def hello(self, request: Request) -> Generator[Step, Any, None]:
        most = self.choices.most_bytes
        limits = {"max_header": int(self.choices.max_header), "max_filesize": None if most == 2**63 - 1 else most}
        members = {"status": "ok", "protocol": 1, "server": "variant", "features": ["replies"], **limits}
        yield from self.say(request.asks, members)

    def unknown(self, request: Request) -> Generator[Step, Any, None]:
        yield from self.fail(request.asks, Refused("unknown-command", "no such command"), closing=False)

    # Replies

    def stored(self, request: Request, size: int, digest: str) -> Generator[Step, Any, None]:
        members = {"status": "ok", "filename": request.name, "filesize": size, "sha256": digest}
        yield from self.say(request.asks, members)

    def fail(self, asks: bool, refusal: Refused, *, closing: bool) -> Generator[Step, Any, None]:
        members = {"status": "error", "code": refusal.code, "message": str(refusal), "closing": closing}
        yield from self.say(asks, members)
        if closing:
            raise _Over(Ending.EARLY)

    def say(self, asks: bool, members: dict[str, object]) -> Generator[Step, Any, None]:
        if asks and self.has_replies:
            text = json.dumps(members, ensure_ascii=False).encode()
            yield Say(len(text).to_bytes(4, "little") + text)
