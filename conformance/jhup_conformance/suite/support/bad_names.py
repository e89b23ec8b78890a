"""Names that are not valid, by the clause of chapter 4 that they break, and what careless servers make of them.

They are written as JSON text, in which ``@`` stands for a name of `NAME_LENGTH` characters that nobody else uses.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jhup.limits import MAX_NAME
from jhup_conformance.checks import NAME_LENGTH, Stream, frame, header, name

__all__ = ["BAD_NAMES", "BODY", "FILE", "BadName", "decoded", "spelled"]

BODY: Final = b"body of a name"
FILE: Final = name("file")
"""The name that ``@`` stands for."""


def decoded(text: str, file: str = FILE) -> str:
    """Return what a JSON text between quotes means, with a name in place of ``@``; lone surrogates are kept."""
    return str(json.loads(f'"{text}"')).replace("@", file)


def spelled(
    filename: str,
    body: bytes | None = BODY,
    *,
    also: tuple[str, ...] = (),
    reply: bool = False,
    doubtful: bool = False,
) -> Stream:
    """Return a request with a filename spelled in a way of its own.

    Args:
        filename: JSON text, ``@`` for a name of its own.
        body: what a put carries; None for a stat.
        also: under which other names a careless server may store it.
        reply: whether it asks for a reply.
        doubtful: whether the store may be unable to hold the name (NAME-10).
    """
    members: dict[str, Any] = {"cmd": "stat"} if body is None else {"cmd": "put", "filesize": len(body)}
    if reply:
        members["reply"] = True
    text = f',"filename":"{filename.replace("@", FILE)}"}}'
    stream = frame(header(**members)[:-1] + text.encode(), body or b"")
    meant = decoded(filename)
    stream = stream.watching(FILE, meant, *(each.replace("@", FILE) for each in also))
    return stream.doubting(meant) if doubtful else stream


@dataclass(frozen=True, slots=True)
class BadName:
    """A name that breaks one rule.

    Attributes:
        title: in a few words, what is wrong.
        filename: JSON text, ``@`` for a name that nobody else uses.
        right: the nearest name that is valid.
        also: what careless servers make of it.
    """

    title: str
    filename: str
    right: str = "@"
    also: tuple[str, ...] = ()

    @property
    def sound(self) -> Stream:
        """The put of the valid twin."""
        return spelled(self.right)

    def put(self, body: bytes = BODY, *, reply: bool = False) -> Stream:
        """Return a put of it."""
        return spelled(self.filename, body, also=self.also, reply=reply)

    def stat(self) -> Stream:
        """Return a stat of it that asks for a reply."""
        return spelled(self.filename, None, reply=True)

    def __str__(self) -> str:
        return self.title


_ROOM: Final = MAX_NAME - NAME_LENGTH
"""Bytes left in the longest name after a name that nobody else uses."""

_EMPTY: Final = (BadName("the empty name", "", also=("_", "untitled", "unnamed", "None")),)


def _too_long() -> Iterator[BadName]:
    longest = "@" + "a" * _ROOM
    for length in (256, 257, 300, 511, 512, 1000, 4095, 4096, 60_000):
        yield BadName(f"{length} letters", "@" + "a" * (length - NAME_LENGTH), longest, (longest,))
    ending = "@" + "a" * (_ROOM - 4) + ".txt"
    yield BadName("256 letters with an extension", "@" + "a" * (_ROOM - 3) + ".txt", ending, (ending, longest))
    for title, character, size in (("two", "é", 2), ("three", "日", 3), ("four", "🎉", 4)):
        fits = "@" + character * (_ROOM // size)
        padded = "@" + "a" * (_ROOM % size) + character * (_ROOM // size)
        also = tuple(dict.fromkeys((fits, padded, "@" + "?" * _ROOM)))
        yield BadName(f"more than 255 bytes in characters of {title}", fits + character, fits, also)
        yield BadName(f"256 bytes that end in a character of {title}", f"{padded[:1]}a{padded[1:]}", padded, also)
        escaped = "".join(f"\\u{unit:04x}" for unit in memoryview(character.encode("utf-16-le")).cast("H"))
        yield BadName(f"escapes of characters of {title}", fits.replace(character, escaped) + escaped, fits, also)
    yield BadName("255 characters in 256 bytes", "@" + "a" * (_ROOM - 1) + "é", longest, (longest[:-1], longest))


def _with_controls() -> Iterator[BadName]:
    for code in (*range(0x20), 0x7F):
        mark = f"\\u{code:04x}"
        also = ("b@", "b_@", "@b", "@_b", "@ b", "@?b", "@-b", "@%" + f"{code:02X}b", "@\\" + f"x{code:02x}b")
        for place, filename, right in (
            ("within", f"@{mark}b", "@_b"),
            ("at the end", f"@{mark}", "@_"),
            ("first", f"b{mark}@", "b_@"),
        ):
            yield BadName(f"U+{code:04X} {place}", filename, right, tuple(each for each in also if each != right))
    yield BadName("DEL, raw", "@\x7fb", "@-b", ("@b", "@_b"))
    for title, mark in (
        ("line feed", "\\n"),
        ("carriage return", "\\r"),
        ("tab", "\\t"),
        ("backspace", "\\b"),
        ("form feed", "\\f"),
    ):
        yield BadName(f"{title} as a short escape", f"@{mark}", "@n", ("@_", "@ "))


_SLASHES: Final = (
    BadName("a folder before it", "a/@", "a-@", ("a", "a@", "a_@")),
    BadName("something after a slash", "@/b", "@-b", ("b", "@b", "@_b")),
    BadName("a slash at the end", "@/", "@", ("@_",)),
    BadName("a slash at the beginning", "/@/@", "@-@", ("@@", "_@_@")),
    BadName("two slashes at the beginning", "//@/@", "@-@", ("@@", "__@_@")),
    BadName("the folder itself before it", "./@", ".-@", (".@", "._@")),
    BadName("the parent folder before it", "../@/@", "..-@", ("..@", ".._@_@", "@@")),
    BadName("through a folder and back", "a/../@", "a-@", ("a..@", "a_.._@")),
    BadName("two slashes within", "@//b", "@-b", ("@b", "@__b")),
    BadName("a slash alone", "/", "@", ("_",)),
    BadName("a slash as an escape", "@\\u002fb", "@-b", ("b", "@b", "@_b")),
    BadName("a slash after a backslash of JSON", "@\\/b", "@-b", ("b", "@b", "@_b")),
    BadName("a backslash within", "@\\\\b", "@-b", ("b", "@b", "@_b", "@/b")),
    BadName("a backslash at the beginning", "\\\\@", "@", ("_@",)),
    BadName("a backslash at the end", "@\\\\", "@", ("@_",)),
    BadName("a backslash alone", "\\\\", "@", ("_",)),
    BadName("a backslash as an escape", "@\\u005cb", "@-b", ("b", "@b", "@_b")),
    BadName("the parent folder, with a backslash", "..\\\\@", "..-@", ("..@", ".._@")),
    BadName("a drive", "C:\\\\@", "C-@", ("C:@", "C__@", "C:_@")),
    BadName("a drive and a slash", "C:/@", "C-@", ("C:@", "C__@", "C:_@")),
    BadName("a share", "\\\\\\\\@\\\\b", "@-b", ("b", "@b", "__@_b")),
    BadName("both slashes", "a/@\\\\b", "a-@-b", ("b", "@b", "a@b", "a_@_b")),
    BadName("a URL", "file:///@", "file-@", ("file:@", "file:___@")),
)

_DOTS: Final = (
    BadName("dot", ".", "@.", ("_", "%2E")),
    BadName("dots", "..", "@..", ("__", "%2E%2E")),
    BadName("dot as an escape", "\\u002e", "@.", ("_",)),
    BadName("dots as escapes", "\\u002e\\u002e", "@..", ("__",)),
    BadName("one of two dots as an escape", ".\\u002E", "@..", ("__",)),
)

_SURROGATES: Final = tuple(
    BadName(
        title,
        name,
        "@\\ud83c\\udf89",
        ("@\ufffd", "@?", "@\ufffd\ufffd", "@??", "@b", "@?b", "@\ufffdb", "?@", "\ufffd@"),
    )
    for title, name in {
        "a high surrogate at the end": "@\\ud800",
        "a high surrogate within": "@\\ud83cb",
        "a high surrogate first": "\\udbff@",
        "a low surrogate at the end": "@\\udf89",
        "a low surrogate that stands for a byte in Python": "@\\udc80",
        "a low surrogate first": "\\udc00@",
        "a pair the wrong way round": "@\\udf89\\ud83c",
        "two high surrogates": "@\\ud83c\\ud83c",
        "a high surrogate after a pair": "@\\ud83c\\udf89\\ud83c",
        "a high surrogate before a character": "@\\ud83cé",
    }.items()
)

BAD_NAMES: Final[Mapping[str, tuple[BadName, ...]]] = {
    "NAME-3": _EMPTY,
    "NAME-4": tuple(_too_long()),
    "NAME-5": tuple(_with_controls()),
    "NAME-6": _SLASHES,
    "NAME-7": _DOTS,
    "NAME-8": _SURROGATES,
}
"""Bad names by the clause that they break."""
