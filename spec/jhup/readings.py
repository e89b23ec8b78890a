"""All the ways in which a header may rightly be read (chapter 3): where a clause says "either", there are two.

`jhup.requests` picks one way, as every server does. A judge must accept each of them.
"""

import json
import re
from typing import Any, Final, TypeAlias

from jhup.errors import Malformed
from jhup.limits import EXACT_FILESIZE, MAX_FILESIZE
from jhup.messages import Command, Hello, Put, Request, Stat, Unknown
from jhup.objects import BYTE_ORDER_MARK, NumberText, integer_value, load_object
from jhup.requests import read_request

__all__ = ["MEMBERS", "Reading", "readings"]

Reading: TypeAlias = Request | Malformed

MEMBERS: Final = frozenset({"cmd", "filename", "filesize", "reply"})
"""The members that chapter 3 gives a meaning."""

_QUOTED: Final = tuple(f'"{name}"'.encode() for name in sorted(MEMBERS))
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]+|[\]}]+', re.DOTALL)
_DEPTH: Final = 64
_LONG_NUMBER: Final = 20
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def readings(header: bytes) -> tuple[Reading, ...]:
    """Return every permitted reading of a header.

    A put with a ``filesize`` of 2^63 or more among the readings stands for "over the server's size limit" (HEAD-14,
    HEAD-20).

    Args:
        header: the bytes that the prefix counts.

    Returns:
        At least one; several where a clause says "either".
    """
    bare = header.removeprefix(BYTE_ORDER_MARK)
    if len(bare) == len(header) or bare.startswith(BYTE_ORDER_MARK):
        return _unmarked(header)
    found = _unmarked(bare)
    asks = any(each.asks_reply if isinstance(each, Malformed) else each.reply for each in found)
    refused = [Malformed("HEAD-5", "the header begins with a byte order mark", asks_reply=way) for way in {asks, False}]
    return (*refused, *found)


def _unmarked(header: bytes) -> tuple[Reading, ...]:
    """Return the readings of a header to which no byte order mark gives a choice."""
    extreme = False
    try:
        members = load_object(header)
    except Malformed as error:
        if error.clause != "HEAD-19":
            return (error, *_asking(error, header))
        extreme = True
        flat = _flattened(header)
        try:
            members = load_object(flat)
        except Malformed as other:
            return (other, *_asking(other, flat))
    if not extreme and _leaves_no_choice(header, members):
        return (read_request(members),)
    found = _meanings(members)
    reply = members.get("reply") is True
    written = _outermost(header, extreme=extreme)
    asked = [value is True for name, value in written if name == "reply"]
    if members.get("cmd") == Command.PUT.value and dict(written).get("filesize") == "-0":
        found.append(Malformed("HEAD-15", "filesize is zero with a minus sign", asks_reply=reply))
    names = [name for name, _ in written if name in MEMBERS]
    if len(names) > len(set(names)):
        found.append(Malformed("HEAD-17", "a member stands more than once", asks_reply=reply))
    repeats = _repeats_a_name(flat if extreme else header)
    if repeats and len(names) == len(set(names)):
        found.append(Malformed("HEAD-18", "an unknown member stands more than once", asks_reply=reply))
    if extreme or _is_extreme(_unused(members)):
        found.append(Malformed("HEAD-19", "a member that is not used holds an extreme", asks_reply=reply))
    if len(asked) > 1 and any(asked):
        found = [way for reading in found for way in _with_and_without(reading)]
    elif repeats or extreme or _is_extreme(members):  # REPLY-22
        found += [Malformed(each.clause, each.reason) for each in found if isinstance(each, Malformed)]
    return tuple(found)


def _unused(members: dict[str, Any]) -> dict[str, Any]:
    """Return the members that the request doesn't use, as section 3.4 says; a stat's bad filename too (REPLY-11)."""
    used = {"cmd"}
    if members.get("cmd") == Command.PUT.value:
        used |= {"filename", "filesize"}
    elif members.get("cmd") == Command.STAT.value and type(members.get("filename")) is str:
        used.add("filename")
    return {name: value for name, value in members.items() if name not in used}


def _repeats_a_name(header: bytes) -> bool:
    """Tell whether a name stands more than once in any object of a header, the outermost one included."""
    repeats = False

    def look(pairs: list[tuple[str, Any]]) -> None:
        nonlocal repeats
        repeats = repeats or len({name for name, _ in pairs}) < len(pairs)

    json.loads(header.decode(), object_pairs_hook=look, parse_int=str, parse_float=str)
    return repeats


def _leaves_no_choice(header: bytes, members: dict[str, Any]) -> bool:
    """Tell of most headers at little cost that no clause says "either" about them."""
    size = members.get("filesize")
    return (
        b"\\" not in header  # no lone surrogate, and no name in disguise
        and members.keys() <= MEMBERS
        and all(header.count(name) <= 1 for name in _QUOTED)
        and members.get("cmd") == Command.PUT.value
        and type(members.get("filename")) is str
        and type(size) is int
        and 0 < size <= EXACT_FILESIZE
    )


