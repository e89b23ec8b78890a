"""Echo servers with one fault each in what they reply to a message."""

import re

from echo_faults import WHITE, Faithful


class NoTrim(Faithful):
    def content(self, message: bytes) -> bytes:
        return message


class TrimsBlanksOnly(Faithful):
    def content(self, message: bytes) -> bytes:
        return message.strip(b" ")


class TrimsOneSide(Faithful):
    def content(self, message: bytes) -> bytes:
        return message.rstrip(WHITE)


class TrimsTooMuch(Faithful):
    def content(self, message: bytes) -> bytes:
        return message.strip(WHITE + b"\x1c\x1d\x1e\x1f\x85\xa0")


class TrimsNul(Faithful):
    def content(self, message: bytes) -> bytes:
        return message.strip(WHITE).rstrip(b"\0")


class UnicodeUpper(Faithful):
    def upper(self, content: bytes) -> bytes:
        return content.decode("utf-8", "replace").upper().encode()


class Latin1Upper(Faithful):
    def upper(self, content: bytes) -> bytes:
        return content.decode("latin-1").upper().encode("latin-1", "replace")


class LosesNul(Faithful):
    def content(self, message: bytes) -> bytes:
        return super().content(message).replace(b"\0", b"")


class StopsAtNul(Faithful):
    def content(self, message: bytes) -> bytes:
        return super().content(message).partition(b"\0")[0]


class ForgetsZ(Faithful):
    def upper(self, content: bytes) -> bytes:
        return content.upper().replace(b"Z", b"z") if b"z" in content else content.upper()


class SwapsCase(Faithful):
    def upper(self, content: bytes) -> bytes:
        return content.swapcase()


class MasksBits(Faithful):
    def upper(self, content: bytes) -> bytes:
        return bytes(byte & 0xDF if 0x60 < byte < 0x80 else byte for byte in content)  # { | } ~ are no letters


class CollapsesWhite(Faithful):
    def content(self, message: bytes) -> bytes:
        return re.sub(rb"[\t\n\v\f\r ]+", b" ", super().content(message))


class GreetsText(Faithful):
    def literal(self, content: bytes) -> bytes:
        return content


class NoComma(Faithful):
    def greet(self, content: bytes) -> bytes:
        return b"Hello " + self.literal(content)


class EndsLine(Faithful):
    def greet(self, content: bytes) -> bytes:
        return super().greet(content) + b"\n"


class AlwaysSingle(Faithful):
    def literal(self, content: bytes) -> bytes:
        inner = repr(content + b'"')[2:-2]  # with a double quote inside, the single ones are escaped
        return f"b'{inner}'".encode()


class AlwaysDouble(Faithful):
    def literal(self, content: bytes) -> bytes:
        inner = repr(content.replace(b'"', b"") + b"'")[2:-2]
        return f'b"{inner}"'.encode()


class EscapesDouble(Faithful):
    def literal(self, content: bytes) -> bytes:
        return repr(content).replace('"', '\\"').encode() if b'"' in content else repr(content).encode()


class CapitalHex(Faithful):
    def literal(self, content: bytes) -> bytes:
        return re.sub(rb"\\x[0-9a-f]{2}", lambda match: b"\\x" + match[0][2:].upper(), repr(content).encode())


class ShortNul(Faithful):
    def literal(self, content: bytes) -> bytes:
        return repr(content).replace("\\x00", "\\0").encode()


class TabInHex(Faithful):
    def literal(self, content: bytes) -> bytes:
        return repr(content).replace("\\t", "\\x09").encode() if b"\\" not in content else repr(content).encode()


class SingleBackslash(Faithful):
    def literal(self, content: bytes) -> bytes:
        return repr(content).encode().replace(b"\\\\", b"\\")


class RawHighBytes(Faithful):
    def literal(self, content: bytes) -> bytes:
        return re.sub(rb"\\x([89a-f][0-9a-f])", lambda match: bytes.fromhex(match[1].decode()), repr(content).encode())


class CutsAt512(Faithful):
    def greet(self, content: bytes) -> bytes:
        return super().greet(content)[:512]


class EscapesTilde(Faithful):
    def literal(self, content: bytes) -> bytes:
        return super().literal(content).replace(b"~", b"\\x7e")


class DropsEmptyContent(Faithful):
    def reply(self, message: bytes, number: int) -> bytes | None:
        return None if message and not message.strip(WHITE) else super().reply(message, number)


class ColonInName(Faithful):
    def name(self, number: int) -> bytes:
        return b"worker:%d" % number


class NoColon(Faithful):
    def worker(self, message: bytes, number: int) -> bytes | None:
        return self.name(number) + b" " + message if message.isascii() else None


class WorkerTrims(Faithful):
    def worker(self, message: bytes, number: int) -> bytes | None:
        return super().worker(message.strip() or message[:0], number)


class WorkerStopsAtNul(Faithful):
    def worker(self, message: bytes, number: int) -> bytes | None:
        return super().worker(message.partition(b"\0")[0], number)


class RepliesToHighBytes(Faithful):
    def worker(self, message: bytes, number: int) -> bytes | None:
        return super().worker(message.decode("ascii", "replace").encode("ascii", "replace"), number)


class OneNameForAll(Faithful):
    def name(self, number: int) -> bytes:
        return b"worker"
