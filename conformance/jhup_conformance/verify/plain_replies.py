"""The plainest requests that ask for a reply: where these are not answered rightly, other clauses speak of it."""

from typing import Final

from jhup_conformance.verify.names import name
from jhup_conformance.verify.requests import command, put, requests, stat

__all__ = ["PLAIN_REPLIES"]

_NAME: Final = name("asked")
_PUT: Final = put(b"abc", reply=True)

PLAIN_REPLIES: Final = tuple(
    stream.paced()
    for stream in (
        _PUT,
        requests(put(b"", reply=True), _PUT),
        requests(put(b"abc", name=_NAME + "-é日\U0001f600", reply=True), _PUT),
        requests(put(b"abcd", name=_NAME), stat(_NAME), _PUT),
        requests(stat(_NAME), _PUT),
        requests(command("x-nothing", reply=True), _PUT),
    )
)
