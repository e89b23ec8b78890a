"""Upload servers with one fault each in their replies: chapter 8."""

import contextlib
import hashlib
import json
import socket
import struct

from faults_of_errors import WithLimit
from upload_faults import Faithful, pause
from upload_reading import CHUNK, Header, Malformed
from upload_storing import Refused, Upload

# Asking


class AnswersTwice(Faithful):
    """Answers a stat of what is not stored twice."""

    def tell_error(self, header: Header, refusal: Refused, *, closing: bool = False) -> None:
        for _ in range(2 if refusal.code == "not-found" else 1):
            super().tell_error(header, refusal, closing=closing)


class AnswersNoEmptyPut(Faithful):
    """Does not answer a put of an empty body."""

    def finish(self, header: Header, upload: Upload) -> None:
        super().finish(header if upload.size else {}, upload)


class AnswersFiftyTimes(Faithful):
    """Answers the first fifty requests of a connection."""

    answered = 0

    def send(self, data: bytes) -> None:
        self.answered += 1
        if self.answered <= 50:
            super().send(data)


class AnythingTrueAsks(Faithful):
    """Answers whatever Python takes for true in place of true."""

    def wants_reply(self, header: Header) -> bool:
        return bool(header.get("reply"))


class OneAsks(Faithful):
    """Takes 1 for true, which is the same in Python."""

    def wants_reply(self, header: Header) -> bool:
        return header.get("reply") == True  # noqa: E712 - the fault


class StatAlwaysAnswers(Faithful):
    """Answers every stat, because what else would it be for."""

    def stat(self, header: Header) -> None:
        super().stat({**header, "reply": True})


class ErrorsFirst(Faithful):
    """Keeps answers to puts until the segment is used up, but tells errors at once."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.waiting = b""

    def tell_stored(self, header: Header, name: str, size: int, digest: str) -> None:
        if self.wants_reply(header) and not self.silent:
            members = {"status": "ok", "filename": name, "filesize": size, "sha256": digest}
            self.waiting += self.frame(members)
            if not self.buffer:
                self.settle()

    def settle(self) -> None:
        data, self.waiting = self.waiting, b""
        self.send(data)

    def receive(self, most: int = CHUNK) -> bytes:
        self.settle()
        return super().receive(most)

    def close_gently(self) -> None:
        with contextlib.suppress(OSError):
            self.settle()
        super().close_gently()


class LosesThemAtErrors(ErrorsFirst):
    """Keeps answers until the segment is used up, and loses them when something malformed ends it."""

    def tell_error(self, header: Header, refusal: Refused, *, closing: bool = False) -> None:
        with contextlib.suppress(OSError):
            if not closing:
                self.settle()
        super().tell_error(header, refusal, closing=closing)

    def close_gently(self) -> None:
        self.waiting = b""
        super().close_gently()

    def hello(self, header: Header) -> None:
        self.settle()
        super().hello(header)


class LosesThemAtTheEnd(Faithful):
    """Loses the last answer when the stream ends inside the next request."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.waiting = b""

    def tell_stored(self, header: Header, name: str, size: int, digest: str) -> None:
        self.settle()
        super().tell_stored(header, name, size, digest)

    def send(self, data: bytes) -> None:
        if self.buffer:
            self.waiting += data
        else:
            super().send(self.take_waiting() + data)

    def take_waiting(self) -> bytes:
        data, self.waiting = self.waiting, b""
        return data

    def settle(self) -> None:
        if self.waiting:
            super().send(self.take_waiting())

    def carry_out(self, header: Header) -> None:
        self.settle()
        super().carry_out(header)

    def ended(self) -> None:
        self.settle()


class CountsCharacters(Faithful):
    """Counts the characters of an answer, and not its bytes."""

    def frame(self, members: Header) -> bytes:
        text = json.dumps(members, ensure_ascii=False)
        return struct.pack("<i", len(text)) + text.encode()


