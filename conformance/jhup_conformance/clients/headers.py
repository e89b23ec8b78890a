"""What is wrong with the prefix and the header of a request: section 9.1 binds clients more strictly than servers."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from jhup.limits import MAX_HEADER
from jhup_conformance.clients.inbox import Inbox, SentRequest
from jhup_conformance.clients.timeline import shown

__all__ = ["FOUR", "HeaderFault", "dialect", "header_faults", "own_members", "prefix_fault"]

FOUR: Final = ("cmd", "filename", "filesize", "reply")
"""The members of chapter 3."""

_BOM: Final = b"\xef\xbb\xbf"
_DIGITS: Final = re.compile(r"0|[1-9][0-9]*", re.ASCII)


class _Number(str):
    """A number of a header as it was written."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class HeaderFault:
    """What breaks a clause.

    Attributes:
        clause: CLIENT-2 or CLIENT-6.
        expected: what it should have been.
        actual: what it is.
    """

    clause: str
    expected: str
    actual: str


def _pairs(header: bytes) -> list[tuple[str, Any]] | str:
    """Return the members of an object in order, numbers as they were written; or what it is instead."""
    try:
        text = header.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"a header that is not UTF-8 at byte {error.start}: {shown(header)}"
    if header.startswith(_BOM):
        return f"a header that begins with a byte order mark: {shown(header[len(_BOM) :])}"
    objects: list[list[tuple[str, Any]]] = []

    def keep(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        objects.append(pairs)
        return dict(pairs)

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    try:
        value = json.loads(text, object_pairs_hook=keep, parse_int=_Number, parse_float=_Number, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        return f"a header that is not JSON ({error}): {shown(header)}"
    if not isinstance(value, dict):
        return f"a header that is no object: {shown(header)}"
    return objects[-1]  # the outermost object ends last


def header_faults(request: SentRequest) -> Iterator[HeaderFault]:
    """Yield what is wrong with a header, the worst first."""
    if request.length > MAX_HEADER:
        yield HeaderFault(
            "CLIENT-2", f"a header of at most {MAX_HEADER:,} bytes", f"a header of {request.length:,} bytes"
        )
    pairs = _pairs(request.header)
    if isinstance(pairs, str):
        yield HeaderFault("CLIENT-2", "one JSON object in UTF-8, without a byte order mark", pairs)
        return
    names = [name for name, _ in pairs]
    for name in FOUR:
        if names.count(name) > 1:
            told = f"a header in which {name!r} stands {names.count(name)} times: {shown(request.header)}"
            yield HeaderFault("CLIENT-2", "each of the four members at most once", told)
    members = dict(pairs)
    yield from _member_faults(members, request)


def _member_faults(members: dict[str, Any], request: SentRequest) -> Iterator[HeaderFault]:
    for name in ("cmd", "filename", "filesize"):
        if name not in members:
            told = f"a header without {name!r}: {shown(request.header)}"
            yield HeaderFault("CLIENT-6", "a put with cmd, filename and filesize", told)
    cmd, filename, filesize = members.get("cmd"), members.get("filename"), members.get("filesize")
    if "cmd" in members and (type(cmd) is not str or cmd != "put"):
        yield HeaderFault("CLIENT-6", 'cmd "put" for an upload', f"cmd {_told(cmd)}")
    if "filename" in members and type(filename) is not str:
        yield HeaderFault("CLIENT-6", "filename as a string", f"filename {_told(filename)}")
    if "filesize" in members and not (isinstance(filesize, _Number) and _DIGITS.fullmatch(filesize)):
        yield HeaderFault("CLIENT-2", "filesize written as digits only", f"filesize {_told(filesize)}")
    if "reply" in members and members["reply"] not in (True, False, None):
        yield HeaderFault("CLIENT-6", "reply true, or absent", f"reply {_told(members['reply'])}")


def _told(value: Any) -> str:
    return str(value) if isinstance(value, _Number) else json.dumps(value, ensure_ascii=False)


def own_members(request: SentRequest) -> list[str]:
    """Return the names of members that the specification doesn't know and that don't begin with `x-` (EXT-3)."""
    return [name for name in request.members if name not in FOUR and not name.startswith("x-")]


def prefix_fault(inbox: Inbox) -> str:
    """Return what is wrong with the framing of what a client sent; empty if its first request can be read."""
    request = inbox.requests[0] if inbox.requests else None
    if request is None:
        if not inbox.count:
            return "the client connected and sent nothing"
        return f"the client sent only {inbox.count} bytes: {shown(bytes(inbox.head))}"
    head = bytes(inbox.head)
    if inbox.is_lost and not request.header and len(inbox.requests) == 1:
        return _not_a_prefix(head, request.length)
    if not request.has_header:
        came = len(head) - 4
        return f"the prefix says {request.length:,} bytes of header, and {came:,} bytes follow it"
    if _looks_cut(request.header):
        text = request.header.decode("utf-8", "replace")
        return (
            f"the prefix says {request.length} bytes, and the header goes on after them: {shown(request.header)}"
            f"{_counts_characters(head, text)}"
        )
    return ""


def _not_a_prefix(head: bytes, length: int) -> str:
    big = int.from_bytes(head[:4], "big", signed=True)
    if 2 <= big <= MAX_HEADER and head[4:5] in (b"{", b" "):
        return f"the prefix is big-endian: {head[:4].hex(' ')} is {big} only if read so; little-endian it is {length:,}"
    if dialect(head):
        return dialect(head)
    return f"the prefix {head[:4].hex(' ')} is {length:,} little-endian, which is no length of a header"


def _looks_cut(header: bytes) -> bool:
    """Return whether a header is the beginning of an object that goes on."""
    text = header.strip()
    return text.startswith(b"{") and not text.endswith(b"}")


def _counts_characters(head: bytes, text: str) -> str:
    """Say that the prefix counts characters, if the header would be whole then."""
    rest = head[4:].decode("utf-8", "replace")
    end = rest.find("}")
    return "; the prefix counts characters, not bytes" if end + 1 == int.from_bytes(head[:4], "little") and text else ""


def dialect(head: bytes) -> str:
    """Return what the first bytes look like where they are no request of this protocol; empty if nothing known."""
    text = head[:200].decode("latin-1")
    if re.match(r"(GET|POST|PUT|HEAD|OPTIONS) \S+ HTTP/", text):
        return f"the client speaks HTTP: {shown(head, 60)}"
    if head.startswith(b"\x16\x03"):
        return "the client speaks TLS; --tls-cert lets the scripted server do so too"
    if text.lstrip().startswith("{"):
        return f"the header comes without a prefix: {shown(head, 60)}"
    if re.match(r"\d+\s*\{", text):
        return f"the length is written as digits, not as four bytes: {shown(head, 60)}"
    if head[:1].isalpha() and head[:40].isascii():
        return f"the client speaks a dialect of its own: {shown(head, 60)}"
    return ""
