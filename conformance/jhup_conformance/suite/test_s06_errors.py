"""Section 6.1, errors: malformed and refused requests, and what they must not do to the store and to others."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from jhup.limits import MAX_FILESIZE
from jhup_conformance.checks import (
    Body,
    End,
    Finding,
    Judge,
    NotOffered,
    NotSeen,
    Script,
    Stream,
    check,
    frame,
    header,
    name,
    prefix,
    put,
    requests,
    together,
)
from jhup_conformance.suite.support.fairness import only_where

OLD = b"what was stored before\n"
NEW = b"what must not be stored"

Break = Callable[[str], bytes]
"""Makes the header of a put of a name, with one rule broken."""


def members(name: str, **others: object) -> bytes:
    return header(**{"cmd": "put", "filename": name, "filesize": len(NEW)} | others)


MALFORMED: dict[str, Break] = {
    "not JSON": lambda name: members(name)[:-1] + b",}",
    "single quotes": lambda name: members(name).replace(b'"', b"'"),
    "not UTF-8": lambda name: members(name, x="~").replace(b"~", b"\xff"),
    "a byte order mark after white space": lambda name: b" \xef\xbb\xbf" + members(name),
    "an array": lambda name: b"[" + members(name) + b"]",
    "bytes after the object": lambda name: members(name) + b"x",
    "two objects": lambda name: members(name) + members(name),
    "NaN": lambda name: members(name)[:-1] + b',"x":NaN}',
    "no cmd": lambda name: header(filename=name, filesize=len(NEW)),
    "cmd is null": lambda name: members(name, cmd=None),
    "filename is a number": lambda name: members(name, filename=5),
    "no filesize": lambda name: header(cmd="put", filename=name),
    "filesize is negative": lambda name: members(name, filesize=-1),
    "filesize is a string": lambda name: members(name, filesize=str(len(NEW))),
    "filesize is true": lambda name: members(name, filesize=True),
    "filesize is null": lambda name: members(name, filesize=None),
    "filesize has a fraction": lambda name: members(name, filesize=len(NEW) + 0.5),
}
malformed = together("broken", MALFORMED.values(), MALFORMED, at_a_time=6)


FILE = name("file")
OTHER = name("other")
SOUND = requests(frame(members(FILE), NEW).having({FILE: OLD}), put(b"a put after it")).paced()
"""What the malformed puts below would be with no rule broken."""


def of_new(breaks: Break) -> Stream:
    return frame(breaks(FILE), NEW).watching(FILE).paced().ending(End.FINISH)


def over_old(breaks: Break) -> Stream:
    return of_new(breaks).having({FILE: OLD})


def before_puts(breaks: Break) -> Stream:
    """Return a put; a malformed header; and right after it puts that must not be read as such."""
    broken = frame(breaks(FILE)).watching(FILE)
    trap = put(b"and another", name=OTHER).having({OTHER: OLD})
    return requests(put(b"before it"), broken, put(b"trap"), trap).ending(End.FINISH)


def is_sound_to(judge: Judge, breaks: Break) -> bool:
    """Tell whether the target takes a malformed header for sound, which chapter 3 covers: it stores the body."""
    with judge.converse() as dialogue:
        watched = dialogue.send(of_new(breaks)).watched
        dialogue.wait_for_close(patience=judge.pace.patience)
        return Body.of(NEW) in judge.observer.look(watched).values()


@check("ERR-1")
@malformed
def test_a_malformed_request_leaves_the_store_as_it_was(judge: Judge, broken: tuple[Break, ...]) -> None:
    judge.require(SOUND, why="the same put with no rule broken fails too")
    kept = [breaks for breaks in broken if not is_sound_to(judge, breaks)]
    if not kept:
        pytest.skip("the server takes such headers for sound; chapter 3 covers this")

    judge.check(*(each(breaks) for breaks in kept for each in (over_old, of_new)))


@check("ERR-2")
@malformed
def test_nothing_after_a_malformed_header_is_read_as_a_request(judge: Judge, broken: tuple[Break, ...]) -> None:
    judge.require(SOUND, why="the same put with no rule broken fails too")

    judge.check(*(before_puts(breaks).paced() for breaks in broken))


@check("ERR-2")
def test_nothing_in_the_segment_of_a_malformed_header_is_read_as_a_request(judge: Judge) -> None:
    only_where(judge, SOUND.whole().ending(End.FINISH))

    judge.check(*map(before_puts, MALFORMED.values()))


# Refused puts. A name that the target might make out of a bad one is watched as well.

Refused = Callable[[str], tuple[str, Iterable[str]]]
"""Makes a name that has to be refused out of a good one, and the names that a careless server makes of it."""

REFUSED: dict[str, Refused] = {
    "a slash": lambda name: (f"a/{name}", [name, f"a{name}", f"a_{name}", f"a-{name}"]),
    "a slash at its end": lambda name: (f"{name}/", [name, f"{name}_"]),
    "a backslash": lambda name: (f"a\\{name}", [name, f"a{name}", f"a_{name}"]),
    "NUL": lambda name: (f"{name}\0b", [name, f"{name}b", f"{name}_b"]),
    "a line end": lambda name: (f"{name}\n", [name, f"{name}_"]),
    "DEL": lambda name: (f"{name}\x7fb", [name, f"{name}b", f"{name}_b"]),
    "256 letters": lambda name: (name.ljust(256, "a"), [name.ljust(255, "a"), name]),
    "86 wide characters": lambda name: (name.ljust(103, "日"), [name.ljust(97, "日"), name]),
    "nothing": lambda _: ("", []),
    "dot": lambda _: (".", []),
    "dots": lambda _: ("..", []),
}
refused = together("refused", REFUSED.values(), REFUSED, at_a_time=4)


TRAPS = requests(put(b"trap"), put(b"trap"))
"""A body that looks like requests; the names in it are watched."""
ACCEPTED = requests(put(b"before it"), put(TRAPS), put(b"after it"))


def refused_with_traps(refuse: Refused) -> Stream:
    """Return a put; one that has to be refused, its body full of requests; a put."""
    bad, watched = refuse(FILE)
    return requests(put(b"before it"), put(TRAPS, name=bad).watching(FILE, *watched), put(b"after it"))


def refused_alone(refuse: Refused) -> Stream:
    bad, watched = refuse(FILE)
    return put(NEW, name=bad).having({FILE: OLD}).watching(*watched).paced()


def require_accepted(judge: Judge) -> None:
    judge.require(ACCEPTED.paced(), why="the same with a good name fails too")


@check("ERR-4")
@refused
def test_a_refused_put_leaves_the_store_as_it_was(judge: Judge, refused: tuple[Refused, ...]) -> None:
    require_accepted(judge)

    judge.check(*map(refused_alone, refused))


@check("ERR-4")
def test_a_put_over_the_size_limit_leaves_the_store_as_it_was(judge: Judge) -> None:
    limit = judge.limits.max_filesize
    if limit == MAX_FILESIZE:
        raise NotOffered("the server names no size limit of its own")
    require_accepted(judge)

    claims = [limit + over for over in (1, 2**31) if limit + over <= MAX_FILESIZE]
    heads = [header(cmd="put", filename=FILE, filesize=claim) for claim in claims]
    judge.check(*(frame(head, NEW).having({FILE: OLD}).paced() for head in heads))

    if limit < judge.effort.largest_body:
        whole = put(bytes(limit + 1), name=FILE).having({FILE: OLD}).paced()
        judge.check(whole, whole.ending(End.FINISH))


@check("ERR-5")
@refused
def test_the_body_of_a_refused_put_is_not_read_as_requests(judge: Judge, refused: tuple[Refused, ...]) -> None:
    require_accepted(judge)

    judge.check(*(refused_with_traps(refuse).paced() for refuse in refused))


@check("ERR-5")
def test_the_body_of_a_refused_put_in_the_same_segment_is_not_read_as_requests(judge: Judge) -> None:
    only_where(judge, ACCEPTED)

    judge.check(*map(refused_with_traps, REFUSED.values()))


BLOCK = 512


def full_of_traps(length: int) -> Stream | bytes:
    """Return a body in which a request begins wherever a buffer may end, and ends with it; zeros if it is too short."""
    trap = put(b"trap")
    if length < len(trap):
        return bytes(length)
    filler = header(cmd="x-nothing").ljust(BLOCK - len(trap) - 4)
    block = trap.data + prefix(len(filler)) + filler
    body = (block * (length // BLOCK + 1))[: length - len(trap)] + trap.data
    return replace(trap, data=body, fields=())


def refused_of_length(length: int) -> Stream:
    """Return a refused put with a body of a length, full of requests where there is room for one, and two puts."""
    refused = put(full_of_traps(length), name="a/b")
    return requests(refused, put(b"after it"), put(b"and after that")).paced()


@check("ERR-5")
@pytest.mark.parametrize("around", [0, 4, 256, 1024, 4096, 8192, 65_536])
def test_a_refused_body_of_any_length_is_consumed_exactly_or_not_at_all(judge: Judge, around: int) -> None:
    require_accepted(judge)
    lengths = [length for length in (around - 1, around, around + 1, 3 * around) if length >= 0]

    judge.check(*map(refused_of_length, lengths))


@check("ERR-5")
def test_a_refused_body_as_long_as_the_next_request_is_not_taken_for_it(judge: Judge) -> None:
    like_the_next = put(b"after it")
    puts = (put(b"after it"), put(b"and after that"))
    only_where(judge, requests(put(like_the_next), *puts))
    refused = requests(put(like_the_next, name="a/b"), *puts)

    judge.check(refused, refused.paced())


@check("ERR-5")
@pytest.mark.parametrize("size", [2**32, 2**32 + 40, 2**40, 2**62], ids=["2^32", "2^32+40", "2^40", "2^62"])
def test_a_refused_body_of_many_gigabytes_is_not_read_as_requests(judge: Judge, size: int) -> None:
    require_accepted(judge)
    refused = frame(header(cmd="put", filename="a/b", filesize=size), TRAPS)
    accepted = frame(header(cmd="put", filename=FILE, filesize=size), TRAPS).doubting(FILE)

    for each in (refused.paced(), refused, refused.ending(End.FINISH)):
        judge.check(each, requires=(), blameless_if=accepted.paced())


@check("ERR-10")
@pytest.mark.parametrize("size", [0, 1, 60, 1024, 4096])
def test_the_body_of_a_refused_put_is_consumed_and_the_next_request_served(judge: Judge, size: int) -> None:
    require_accepted(judge)
    if not judge.takes_two_at_once:
        raise NotSeen("requests that arrive together are not all carried out; FRAME-8 covers this")
    try:
        put_after(judge, put(bytes(size), name="a/b"), "sends a refused put")
    except Finding as finding:
        accepted = put(bytes(size), name=judge.names.new())
        try:
            put_after(judge, accepted, "sends a put")
        except Finding as reason:
            raise NotSeen(f"the same fails with a valid name: expected {reason}") from None
        raise finding.worded(f"the next request served: {finding.expected}") from None


def put_after(judge: Judge, first: Stream, note: str) -> None:
    """Send a put at once after something else."""
    file = judge.names.new()
    script = Script(judge, file)
    with script.connect() as peer:
        script.send(peer.sends(first, note))
        script.step(peer.sends(put(b"next", name=file), "sends a put after it"))


@check("ERR-2")
def test_no_malformed_header_is_forgiven_however_often_it_comes(judge: Judge) -> None:
    judge.require(SOUND, why="the same put with no rule broken fails too")
    kept = [breaks for breaks in MALFORMED.values() if not is_sound_to(judge, breaks)]

    for breaks in kept[:4]:
        for _ in range(6):
            judge.check(before_puts(breaks).paced())