class EndsWithALine(Faithful):
    """Sends a line feed after what it says of a name that is not stored, and does not count it in the prefix."""

    def frame(self, members: Header) -> bytes:
        return super().frame(members) + (b"\n" if members.get("code") == "not-found" else b"")


class WritesTwice(Faithful):
    """Writes status into an error twice."""

    def frame(self, members: Header) -> bytes:
        if members["status"] != "error":
            return super().frame(members)
        text = b'{"status":"error",' + json.dumps(members).encode()[1:]
        return struct.pack("<i", len(text)) + text


class AnswersWithTheNext(Faithful):
    """Keeps the answer to a put of an empty body until more arrives or the stream ends."""

    def tell_stored(self, header: Header, name: str, size: int, digest: str) -> None:
        if not size and header.get("cmd") == "put" and self.wants_reply(header) and not self.buffer:
            self.more()
        super().tell_stored(header, name, size, digest)


class AnswersWhenTheSegmentIsDone(Faithful):
    """Keeps answers while the beginning of another request waits in the buffer."""

    waiting = b""

    def send(self, data: bytes) -> None:
        self.waiting += data

    def settle(self) -> None:
        data, self.waiting = self.waiting, b""
        super().send(data)

    def more(self) -> bool:
        if not self.buffer:
            self.settle()
        return super().more()

    def close_gently(self) -> None:
        with contextlib.suppress(OSError):
            self.settle()
        super().close_gently()

    def truncated(self) -> None:
        self.settle()


# Puts


class CapitalDigest(Faithful):
    """Writes digests in capitals."""

    def tell_stored(self, header: Header, name: str, size: int, digest: str) -> None:
        super().tell_stored(header, name, size, digest.upper())


class SizeAsText(Faithful):
    """Tells the size of a body as a string."""

    def tell_stored(self, header: Header, name: str, size: int, digest: str) -> None:
        super().tell_stored(header, name, str(size), digest)  # type: ignore[arg-type]


class EscapesTheName(Faithful):
    """Tells a name with its characters beyond ASCII replaced."""

    def tell_stored(self, header: Header, name: str, size: int, digest: str) -> None:
        super().tell_stored(header, name.encode("ascii", "replace").decode(), size, digest)


class DigestOfAll(Faithful):
    """Never begins a digest anew: that of the second put on a connection is over both bodies."""

    def digest(self, upload: Upload, data: bytes) -> None:
        self.all = getattr(self, "all", None) or hashlib.sha256()
        self.all.update(data)
        upload.digest = self.all.copy()


class DigestOfAnother65536(Faithful):
    """Tells the digest of the wrong bytes for a body of exactly 65,536."""

    def tell_stored(self, header: Header, name: str, size: int, digest: str) -> None:
        super().tell_stored(header, name, size, hashlib.sha256().hexdigest() if size == 65_536 else digest)


class DigestOfTheFirstMegabyte(Faithful):
    """Takes the digest of what a body begins with, up to 200,000 bytes."""

    def digest(self, upload: Upload, data: bytes) -> None:
        at = upload.file.tell()
        super().digest(upload, data[: max(0, 200_000 - at)])


class SaysOkTooEarly(Faithful):
    """Answers when it has received a body, and gives it its name a moment later."""

    def commit(self, upload: Upload) -> None:
        """Nothing yet."""

    def finish(self, header: Header, upload: Upload) -> None:
        super().finish(header, upload)
        if self.wants_reply(header):
            pause(0.01)
        super().commit(upload)


class SaysOkAnyway(Faithful):
    """Answers a put that the store can't take with "ok"."""

    def tell_error(self, header: Header, refusal: Refused, *, closing: bool = False) -> None:
        if refusal.code == "storage" and header.get("cmd") == "put":
            self.tell_stored(header, str(header["filename"]), int(header["filesize"]), hashlib.sha256().hexdigest())
        else:
            super().tell_error(header, refusal, closing=closing)


# Stats


