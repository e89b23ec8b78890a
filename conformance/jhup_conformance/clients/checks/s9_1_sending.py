"""Section 9.1, sending: bytes on the wire, and files that are not as they seem."""

from typing import Final

from jhup_conformance.clients.case import Broken, Case, Check, Effort, NotSeen, Seen, about_bytes, about_report
from jhup_conformance.clients.files import Change, Content, File
from jhup_conformance.clients.judges import (
    body_is_the_file,
    fails,
    framing,
    header_is_right,
    members_have_their_meaning,
    name_is_the_base_name,
    own_members_begin_with_x,
    puts,
    succeeds,
)
from jhup_conformance.clients.script import Do, Step, body, change, header, refuse, reset, sample, serve, to_end, wait

__all__ = ["BIG", "BYTES", "CASES", "PLAIN", "SMALL_MEMORY"]

BIG: Final = 20 * 1024 * 1024
"""Bytes of a file that does not fit into the buffers between two programs."""
_FILM: Final = 256 * 1024 * 1024
"""Bytes of a file that a client must not hold in memory."""
_SMALL: Final = 16 * 1024 * 1024
"""Bytes of a file that a client may hold in memory, and too many to be handed over and forgotten before a look."""
_GROWTH: Final = 100 * 1024 * 1024
"""Bytes that a client's memory may grow by while it sends such a file; garbage collectors are given some room."""
_OVER_32_BITS: Final = 2**32 + 1

BYTES: Final[dict[str, Check]] = {
    "CLIENT-1": about_bytes(framing),
    "CLIENT-2": about_bytes(header_is_right),
    "CLIENT-3": about_bytes(name_is_the_base_name),
    "CLIENT-4": about_bytes(body_is_the_file),
    "CLIENT-6": about_bytes(members_have_their_meaning),
}
"""What holds of every upload that comes to its end."""

PLAIN: Final = Case(
    name="one small file",
    checks={**BYTES, "CLIENT-19": about_report(succeeds), "EXT-3": about_bytes(own_members_begin_with_x)},
    script=(Step(do=Do.SERVE, seconds=2.0),),
    effort=Effort.QUICK,
)
"""The control: a client that fails it is judged no further."""

SMALL_MEMORY: Final = Case(
    name="a small file, and the client's memory",
    script=(header, body(4 * 1024 * 1024), sample, serve),
    file=File(name="small.img", content=Content.SPARSE, size=_SMALL),
    needs_memory=True,
)
"""What the memory of a client is when the file is small."""


