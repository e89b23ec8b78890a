"""The replies of the scripted server, written here and not by the writer under judgement."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jhup_conformance.clients.inbox import SentRequest

__all__ = ["framed", "ok_members", "refusal_members", "segments"]


def ok_members(request: SentRequest) -> dict[str, Any]:
    """Return the members of the right reply to a put."""
    return {
        "status": "ok",
        "filename": request.members.get("filename", ""),
        "filesize": request.came,
        "sha256": request.sha256,
    }


def refusal_members() -> dict[str, Any]:
    """Return the members of an error that leaves the connection open."""
    return {"status": "error", "code": "storage", "message": "the store is full", "closing": False}


def framed(members: Mapping[str, Any]) -> bytes:
    """Return a reply: prefix and object."""
    text = json.dumps(members, ensure_ascii=False).encode()
    return len(text).to_bytes(4, "little", signed=True) + text


def segments(data: bytes, cuts: tuple[int, ...]) -> Iterator[bytes]:
    """Yield the data cut before each index of `cuts`; (-1,) stands for all of them."""
    borders = list(range(len(data))) if cuts == (-1,) else [0, *(cut for cut in cuts if 0 < cut < len(data))]
    for start, end in zip(borders, [*borders[1:], len(data)], strict=True):
        yield data[start:end]