class Remembers(Faithful):
    """Answers a stat from what it remembers of the connection's own puts."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.known: dict[str, tuple[int, str]] = {}

    def tell_stored(self, header: Header, name: str, size: int, digest: str) -> None:
        if header.get("cmd") == "put":
            self.known[name] = size, digest
        super().tell_stored(header, name, size, digest)

    def read(self, name: str) -> tuple[int, str]:
        return self.known.get(name) or super().read(name)


class RemembersStats(Faithful):
    """Keeps what it told of a name for the connection's next stat of it."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.known: dict[str, tuple[int, str]] = {}

    def read(self, name: str) -> tuple[int, str]:
        if name not in self.known:
            self.known[name] = super().read(name)
        return self.known[name]

    def commit(self, upload: Upload) -> None:
        super().commit(upload)
        self.known.pop(upload.name, None)


class StatOfEmpty(Faithful):
    """Takes an empty body for one that is not stored."""

    def read(self, name: str) -> tuple[int, str]:
        size, digest = super().read(name)
        if not size:
            raise Refused("not-found", "nothing there")
        return size, digest


class MissingIsEmpty(Faithful):
    """Tells of a name that is not stored as if its body were empty."""

    def read(self, name: str) -> tuple[int, str]:
        try:
            return super().read(name)
        except Refused as refusal:
            if refusal.code != "not-found":
                raise
            return 0, hashlib.sha256().hexdigest()


class ClosesAtNotFound(Faithful):
    """Ends the connection after a stat of what is not stored, and says so."""

    def tell_error(self, header: Header, refusal: Refused, *, closing: bool = False) -> None:
        super().tell_error(header, refusal, closing=closing or refusal.code == "not-found")
        if refusal.code == "not-found" and self.wants_reply(header):
            raise ConnectionError("not found")


class BadNameIsNotFound(Faithful):
    """Answers a stat of a name that is not valid with "not-found"."""

    def stat(self, header: Header) -> None:
        name = header.get("filename")
        if isinstance(name, str) and not self.is_valid(name):
            self.tell_error(header, Refused("not-found", "not stored"))
        else:
            super().stat(header)


class StatWithoutNameIsMalformed(Faithful):
    """Takes a stat without a filename for malformed."""

    def stat(self, header: Header) -> None:
        if self.wants_reply(header):
            self.name_of(header)
        super().stat(header)


# Hellos


class ProtocolAsText(Faithful):
    """Tells the version of the protocol as a string."""

    def greeting(self) -> Header:
        return super().greeting() | {"protocol": "1"}


class NoMaxFilesize(Faithful):
    """Leaves out max_filesize, since it has no limit."""

    def greeting(self) -> Header:
        greeting = super().greeting()
        del greeting["max_filesize"]
        return greeting


class HelloOnlyOnce(Faithful):
    """Answers the second hello of a connection with an error."""

    greeted = False

    def hello(self, header: Header) -> None:
        if self.greeted and self.wants_reply(header):
            self.tell_error(header, Refused("internal", "hello again"))
        else:
            super().hello(header)
        self.greeted = self.greeted or self.wants_reply(header)


class PromisesLongHeaders(Faithful):
    """Promises to take headers of up to 1 MiB, and takes 64 KiB."""

    def greeting(self) -> Header:
        return super().greeting() | {"max_header": 2**20}


class TakesMoreThanItSays(Faithful):
    """Takes headers of up to 100,000 bytes, and says that it takes 64 KiB."""

    def check_length(self, length: int) -> None:
        super().check_length(65_536 if 65_536 < length <= 100_000 else length)


class TakesLongerThanItSays(WithLimit):
    """Says that it takes bodies of up to 100,000 bytes, and takes a few more."""

    def check_size(self, size: int) -> None:
        super().check_size(max(0, size - 500))


class TakesOneByteLess(WithLimit):
    """Takes no body as long as its limit."""

    def check_size(self, size: int) -> None:
        super().check_size(size + 1)


# Errors


