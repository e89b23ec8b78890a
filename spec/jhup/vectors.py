"""The test vectors of the upload protocol (``vectors/upload-*.json``) as values: bytes and every right meaning of them.

Programs in other languages read the files themselves; ``vectors/README.md`` tells how.
"""

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final

from jhup.clauses import text_root
from jhup.limits import MAX_FILESIZE
from jhup.messages import Code, Failure, Greeting, Hello, Put, Reply, Request, Stat, Stored, Unknown

__all__ = ["Answer", "End", "Meaning", "Seen", "Stream", "Vector", "vector_files", "vectors"]

_FILE: Final = re.compile(r"upload-[\w-]+\.json", re.ASCII)


class Stream(StrEnum):
    """Which direction of a connection the bytes are."""

    REQUESTS = "requests"
    REPLIES = "replies"


class End(StrEnum):
    """Where the end of the bytes lies."""

    BETWEEN = "between"
    """Between two frames: the normal end."""
    INSIDE = "inside"
    """Inside a frame: truncated (ERR-6)."""
    MALFORMED = "malformed"
    """Behind a malformed frame; nothing after it was read (ERR-2)."""


class Answer(StrEnum):
    """Whether a server of class replies answers a malformed request (REPLY-15, REPLY-21, REPLY-22)."""

    OWED = "owed"
    NONE = "none"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Seen:
    """One frame.

    Attributes:
        message: what it says. A filesize of 2^63 stands for any that is as large or larger (HEAD-14),
            or is taken to be over the server's limit (HEAD-20).
        body: of a put, whole or as much as there is; None for any other message.
        refused: the clause for which a server refuses the request; None when it is to be carried out.
    """

    message: Request | Reply
    body: bytes | None = None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Meaning:
    """One right meaning of the bytes.

    Attributes:
        events: the complete frames, in order.
        end: where the bytes end.
        breaks: the clause by which the last frame is malformed; None otherwise.
        answer: whether that is answered; None for replies and where nothing is malformed.
        unfinished: the put whose body is cut off, if that is where the bytes end.
    """

    events: tuple[Seen, ...]
    end: End
    breaks: str | None = None
    answer: Answer | None = None
    unfinished: Seen | None = None

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong: no frame malformed, truncated or refused."""
        return self.end is End.BETWEEN and not any(seen.refused for seen in self.events)


@dataclass(frozen=True, slots=True)
class Vector:
    """Bytes of one direction of one connection, and what they mean.

    Attributes:
        name: what it is, unlike the name of any other vector.
        stream: which direction it is.
        clauses: identifiers of the clauses that it illustrates.
        wire: all the bytes; end of stream follows them.
        meanings: every right meaning; more than one where a clause says "either".
        canonical: whether `jhup.writer` gives exactly these bytes.
        near: name of the valid vector from which this one differs by one broken rule.
    """

    name: str
    stream: Stream
    clauses: tuple[str, ...]
    wire: bytes
    meanings: tuple[Meaning, ...]
    canonical: bool
    near: str | None

    @property
    def is_valid(self) -> bool:
        """Whether nothing is wrong with it in any right reading."""
        return all(meaning.is_clean for meaning in self.meanings)

    @property
    def is_invalid(self) -> bool:
        """Whether something is wrong with it in every right reading."""
        return not any(meaning.is_clean for meaning in self.meanings)


@cache
def vector_files() -> tuple[str, ...]:
    """Return the names of the files, in alphabetical order."""
    return tuple(sorted(entry.name for entry in (text_root() / "vectors").iterdir() if _FILE.fullmatch(entry.name)))


@cache
def vectors() -> tuple[Vector, ...]:
    """Return all vectors, in the order of the files."""
    return tuple(vector for name in vector_files() for vector in _file(name))


def _file(name: str) -> list[Vector]:
    content = json.loads((text_root() / "vectors" / name).read_text("utf-8"))
    stream = Stream(content["stream"])
    return [_vector(each, stream) for each in content["vectors"]]


def _vector(raw: dict[str, Any], stream: Stream) -> Vector:
    return Vector(
        name=raw["name"],
        stream=stream,
        clauses=tuple(raw["clauses"]),
        wire=_bytes(raw["wire"]),
        meanings=tuple(_meaning(each) for each in raw["outcomes"]),
        canonical=raw.get("canonical", False),
        near=raw.get("near"),
    )


def _bytes(parts: list[dict[str, Any]]) -> bytes:
    return b"".join(
        (bytes.fromhex(part["hex"]) if "hex" in part else part["text"].encode()) * part.get("times", 1)
        for part in parts
    )


def _meaning(raw: dict[str, Any]) -> Meaning:
    return Meaning(
        events=tuple(_seen(each) for each in raw["events"]),
        end=End(raw["end"]),
        breaks=raw.get("breaks"),
        answer=Answer(raw["reply"]) if "reply" in raw else None,
        unfinished=_seen(raw["unfinished"]) if "unfinished" in raw else None,
    )


def _seen(raw: dict[str, Any]) -> Seen:
    body = _bytes(raw["body"]) if "body" in raw else None
    return Seen(_message(raw), body, raw.get("refused"))


def _message(raw: dict[str, Any]) -> Request | Reply:
    match raw:
        case {"put": members}:
            return Put(_text(members, "filename"), int(members.get("filesize", MAX_FILESIZE + 1)), members["reply"])
        case {"stat": {"filename": None, "reply": reply}}:
            return Stat(None, reply)
        case {"stat": members}:
            return Stat(_text(members, "filename"), members["reply"])
        case {"hello": members}:
            return Hello(members["reply"])
        case {"unknown": members}:
            return Unknown(_text(members, "cmd"), members["reply"])
        case {"stored": members}:
            return Stored(members["filename"], int(members["filesize"]), members["sha256"])
        case {"failure": members}:
            return Failure(Code(members["code"]), members["message"], members["closing"])
        case {"greeting": members}:
            return _greeting(members)
        case _:
            raise ValueError(f"not a message of a vector: {sorted(raw)}")


def _text(members: dict[str, Any], name: str) -> str:
    if units := members.get(f"{name}_utf16"):  # what UTF-8 can't express: lone surrogates
        return bytes.fromhex(units).decode("utf-16-be", "surrogatepass")
    return str(members[name])


def _greeting(members: dict[str, Any]) -> Greeting:
    limit = members["max_filesize"]
    return Greeting(
        server=members["server"],
        features=tuple(members["features"]),
        max_header=members["max_header"],
        max_filesize=None if limit is None else int(limit),
        protocol=members["protocol"],
    )
