"""The members of a reply and their meaning (chapter 8)."""

import re
from typing import Any, Final

from jhup.errors import Malformed
from jhup.limits import HEADER_CEILING, MAX_FILESIZE, MAX_HEADER, PROTOCOL_VERSION
from jhup.messages import Code, Failure, Greeting, Reply, Status, Stored

__all__ = ["read_reply", "reply_members"]

_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


def read_reply(members: dict[str, Any]) -> Reply:
    """Return the reply that members make; unknown members are ignored (EXT-1).

    Which request a reply answers is for the caller to know, who counts; the members tell a greeting by what only it
    has: `protocol`, and beside a `filename` also `features`. Each may be an unknown member of the other (EXT-1).

    Raises:
        Malformed: REPLY-6, REPLY-12 or REPLY-14, with the member that is missing or wrong.
    """
    status = members.get("status")
    if status == Status.ERROR:
        return _read_failure(members)
    if status != Status.OK:
        raise Malformed("REPLY-14", f"status is {status!r}, neither 'ok' nor 'error'")
    if "protocol" in members and ("features" in members or "filename" not in members):
        return _read_greeting(members)
    return _read_stored(members)


def _read_failure(members: dict[str, Any]) -> Failure:
    code, message, closing = members.get("code"), members.get("message"), members.get("closing")
    if type(code) is not str:
        raise Malformed("REPLY-14", f"code is {code!r}, not a string")
    if type(message) is not str:
        raise Malformed("REPLY-14", f"message is {message!r}, not a string")
    if not isinstance(closing, bool):
        raise Malformed("REPLY-14", f"closing is {closing!r}, not a boolean")
    try:
        return Failure(Code(code), message, closing)
    except ValueError:
        return Failure(Code.INTERNAL, message, closing)  # EXT-2


def _read_stored(members: dict[str, Any]) -> Stored:
    filename, filesize, sha256 = members.get("filename"), members.get("filesize"), members.get("sha256")
    if type(filename) is not str:
        raise Malformed("REPLY-6", f"filename is {filename!r}, not a string")
    if type(filesize) is not int or not 0 <= filesize <= MAX_FILESIZE:
        raise Malformed("REPLY-6", f"filesize is {filesize!r}, not an integer from 0 to 2^63-1")
    if type(sha256) is not str or not _SHA256.fullmatch(sha256):
        raise Malformed("REPLY-6", f"sha256 is {sha256!r}, not 64 lower-case hexadecimal digits")
    return Stored(filename, filesize, sha256)


def _read_greeting(members: dict[str, Any]) -> Greeting:
    protocol, server, features = members.get("protocol"), members.get("server"), members.get("features")
    max_header, max_filesize = members.get("max_header"), members.get("max_filesize")
    if type(protocol) is not int or protocol != PROTOCOL_VERSION:
        raise Malformed("REPLY-12", f"protocol is {protocol!r}, not 1")
    if type(server) is not str:
        raise Malformed("REPLY-12", f"server is {server!r}, not a string")
    if not isinstance(features, list) or not all(type(feature) is str for feature in features):
        raise Malformed("REPLY-12", f"features is {features!r}, not an array of strings")
    if "replies" not in features:
        raise Malformed("REPLY-12", f"features is {features!r}, without 'replies'")
    if type(max_header) is not int or not MAX_HEADER <= max_header <= HEADER_CEILING:
        raise Malformed("REPLY-12", f"max_header is {max_header!r}, not an integer from 65536 to 1048576")
    if "max_filesize" not in members:
        raise Malformed("REPLY-12", "max_filesize is missing")
    if max_filesize is not None and (type(max_filesize) is not int or max_filesize < 0):
        raise Malformed("REPLY-12", f"max_filesize is {max_filesize!r}, neither null nor an integer from 0")
    return Greeting(server=server, features=tuple(features), max_header=max_header, max_filesize=max_filesize)


def reply_members(reply: Reply) -> dict[str, Any]:
    """Return the members of a reply in canonical order, that of the tables in chapter 8."""
    match reply:
        case Stored(filename, filesize, sha256):
            return {"status": Status.OK, "filename": filename, "filesize": filesize, "sha256": sha256}
        case Failure(code, message, closing):
            return {"status": Status.ERROR, "code": code, "message": message, "closing": closing}
        case _:
            return {
                "status": Status.OK,
                "protocol": reply.protocol,
                "server": reply.server,
                "features": list(reply.features),
                "max_header": reply.max_header,
                "max_filesize": reply.max_filesize,
            }
