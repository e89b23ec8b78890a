"""The inputs of the machines: pieces of a stream that are all of one length, so that none ever tears another.

A whole frame is `SIZE` bytes long, and so is every body that is announced. A symbol that follows a header is therefore
taken for its whole body by a server that reads bodies, and for a whole request by one that doesn't. The two pieces of
a cut frame are sent in turn; a symbol that would leave that order is skipped, in a derived machine as on a connection.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from jhup.limits import PREFIX_SIZE

__all__ = ["ALPHABETS", "NAME", "SIZE", "SYMBOLS", "Symbol", "choose_symbols"]

SIZE: Final = 160
"""Bytes of a whole frame, and of every body announced."""

NAME: Final = "jhup-00000000"
"""Stands for the one name that a conversation is about; another of the same length takes its place on a connection."""

_SERIAL: Final = b"#000"
"""Stands for the place of a symbol in its word, so that no two bodies are the same."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """One input.

    Attributes:
        key: what it is called in words, tables and drawings.
        about: what the client does, as a part of a sentence: "after …".
        data: the bytes, with `NAME` in them, and a serial number that makes every body another one.
        ends: whether the client then half-closes.
        clause: the clause that says what a server does, when it stands between two requests.
        half: 1 for the first piece of a cut frame, 2 for the second one, 0 for what is whole.
    """

    key: str
    about: str
    data: bytes
    clause: str
    ends: bool = False
    half: int = 0

    def is_skipped(self, *, half_open: bool) -> bool:
        """Whether it is not sent, because it would be a second first piece, or a second piece without a first."""
        return (self.half == 1 and half_open) or (self.half == 2 and not half_open)

    def data_at(self, place: int, name: str = NAME) -> bytes:
        """Return the bytes for a place in a word, 0 to 999, and for a name in ASCII that is as long as `NAME`."""
        return self.data.replace(NAME.encode(), name.encode()).replace(_SERIAL, b"#%03d" % place)


def _frame(members: Mapping[str, object], body: bytes = b"") -> bytes:
    """Write a frame of `SIZE` bytes: white space between the first brace and the first member fills it up."""
    text = json.dumps({**members, "serial": _SERIAL.decode()}, separators=(",", ":")).encode()
    space = SIZE - PREFIX_SIZE - len(text) - len(body)
    header = text[:1] + b" " * space + text[1:]
    return len(header).to_bytes(PREFIX_SIZE, "little") + header + body


def _put(name: str = NAME, size: object = SIZE, *, body: bytes = b"", reply: bool = True) -> bytes:
    return _frame({"cmd": "put", "filename": name, "filesize": size} | ({"reply": True} if reply else {}), body)


_HELLO: Final = _frame({"cmd": "hello", "reply": True})
_UNKNOWN: Final = {"cmd": "rename", "filename": NAME, "filesize": SIZE}
_HALF: Final = PREFIX_SIZE // 2

_ALL: Final = (
    Symbol("put", "a whole put", _put(size=4, body=_SERIAL), "REPLY-6"),
    Symbol("quiet put", "a whole put without reply", _put(size=4, body=_SERIAL, reply=False), "REPLY-2"),
    Symbol("header", "the header of a put", _put(), "FRAME-2"),
    Symbol("quiet header", "the header of a put without reply", _put(reply=False), "FRAME-2"),
    Symbol("hello", "a hello", _HELLO, "REPLY-12"),
    Symbol(
        "put or body",
        "another whole put without reply",
        _put(size=4, body=_SERIAL, reply=False),
        "STORE-1",
    ),
    Symbol("stat", "a stat", _frame({"cmd": "stat", "filename": NAME, "reply": True}), "REPLY-9"),
    Symbol("quiet stat", "a stat without reply", _frame({"cmd": "stat", "filename": NAME}), "REPLY-2"),
    Symbol("unknown", "an unknown command", _frame({**_UNKNOWN, "reply": True}), "REPLY-19"),
    Symbol("quiet unknown", "an unknown command without reply", _frame(_UNKNOWN), "ERR-11"),
    Symbol("bad name", "the header of a put under a name that is not valid", _put("a/b"), "ERR-5"),
    Symbol("quiet bad name", "the same header without reply: the name is not valid", _put("a/b", reply=False), "ERR-5"),
    Symbol("malformed", "a malformed header", _put(size="3"), "REPLY-15"),
    Symbol("quiet malformed", "a malformed header without reply", _put(size="3", reply=False), "ERR-2"),
    Symbol(
        "not JSON", "a header that is not JSON", _HELLO[:PREFIX_SIZE] + b"?" + _HELLO[PREFIX_SIZE + 1 :], "REPLY-21"
    ),
    Symbol("bad prefix", "a prefix of -1", b"\xff" * PREFIX_SIZE + _HELLO[PREFIX_SIZE:], "FRAME-16"),
    Symbol("half", "half a prefix", _HELLO[:_HALF], "FRAME-3", half=1),
    Symbol("rest", "the rest of a frame", _HELLO[_HALF:], "FRAME-3", half=2),
    Symbol("end", "the end of the stream", b"", "ERR-8", ends=True),
)

SYMBOLS: Final[Mapping[str, Symbol]] = {each.key: each for each in _ALL}
"""All symbols by their keys."""

ALPHABETS: Final[Mapping[str, tuple[str, ...]]] = {
    "replies": (
        *("put", "quiet put", "header", "hello", "stat", "unknown", "bad name", "malformed", "quiet malformed"),
        *("bad prefix", "half", "rest", "end"),
    ),
    "silent": (
        *("quiet put", "quiet header", "put or body", "quiet unknown", "quiet bad name", "quiet malformed"),
        *("bad prefix", "half", "rest", "end"),
    ),
    "chapter": ("put", "header", "hello", "unknown", "bad name", "malformed", "quiet malformed", "bad prefix", "end"),
    "small": ("put", "header", "hello", "bad name", "malformed", "end"),
}
"""Alphabets by name: for servers with replies; for servers without, whose store is seen; for the drawing in chapter 7;
and one for a quick look."""


def choose_symbols(keys: Iterable[str]) -> tuple[Symbol, ...]:
    """Return the symbols of these keys.

    Raises:
        ValueError: for a key that no symbol has, and for one that stands twice.
    """
    chosen = list(keys)
    for key in chosen:
        if key not in SYMBOLS:
            raise ValueError(f"{key!r} is no symbol; there are {', '.join(SYMBOLS)}")
        if chosen.count(key) > 1:
            raise ValueError(f"{key!r} stands twice")
    return tuple(SYMBOLS[key] for key in chosen)