def _asking(error: Malformed, header: bytes) -> tuple[Malformed, ...]:
    """Return the error as one that asks for a reply, where a server that reads on may find that (REPLY-22)."""
    if error.clause not in {"HEAD-7", "HEAD-9"}:
        return ()
    outermost: list[tuple[str, Any]] = []

    def keep(pairs: list[tuple[str, Any]]) -> None:
        outermost[:] = pairs

    decoder = json.JSONDecoder(object_pairs_hook=keep, parse_int=str, parse_float=str)
    try:
        decoder.raw_decode(str(header, "utf-8").lstrip(" \t\n\r"))
    except ValueError:
        return ()
    if not any(name == "reply" and value is True for name, value in outermost):
        return ()
    return (Malformed(error.clause, error.reason, asks_reply=True),)


def _with_and_without(reading: Reading) -> list[Reading]:
    """Return a reading of a header in which one `reply` of several asks for one, answered or not (REPLY-22)."""
    match reading:
        case Malformed(clause=clause, reason=reason):
            return [Malformed(clause, reason, asks_reply=True), Malformed(clause, reason)]
        case Put(filename, filesize, True):
            return [reading, Put(filename, filesize)]
        case Stat(filename, True):
            return [reading, Stat(filename)]
        case Hello(True):
            return [reading, Hello()]
        case Unknown(cmd, True):
            return [reading, Unknown(cmd)]
        case _:
            return [reading]


def _meanings(members: dict[str, Any]) -> list[Reading]:
    """Read members that are plain JSON: once, or twice where the size or the name leave a choice."""
    found: list[Reading] = []
    try:
        found.append(read_request(members))
    except Malformed as error:
        found.append(error)
    reply = members.get("reply") is True
    first, cmd = found[0], members.get("cmd")
    if isinstance(first, Malformed) and type(cmd) is str and _SURROGATE.search(cmd):
        found.append(Unknown(cmd, reply))  # HEAD-21
    if isinstance(first, Stat) and first.filename is not None and _SURROGATE.search(first.filename):
        found.append(Malformed("NAME-8", "the name has a lone surrogate", asks_reply=reply))
    filename = members.get("filename")
    if cmd != Command.PUT.value or type(filename) is not str:
        return found
    sizes = _sizes(members.get("filesize"))
    found += [put for size in sizes if (put := Put(filename, size, reply)) != first]
    if isinstance(first, Put) and first.filesize > EXACT_FILESIZE:
        found.append(Malformed("HEAD-20", "filesize is 2^53 or more", asks_reply=reply))
    if isinstance(first, Put) and _SURROGATE.search(first.filename):
        found.append(Malformed("NAME-8", "the name has a lone surrogate", asks_reply=reply))
    return found


_TOO_LARGE: Final = MAX_FILESIZE + 1


def _sizes(filesize: object) -> set[int]:
    """Return the values that a filesize may be taken for; 2^63 stands for what is over the server's limit."""
    value: int | None = None
    if type(filesize) is int:
        value = filesize
    elif type(filesize) is NumberText:
        value = integer_value(filesize)
        nearest = float(filesize)
        if value is None and nearest.is_integer():
            if nearest > EXACT_FILESIZE + 1:  # what a double makes of it is rounded (HEAD-20)
                return {_TOO_LARGE}
            value = int(nearest)  # HEAD-16
    if value is None or value < 0:
        return set()
    if value <= EXACT_FILESIZE:
        return {value}
    return {min(value, _TOO_LARGE), _TOO_LARGE}


def _is_extreme(members: dict[str, Any]) -> bool:
    """Tell whether some members of a header hold what HEAD-19 names.

    Levels are those of arrays and objects, the header's own object, which is given here, among them.
    """
    waiting: list[tuple[object, int]] = [(members, 1)]
    while waiting:
        item, depth = waiting.pop()
        if (isinstance(item, dict | list) and depth > _DEPTH) or _is_extreme_scalar(item):
            return True
        if isinstance(item, dict):
            waiting.extend((name, depth) for name in item)
            item = list(item.values())
        if isinstance(item, list):
            waiting.extend((each, depth + 1) for each in item)
    return False


def _is_extreme_scalar(item: object) -> bool:
    if isinstance(item, NumberText):
        exponent = item.lower().partition("e")[2]
        return len(item) > _LONG_NUMBER or len(exponent.strip("+-")) > 2
    if isinstance(item, str):
        return _SURROGATE.search(item) is not None
    return type(item) is int and not -MAX_FILESIZE - 1 <= item <= MAX_FILESIZE


def _flattened(header: bytes) -> bytes:
    """Put null in the place of every array and object inside the outermost object.

    What was nested too deep to be read is not looked at any further, so errors inside it go unseen.
    """
    text = str(header, "utf-8")
    kept: list[str] = []
    depth, begin = 0, 0
    for token in _TOKEN.finditer(text):
        count = token.end() - token.start()
        if token[0][0] in "[{":
            if depth < 2 <= depth + count:
                kept.append(text[begin : token.start() + 1 - depth])
            depth += count
        elif token[0][0] in "]}":
            if depth - count < 2 <= depth:
                kept.append("null")
                begin = token.start() + depth - 1
            depth -= count
    kept.append(text[begin:])
    return "".join(kept).encode()


def _outermost(header: bytes, *, extreme: bool) -> list[tuple[str, Any]]:
    """Return the names and values of the outermost object as they stand, duplicates and all; numbers as text."""
    text = str(_flattened(header) if extreme else header, "utf-8")
    outermost: list[tuple[str, Any]] = []

    def keep(pairs: list[tuple[str, Any]]) -> None:
        outermost[:] = pairs  # objects are finished from the inside outwards, so the outermost comes last

    json.loads(text, object_pairs_hook=keep, parse_int=str, parse_float=str)
    return outermost
