"""What a finding is about, in a record: its differences as JSON, so that nobody reads them out of sentences."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from jhup_conformance.differences import ClosedEarly, Difference, Gone, NotReplies, StillOpen, WrongBody, WrongReplies
from jhup_conformance.target.body import Body
from jhup_conformance.wire.transcript import Closed

__all__ = ["Lasting", "points_as_json", "points_from_json"]

Lasting: TypeAlias = WrongBody | StillOpen | ClosedEarly | Gone
"""Differences that can be looked for again from a record alone."""


def points_as_json(points: Iterable[Difference]) -> list[dict[str, Any]]:
    """Return differences for a record: those of replies and of other kinds by their kind alone."""
    return [_as_json(each) for each in points]


def _as_json(point: Difference) -> dict[str, Any]:
    match point:
        case WrongBody(name, wanted, found):
            return {"kind": "body", "name": name, "wanted": [_body(each) for each in wanted], "found": _body(found)}
        case StillOpen(within):
            return {"kind": "still open", "within": within}
        case ClosedEarly(how):
            return {"kind": "closed early", "how": how.value}
        case Gone(hung, how):
            return {"kind": "gone", "hung": hung, "how": how}
        case WrongReplies() | NotReplies():
            return {"kind": "replies"}
        case _:
            return {"kind": "other"}


def _body(body: Body | None) -> dict[str, Any] | None:
    return {"size": body.size, "sha256": body.sha256} if body else None


def points_from_json(record: Iterable[Mapping[str, Any]]) -> tuple[Lasting, ...] | None:
    """Read differences that can be looked for again; None where others are among them.

    What is wrong raises KeyError, ValueError or TypeError.
    """
    found: list[Lasting] = []
    for each in record:
        match each["kind"]:
            case "body":
                wanted = tuple(_read_body(body) for body in each["wanted"])
                found.append(WrongBody(str(each["name"]), wanted, _read_body(each["found"])))
            case "still open":
                found.append(StillOpen(float(each["within"])))
            case "closed early":
                found.append(ClosedEarly(Closed(each["how"])))
            case "gone":
                found.append(Gone(bool(each["hung"]), str(each["how"])))
            case _:
                return None
    return tuple(found)


def _read_body(record: Mapping[str, Any] | None) -> Body | None:
    return Body(int(record["size"]), str(record["sha256"])) if record else None