def stays_exact(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-4: what the file becomes during the upload changes nothing."""
    for _, request in puts(seen):
        if not request.is_whole:
            return Broken(
                f"{request.filesize:,} bytes of body, as announced",
                f"{request.came:,} bytes of body, although the file has them",
            )
    return body_is_the_file(seen) if any(step.change is Change.GROW for step in seen.case.script) else None


def never_pads(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-5: a file that shrank is a failure, and its body is not completed."""
    for _, request in puts(seen):
        if request.is_whole:
            if request.sha256 == seen.file.sha256():
                return NotSeen("the client had read the whole file before it shrank: nothing of that can show")
            return Broken(
                "the connection closed inside the body",
                f"all {request.filesize:,} bytes of body, of which {request.filesize // 4:,} are no more in the file",
            )
    return fails(seen)


def keeps_memory(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-7: memory does not grow with the file."""
    samples = [size for talk in seen.talks for size in talk.samples]
    if not samples or not seen.small_memory:
        return NotSeen("the memory of the client can't be seen: it ran too short, or elsewhere")
    growth = max(samples) - seen.small_memory
    if growth > _GROWTH:
        return Broken(
            f"memory that does not grow with the file: within {_GROWTH >> 20} MiB of what a small file takes",
            f"{growth >> 20} MiB more for a file of {_FILM >> 20} MiB than for one of {_SMALL >> 20} MiB",
        )
    return None


def announces_all(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-7: a size over 2^32 is announced as it is."""
    for _, request in puts(seen):
        filesize = request.members.get("filesize")
        if filesize != seen.file.size:
            return Broken(f"filesize {seen.file.size}", f"filesize {filesize}")
        return None
    return Broken(f"a put of a file of {seen.file.size:,} bytes", f"no header came; {seen.how_it_ended}")


def fails_before_connecting(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-8: no connection is made for a name that isn't valid."""
    if seen.talks:
        return Broken(
            f"failure before a connection is made: {seen.file.name!r} is not a valid name", "the client connected"
        )
    return fails(seen)


def whole_body(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-9: the whole body is supplied, whatever the server thinks of it."""
    for _, request in puts(seen):
        if not request.is_whole:
            return Broken(
                f"all {request.filesize:,} bytes of body: the error says closing false",
                f"{request.came:,} bytes of body after it",
            )
        return None
    return NotSeen("no header came")


def completes_nothing(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-20: what can't be read is a failure, and stored nowhere."""
    for _, request in puts(seen):
        if request.is_whole and request.members.get("cmd") == "put":
            return Broken("no put that a server would carry out", f"a put of {request.filesize:,} bytes")
    return fails(seen)


_WINDOW_SHUT: Final = (header, body(64 * 1024))


def _named(name: str, *, awkward: bool = False, posix: bool = False) -> Case:
    return Case(
        name=f"a file named {name!r}",
        checks={**BYTES, "CLIENT-19": about_report(succeeds)},
        file=File(name=name, size=700),
        awkward=awkward,
        posix=posix,
    )


def _invalid(name: str, raw_name: str = "", *, effort: Effort = Effort.DEFAULT) -> Case:
    return Case(
        name="a file whose name is not UTF-8" if raw_name else f"a file named {name!r}, which is no valid name",
        checks={"CLIENT-8": about_report(fails_before_connecting)},
        file=File(name=name, raw_name=raw_name),
        posix=True,
        effort=effort,
        awkward=any(each.isspace() for each in name) or bool(raw_name),
    )


def _lost(name: str, content: Content, *, posix: bool = False, effort: Effort = Effort.DEFAULT) -> Case:
    return Case(
        name=name,
        checks={"CLIENT-20": about_report(completes_nothing)},
        file=File(name="gone.txt", content=content),
        effort=effort,
        posix=posix,
    )


CASES: Final[tuple[Case, ...]] = (
    PLAIN,
    Case(
        name="a name of characters that are several bytes",
        checks={**BYTES, "CLIENT-19": about_report(succeeds)},
        file=File(name="日本é.txt", size=1000),
        effort=Effort.QUICK,
    ),
    _named("-rf"),
    _named("two  words.txt", awkward=True),
    _named("quo\"te'd.txt", awkward=True, posix=True),
    _named(".hidden"),
    Case(
        name="an empty file",
        checks={**BYTES, "CLIENT-19": about_report(succeeds)},
        file=File(name="empty.txt", size=0),
        effort=Effort.QUICK,
    ),
    Case(
        name="a file of binary bytes",
        checks={"CLIENT-4": about_bytes(body_is_the_file), "CLIENT-19": about_report(succeeds)},
        file=File(name="data.bin", content=Content.BINARY, size=100_003),
        effort=Effort.QUICK,
    ),
    Case(
        name="a file of lines that end in CR LF",
        checks={"CLIENT-4": about_bytes(body_is_the_file), "CLIENT-19": about_report(succeeds)},
        file=File(name="lines.txt", content=Content.CRLF, size=3000),
    ),
    *(
        Case(
            name=f"a file of {size:,} bytes",
            checks={"CLIENT-4": about_bytes(body_is_the_file)},
            file=File(name="edge.bin", content=Content.BINARY, size=size),
            effort=Effort.DEFAULT if size in (1, 1_048_577) else Effort.THOROUGH,
        )
        for size in (1, 1023, 1024, 1025, 4096, 8191, 8192, 65_535, 65_536, 65_537, 1_048_577)
    ),
    Case(
        name="three files in one run",
        checks={"CLIENT-4": about_bytes(body_is_the_file), "CLIENT-19": about_report(succeeds)},
        file=File(name="first.bin", content=Content.BINARY, size=5000),
        more=(File(name="second.txt", size=0), File(name="third.bin", content=Content.BINARY, size=70_000)),
    ),
    Case(
        name="the file grows while it is sent",
        checks={"CLIENT-4": about_bytes(stays_exact)},
        script=(*_WINDOW_SHUT, change(Change.GROW), serve),
        file=File(name="log.bin", content=Content.BINARY, size=BIG),
    ),
    Case(
        name="the file is replaced while it is sent",
        checks={"CLIENT-4": about_bytes(stays_exact)},
        script=(*_WINDOW_SHUT, change(Change.REPLACE), serve),
        file=File(name="replaced.bin", content=Content.BINARY, size=BIG),
        posix=True,  # elsewhere an open file can't be replaced
    ),
    Case(
        name="the file shrinks while it is sent",
        checks={"CLIENT-5": about_report(never_pads)},
        script=(*_WINDOW_SHUT, change(Change.SHRINK), serve),
        file=File(name="shrunk.bin", content=Content.BINARY, size=BIG),
        effort=Effort.QUICK,
    ),
    Case(
        name="a file of 256 MiB, and the client's memory",
        checks={"CLIENT-7": about_bytes(keeps_memory)},
        script=(header, body(200 * 1024 * 1024), sample, serve),
        file=File(name="film.img", content=Content.SPARSE, size=_FILM),
        effort=Effort.QUICK,
        needs_memory=True,
    ),
    Case(
        name="the header for a file of 4 GiB and a byte",
        checks={"CLIENT-7": about_bytes(announces_all)},
        script=(header, body(1024), reset),
        file=File(name="disk.img", content=Content.SPARSE, size=_OVER_32_BITS),
        after="a file of 256 MiB, and the client's memory",
    ),
    Case(
        name="a file of 4 GiB and a byte",
        checks={"CLIENT-7": about_bytes(body_is_the_file)},
        file=File(name="disk.img", content=Content.SPARSE, size=_OVER_32_BITS),
        effort=Effort.THOROUGH,
        after="a file of 256 MiB, and the client's memory",
    ),
    _invalid("back\\slash.txt", effort=Effort.QUICK),
    _invalid("line\nbreak.txt"),
    _invalid("delete\x7f.txt"),
    _invalid("?", raw_name=b"latin-\xe9.txt".hex()),
    Case(
        name="an error before the body, which says closing false",
        checks={"CLIENT-9": about_bytes(whole_body), "CLIENT-16": about_report(fails)},
        script=(header, refuse(), wait(0.3), body(), to_end),
        file=File(name="refused.bin", content=Content.BINARY, size=BIG),
        asks=True,
        effort=Effort.QUICK,
    ),
    _lost("a file that does not exist", Content.MISSING, effort=Effort.QUICK),
    _lost("a folder in place of a file", Content.FOLDER),
    _lost("a file that may not be read", Content.UNREADABLE, posix=True),
)
