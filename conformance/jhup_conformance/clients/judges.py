"""Judgements that several cases share: the bytes against the file, and what the client reported."""

from collections.abc import Iterator

from jhup_conformance.clients.case import Broken, NotSeen, Seen
from jhup_conformance.clients.files import Placed
from jhup_conformance.clients.headers import header_faults, own_members, prefix_fault
from jhup_conformance.clients.inbox import SentRequest
from jhup_conformance.clients.talk import Talk

__all__ = [
    "body_is_the_file",
    "fails",
    "fails_with_a_message",
    "framing",
    "header_is_right",
    "members_have_their_meaning",
    "name_is_the_base_name",
    "own_members_begin_with_x",
    "puts",
    "succeeds",
    "was_asked",
]


def puts(seen: Seen) -> Iterator[tuple[Talk, SentRequest]]:
    """Yield the requests whose header came."""
    for talk in seen.talks:
        yield from ((talk, request) for request in talk.inbox.requests if request.has_header and request.header)


def _silent(seen: Seen) -> str:
    """Say that nothing came; empty if something did."""
    if not seen.talks:
        return f"no connection came; {seen.how_it_ended}"
    broken = next((talk.handshake for talk in seen.talks if talk.handshake), "")
    return f"no TLS handshake came to its end: {broken}" if broken else ""


def framing(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-1: the prefix counts the bytes of the header, little-endian."""
    expected = "a prefix of four bytes, little-endian, that counts the bytes of the header"
    if told := _silent(seen):
        return Broken("a connection, and on it a request", told)
    for talk in seen.talks:
        is_empty = not talk.inbox.count and any(True for _ in puts(seen))  # one that was opened and not used
        if not is_empty and (told := prefix_fault(talk.inbox)):
            return Broken(expected, told)
    return None


def _header_fault(seen: Seen, clause: str) -> Broken | NotSeen | None:
    if not any(True for _ in puts(seen)):
        return NotSeen("no header came")
    for talk, request in puts(seen):
        if prefix_fault(talk.inbox):
            continue
        for fault in header_faults(request):
            if fault.clause == clause:
                return Broken(fault.expected, fault.actual)
    return None


def header_is_right(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-2: one JSON object, its members once, the size in digits."""
    return _header_fault(seen, "CLIENT-2")


def members_have_their_meaning(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-6: the four members mean what they mean."""
    return _header_fault(seen, "CLIENT-6")


def _file_of(seen: Seen, request: SentRequest) -> Placed | None:
    """Return the file that a request is about: that of its name, or the only one there is."""
    if len(seen.files) == 1:
        return seen.file
    name = request.members.get("filename")
    return next((file for file in seen.files if file.name == name), None)


def name_is_the_base_name(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-3: the name is the base name."""
    wanted = [file.name for file in seen.files]
    if not any(True for _ in puts(seen)):
        return NotSeen("no header came")
    for _, request in puts(seen):
        name = request.members.get("filename")
        if isinstance(name, str) and name not in wanted:
            return Broken(f"filename {' or '.join(map(repr, wanted))}, without any folder", f"filename {name!r}")
    return None


def body_is_the_file(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-4: exactly `filesize` bytes, those of the file."""
    if not any(True for _ in puts(seen)):
        return NotSeen("no header came")
    for file in seen.files:
        mine = [(talk, request) for talk, request in puts(seen) if _file_of(seen, request) is file]
        if not mine:
            if any(prefix_fault(talk.inbox) for talk in seen.talks):
                return NotSeen("the stream can't be read as requests")
            return Broken(f"a put of {file.name!r}", "no put of it")
        broken = [fault for talk, request in mine if (fault := _body_fault(file, talk, request))]
        if len(broken) == len(mine):  # a put that was broken off and sent again is right in the end
            return broken[0]
    return None


def _body_fault(file: Placed, talk: Talk, request: SentRequest) -> Broken | None:
    if "filesize" not in request.members or request.members.get("cmd") != "put":
        return None  # other clauses are about these
    expected = f"exactly filesize bytes of body: the {file.size:,} bytes of the file"
    if talk.inbox.is_lost and not request.is_whole:
        return None
    if not request.is_whole:
        return Broken(expected, f"{request.came:,} of {request.filesize:,} bytes, then {talk.ended or 'nothing more'}")
    if extra := _bytes_after(talk, request):
        return Broken(expected, f"{extra:,} bytes more than filesize says: {bytes(talk.inbox.stray[:16]).hex(' ')}")
    if request.came == file.size and request.sha256 != file.sha256():
        return Broken(expected, _difference(file, request))
    if request.came < file.size:
        return Broken(expected, f"filesize {request.filesize:,} and as many bytes; the file has {file.size:,}")
    return None


def _bytes_after(talk: Talk, request: SentRequest) -> int:
    """Return how many bytes follow a body that no further request begins with."""
    headed = [each for each in talk.inbox.requests if each.has_header and each.header]
    if request is not headed[-1]:
        return 0
    return talk.inbox.count - sum(4 + len(each.header) + each.came for each in headed)


def _difference(file: Placed, request: SentRequest) -> str:
    data, kept = file.data or b"", bytes(request.kept)
    for index, (mine, theirs) in enumerate(zip(data, kept, strict=False)):
        if mine != theirs:
            near = slice(max(0, index - 4), index + 8)
            return (
                f"{request.came:,} bytes, of which byte {index} is {theirs:02x}: "
                f"{kept[near].hex(' ')}; in the file {data[near].hex(' ')}"
            )
    return f"{request.came:,} bytes with SHA-256 {request.sha256}, not {file.sha256()}"


def own_members_begin_with_x(seen: Seen) -> Broken | NotSeen | None:
    """EXT-3: members of its own begin with `x-`."""
    for _, request in puts(seen):
        if names := own_members(request):
            return Broken("members of its own that begin with x-", f"a member {names[0]!r}")
    return None if any(True for _ in puts(seen)) else NotSeen("no header came")


def was_asked(seen: Seen) -> bool:
    """Return whether any request asked for a reply."""
    return any(request.members.get("reply") is True for _, request in puts(seen))


def succeeds(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-19: what was carried out is reported as success."""
    if seen.ending is not None and seen.ending.status == 0:
        return None
    return Broken("success reported (status 0): all went well", seen.how_it_ended)


def fails(seen: Seen) -> Broken | NotSeen | None:
    """The client reports failure, whatever clause orders it."""
    if seen.reported_success:
        return Broken("failure reported", f"the client reported success: {seen.how_it_ended}")
    return None


def fails_with_a_message(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-17: a failure shows in the status and in a message."""
    ending = seen.ending
    if ending is None or seen.reported_success:
        return NotSeen("no failure was reported that could be looked at")
    if ending.status == 0:
        return Broken("a non-zero exit status", f"status 0, with the message {ending.said!r}")
    if not seen.has_message:
        return Broken("a message on standard error", f"status {ending.status}, and nothing on standard error")
    return None