class NoMessage(Faithful):
    """Leaves out the message of an error."""

    def frame(self, members: Header) -> bytes:
        return super().frame({name: value for name, value in members.items() if name != "message"})


class ClosingAsText(Faithful):
    """Writes closing as a string."""

    def frame(self, members: Header) -> bytes:
        return super().frame(members | ({"closing": str(members["closing"])} if "closing" in members else {}))


class CodeOfItsOwn(Faithful):
    """Calls what is not stored "missing", which is no code of the table."""

    def tell_error(self, header: Header, refusal: Refused, *, closing: bool = False) -> None:
        if refusal.code == "not-found":
            refusal = Refused("missing", "not stored")
        super().tell_error(header, refusal, closing=closing)


class SilentlyMalformed(Faithful):
    """Closes after a malformed header without a word."""

    def malformed(self, error: Malformed) -> None:
        """Nothing is told."""


class MalformedIsNotClosing(Faithful):
    """Says of an error that ends the connection that it does not."""

    def malformed(self, error: Malformed) -> None:
        self.tell_error(error.header, Refused("malformed", str(error)))


class OtherCode(Faithful):
    """Returns one code of the table in place of another."""

    right = ""
    wrong = "internal"

    def tell_error(self, header: Header, refusal: Refused, *, closing: bool = False) -> None:
        if refusal.code == self.right and header.get("cmd") != "stat":
            refusal = Refused(self.wrong, str(refusal))
        super().tell_error(header, refusal, closing=closing)


class BadNameIsMalformed(OtherCode):
    """Calls the bad name of a put malformed."""

    right, wrong = "bad-filename", "malformed"


class LongNameIsStorage(Faithful):
    """Leaves it to the file system to find a name too long, and calls that an error of the store."""

    def tell_error(self, header: Header, refusal: Refused, *, closing: bool = False) -> None:
        if refusal.code == "bad-filename" and len(str(header.get("filename"))) > 255:
            refusal = Refused("storage", "File name too long")
        super().tell_error(header, refusal, closing=closing)


class TooLargeIsStorage(OtherCode, WithLimit):
    """Calls a body over the limit an error of the store."""

    right, wrong = "too-large", "storage"


class StorageIsInternal(OtherCode):
    """Calls what the store can't hold unforeseen."""

    right = "storage"


class SilentAtUnknown(Faithful):
    """Answers no command that it does not know."""

    def unknown(self, header: Header) -> None:
        """Nothing is told."""


class UnknownIsMalformed(OtherCode):
    """Calls a command that it does not know malformed."""

    right, wrong = "unknown-command", "malformed"


class SaysItClosesAndStays(Faithful):
    """Says that a malformed request ends the connection, and leaves it open."""

    def close_gently(self) -> None:
        with contextlib.suppress(OSError):
            while self.sock.recv(CHUNK):
                pass


class SaysItStaysAndCloses(Faithful):
    """Says that a connection goes on after a refused put, and ends it."""

    def refuse(self, header: Header, size: int, refusal: Refused) -> None:
        super().refuse(header, size, refusal)
        raise ConnectionError("refused")


class AnswersWhatIsNoJson(Faithful):
    """Answers a header that is not JSON when it finds the wish for a reply in its bytes."""

    def take(self, count: int) -> bytes:
        self.last = super().take(count)
        return self.last

    def malformed(self, error: Malformed) -> None:
        super().malformed(Malformed(str(error), {"reply": True}) if b'"reply":true' in self.last else error)


class AnswersBadPrefixes(Faithful):
    """Answers a bad prefix, on a connection that has asked for a reply before."""

    asked = False

    def answer(self, header: Header, members: Header) -> None:
        self.asked = self.asked or self.wants_reply(header)
        super().answer(header, members)

    def malformed(self, error: Malformed) -> None:
        bad_prefix = "prefix" in str(error) and self.asked
        super().malformed(Malformed(str(error), {"reply": True}) if bad_prefix else error)
