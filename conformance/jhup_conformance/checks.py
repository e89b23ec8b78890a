"""What a check is written with: one import for the checks of `suite` and for those who add their own.

A stream says bytes (`put`, `stat`, `frame`, …), the judge sends and compares (`Judge.check`, `Judge.require`), a
`Dialogue` leads one connection step by step and a `Script` several; `check` says which clause it is all about.
"""

from jhup_conformance.differences import StillOpen, Unsolicited, WrongBody
from jhup_conformance.findings import Finding, NotOffered, NotSeen, TooShort, Wavering
from jhup_conformance.sizes import BUFFER_EDGES, bodies, edges_up_to, pattern, sizes
from jhup_conformance.target.body import Body
from jhup_conformance.verify.acquittal import SURE_PAUSE
from jhup_conformance.verify.closing import watch_closing
from jhup_conformance.verify.dialogue import Dialogue, wait_for_all
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.marks import check, clause_mark, together
from jhup_conformance.verify.names import NAME_LENGTH, name
from jhup_conformance.verify.peer import Peer
from jhup_conformance.verify.plain_replies import PLAIN_REPLIES
from jhup_conformance.verify.requests import NOTHING, command, frame, hello, put, raw, requests, stat
from jhup_conformance.verify.script import Script
from jhup_conformance.verify.stream import End, Stream
from jhup_conformance.wire.frames import header, prefix, request

__all__ = [
    "BUFFER_EDGES",
    "NAME_LENGTH",
    "NOTHING",
    "PLAIN_REPLIES",
    "SURE_PAUSE",
    "Body",
    "Dialogue",
    "End",
    "Finding",
    "Judge",
    "NotOffered",
    "NotSeen",
    "Peer",
    "Script",
    "StillOpen",
    "Stream",
    "TooShort",
    "Unsolicited",
    "Wavering",
    "WrongBody",
    "bodies",
    "check",
    "clause_mark",
    "command",
    "edges_up_to",
    "frame",
    "header",
    "hello",
    "name",
    "pattern",
    "prefix",
    "put",
    "raw",
    "request",
    "requests",
    "sizes",
    "stat",
    "together",
    "wait_for_all",
    "watch_closing",
]
