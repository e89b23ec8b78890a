"""The members of a request's header and their meaning (HEAD-10 to HEAD-17, HEAD-20 and HEAD-21), one rule a line."""

from decimal import Decimal
from typing import Any, Final

from jhup.errors import Malformed
from jhup.limits import EXACT_FILESIZE, MAX_FILESIZE
from jhup.messages import Command, Hello, Put, Request, Stat, Unknown
from jhup.objects import NumberText, integer_value

__all__ = ["read_request", "request_members"]


_PUT: Final = Command.PUT.value  # plain strings: reading members of an enumeration is slow on Python 3.11
_STAT: Final = Command.STAT.value
_HELLO: Final = Command.HELLO.value


def read_request(members: dict[str, Any]) -> Request:
    """Return the request that the members of a header make.

    Names are not checked here: a bad one is refused, not malformed (chapter 4, `jhup.names`).

    Args:
        members: the object as `jhup.objects.load_object` gives it.

    Raises:
        Malformed: HEAD-10 to HEAD-12, HEAD-14 to HEAD-16, HEAD-20 or HEAD-21.
    """
    reply = members.get("reply") is True  # REPLY-2
    cmd = members.get("cmd")
    if cmd == _PUT:
        return _read_put(members, reply)
    if type(cmd) is not str:
        raise Malformed("HEAD-10", "cmd is missing or not a string", asks_reply=reply)
    if cmd == _STAT:
        filename = members.get("filename")
        return Stat(filename if type(filename) is str else None, reply)
    if cmd == _HELLO:
        return Hello(reply)
    if _has_lone_surrogate(cmd):
        raise Malformed("HEAD-21", "cmd has a lone surrogate", asks_reply=reply)
    return Unknown(cmd, reply)


def _read_put(members: dict[str, Any], reply: bool) -> Put:
    filename = members.get("filename")
    if type(filename) is not str:
        raise Malformed("HEAD-11", "filename is missing or not a string", asks_reply=reply)
    filesize = members.get("filesize")
    if type(filesize) is not int:  # a boolean is no integer here
        raise Malformed(*_filesize_fault(members), asks_reply=reply)
    if filesize < 0:
        raise Malformed("HEAD-12", f"filesize is negative: {filesize}", asks_reply=reply)
    if filesize > MAX_FILESIZE:
        raise Malformed("HEAD-14", "filesize is 2^63 or more", asks_reply=reply)
    return Put(filename, filesize, reply)


def _filesize_fault(members: dict[str, Any]) -> tuple[str, str]:
    """Tell which clause a filesize breaks that is no integer to this reader."""
    if "filesize" not in members:
        return "HEAD-12", "filesize is missing"
    filesize = members["filesize"]
    if type(filesize) is not NumberText:
        return "HEAD-12", "filesize is not an integer"
    value = integer_value(filesize)
    if value is None:
        nearest = float(filesize)
        if nearest < 0:
            return "HEAD-12", "filesize is negative"
        if not nearest.is_integer():
            return "HEAD-12", "filesize is fractional"
        if nearest <= EXACT_FILESIZE + 1:
            return "HEAD-16", "filesize is not an integer, though it rounds to one"
        clause = "HEAD-20" if Decimal(filesize) <= MAX_FILESIZE + 1 else "HEAD-14"
        return clause, "filesize is not an integer, though it rounds to one"
    if value < 0:
        return "HEAD-12", "filesize is negative"
    if value > MAX_FILESIZE:
        return "HEAD-14", "filesize is 2^63 or more"
    # What has a fraction or an exponent is malformed to this reader even where its value is an integer.
    return "HEAD-15", "filesize is written with a fraction or an exponent"


def _has_lone_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def request_members(request: Request) -> dict[str, Any]:
    """Return the members of a request in canonical order: cmd, filename, filesize, reply; only those it has."""
    match request:
        case Put(filename, filesize, _):
            members: dict[str, Any] = {"cmd": _PUT, "filename": filename, "filesize": filesize}
        case Stat(None, _):
            members = {"cmd": _STAT}
        case Stat(filename, _):
            members = {"cmd": _STAT, "filename": filename}
        case Hello():
            members = {"cmd": _HELLO}
        case _:
            members = {"cmd": request.cmd}
    if request.reply:
        members["reply"] = True
    return members
