"""Section 6.1, errors: malformed and refused requests, and what they must not do to the store and to others."""

from collections.abc import Callable, Iterable
from functools import partial

import pytest

from jhup.limits import MAX_FILESIZE
from jhup_conformance.findings import Finding, NotOffered
from jhup_conformance.suite.support.fairness import only_where
from jhup_conformance.verify.exchange import Case, End
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.marks import checks, together
from jhup_conformance.verify.script import Conversation, Move, frame
from jhup_conformance.verify.stream import Talk, header, prefix

OLD = b"what was stored before\n"
NEW = b"what must not be stored"

Break = Callable[[str], bytes]
"""Gives the header of a put of a name, with one rule broken."""


def members(name: str, **others: object) -> bytes:
    return header(**{"cmd": "put", "filename": name, "filesize": len(NEW)} | others)


MALFORMED: dict[str, tuple[str, Break]] = {
    "not JSON": ("HEAD-6", lambda name: members(name)[:-1] + b",}"),
    "single quotes": ("HEAD-6", lambda name: members(name).replace(b'"', b"'")),
    "not UTF-8": ("HEAD-4", lambda name: members(name, x="~").replace(b"~", b"\xff")),
    "a byte order mark after white space": ("HEAD-6", lambda name: b" \xef\xbb\xbf" + members(name)),
    "an array": ("HEAD-8", lambda name: b"[" + members(name) + b"]"),
    "bytes behind the object": ("HEAD-7", lambda name: members(name) + b"x"),
    "two objects": ("HEAD-7", lambda name: members(name) + members(name)),
    "NaN": ("HEAD-9", lambda name: members(name)[:-1] + b',"x":NaN}'),
    "no cmd": ("HEAD-10", lambda name: header(filename=name, filesize=len(NEW))),
    "cmd is null": ("HEAD-10", lambda name: members(name, cmd=None)),
    "filename is a number": ("HEAD-11", lambda name: members(name, filename=5)),
    "no filesize": ("HEAD-12", lambda name: header(cmd="put", filename=name)),
    "filesize is negative": ("HEAD-12", lambda name: members(name, filesize=-1)),
    "filesize is a string": ("HEAD-12", lambda name: members(name, filesize=str(len(NEW)))),
    "filesize is true": ("HEAD-12", lambda name: members(name, filesize=True)),
    "filesize is null": ("HEAD-12", lambda name: members(name, filesize=None)),
    "filesize has a fraction": ("HEAD-12", lambda name: members(name, filesize=len(NEW) + 0.5)),
}
"""Broken headers, each with the rule that it breaks."""
malformed = together("broken", MALFORMED.values(), MALFORMED, at_a_time=6)


def malformed_to(judge: Judge, broken: Iterable[tuple[str, Break]]) -> list[Break]:
    """Give those that break a rule which the target keeps, so far as is known: the others are sound to it."""
    kept = [breaks for rule, breaks in broken if rule not in judge.failed]
    if not kept:
        pytest.skip("the target takes such headers for sound, and other clauses speak of that")
    return kept


def sound_over_old(talk: Talk) -> None:
    """What the malformed puts below would be with no rule broken."""
    talk.frame(members(talk.had(OLD)), NEW)
    talk.put(b"a put behind it")


def malformed_over_old(breaks: Break, talk: Talk) -> None:
    talk.frame(breaks(talk.had(OLD)), NEW)


def malformed_of_new(breaks: Break, talk: Talk) -> None:
    talk.frame(breaks(talk.new_name()), NEW)


def malformed_before_puts(breaks: Break, talk: Talk) -> None:
    """A put; a malformed header; and right behind it puts that must not be read as such."""
    talk.put(b"before it")
    talk.frame(breaks(talk.new_name()))
    talk.put(b"trap")
    talk.put(b"and another", name=talk.had(OLD))


RECIPES = (malformed_over_old, malformed_of_new)


def control_of_malformed(judge: Judge) -> None:
    judge.control(Case.unhurried(sound_over_old), why="the same put with no rule broken fails too")


@checks("ERR-1")
@malformed
def test_a_malformed_request_leaves_the_store_as_it_was(judge: Judge, broken: tuple[tuple[str, Break], ...]) -> None:
    control_of_malformed(judge)

    recipes = (partial(recipe, breaks) for breaks in malformed_to(judge, broken) for recipe in RECIPES)
    judge.expect_all(Case.unhurried(recipe, End.FINISH) for recipe in recipes)


@checks("ERR-2")
@malformed
def test_nothing_behind_a_malformed_header_is_read_as_a_request(
    judge: Judge, broken: tuple[tuple[str, Break], ...]
) -> None:
    control_of_malformed(judge)

    judge.expect_all(Case.unhurried(partial(malformed_before_puts, breaks), End.FINISH) for _, breaks in broken)


@checks("ERR-2")
def test_nothing_in_the_segment_of_a_malformed_header_is_read_as_a_request(judge: Judge) -> None:
    only_where(judge, Case(sound_over_old, end=End.FINISH))

    judge.expect_all(Case(partial(malformed_before_puts, breaks), end=End.FINISH) for _, breaks in MALFORMED.values())


# Refused puts. A name that the target might make out of a bad one is watched as well.

Refused = Callable[[str], tuple[str, Iterable[str]]]
"""Gives a name that has to be refused, made of a good one, and the names that a careless server makes of it."""

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


def traps(talk: Talk, count: int = 2) -> bytes:
    """Give a body that looks like requests; the names in it are watched."""
    return b"".join(frame(b"trap", cmd="put", filename=talk.new_name(), filesize=4) for _ in range(count))


def accepted_with_traps(talk: Talk) -> None:
    talk.put(b"before it")
    talk.put(traps(talk))
    talk.put(b"behind it")


def refused_with_traps(refuse: Refused, talk: Talk) -> None:
    """A put; one that has to be refused, its body full of requests; a put."""
    talk.put(b"before it")
    bad, watched = refuse(talk.new_name())
    talk.watched += [name for name in watched if name not in talk.watched]
    talk.put(traps(talk), name=bad)
    talk.put(b"behind it")


def refused_alone(refuse: Refused, talk: Talk) -> None:
    bad, watched = refuse(talk.had(OLD))
    talk.watched += [name for name in watched if name not in talk.watched]
    talk.put(NEW, name=bad)


def control_of_refused(judge: Judge) -> None:
    judge.control(Case.unhurried(accepted_with_traps), why="the same with a good name fails too")


@checks("ERR-4")
@refused
def test_a_refused_put_leaves_the_store_as_it_was(judge: Judge, refused: tuple[Refused, ...]) -> None:
    control_of_refused(judge)

    judge.expect_all(Case.unhurried(partial(refused_alone, refuse)) for refuse in refused)


@checks("ERR-4")
def test_a_put_over_the_size_limit_leaves_the_store_as_it_was(judge: Judge) -> None:
    limit = judge.runner.server.max_filesize
    if limit == MAX_FILESIZE:
        raise NotOffered("the target names no size limit of its own")
    control_of_refused(judge)

    def too_large(over: int, talk: Talk) -> None:
        talk.frame(header(cmd="put", filename=talk.had(OLD), filesize=limit + over), NEW)

    judge.expect_all(Case.unhurried(partial(too_large, over)) for over in (1, 2**31) if limit + over <= MAX_FILESIZE)

    def whole(talk: Talk) -> None:
        talk.put(bytes(limit + 1), name=talk.had(OLD))

    if limit < judge.effort.largest_body:
        judge.expect_all([Case.unhurried(whole), Case.unhurried(whole, End.FINISH)])


@checks("ERR-5")
@refused
def test_the_body_of_a_refused_put_is_not_read_as_requests(judge: Judge, refused: tuple[Refused, ...]) -> None:
    control_of_refused(judge)

    judge.expect_all(Case.unhurried(partial(refused_with_traps, refuse)) for refuse in refused)


@checks("ERR-5")
def test_the_body_of_a_refused_put_in_the_same_segment_is_not_read_as_requests(judge: Judge) -> None:
    only_where(judge, accepted_with_traps)

    judge.expect_all(Case(partial(refused_with_traps, refuse)) for refuse in REFUSED.values())


BLOCK = 512


def full_of_traps(talk: Talk, length: int) -> bytes:
    """Give a body in which a request begins wherever a buffer may end, and ends with it; zeros if it is too short."""
    trap = traps(talk, 1)
    if length < len(trap):
        return bytes(length)
    filler = header(cmd="x-nothing").ljust(BLOCK - len(trap) - 4)
    block = trap + prefix(len(filler)) + filler
    return (block * (length // BLOCK + 1))[: length - len(trap)] + trap


def refused_of_length(length: int, talk: Talk) -> None:
    """A refused put with a body of a length, full of requests where there is room for one."""
    talk.put(full_of_traps(talk, length), name="a/b")
    talk.put(b"behind it")
    talk.put(b"and behind that")


@checks("ERR-5")
@pytest.mark.parametrize("around", [0, 4, 256, 1024, 4096, 8192, 65_536])
def test_a_refused_body_of_any_length_is_consumed_exactly_or_not_at_all(judge: Judge, around: int) -> None:
    control_of_refused(judge)
    lengths = [length for length in (around - 1, around, around + 1, 3 * around) if length >= 0]

    judge.expect_all(Case.unhurried(partial(refused_of_length, length), strictly=True) for length in lengths)


@checks("ERR-5")
def test_a_refused_body_as_long_as_the_next_request_is_not_taken_for_it(judge: Judge) -> None:
    def recipe(name: str, talk: Talk) -> None:
        body = frame(b"behind it", cmd="put", filename=talk.new_name(), filesize=9)
        talk.put(body, name=name or None)
        talk.put(b"behind it")
        talk.put(b"and behind that")

    only_where(judge, partial(recipe, ""))

    judge.expect_all([Case(partial(recipe, "a/b")), Case.unhurried(partial(recipe, "a/b"))])


@checks("ERR-10")
@pytest.mark.parametrize("size", [0, 1, 60, 1024, 4096])
def test_the_body_of_a_refused_put_is_consumed_and_the_next_request_served(judge: Judge, size: int) -> None:
    judge.control(Case.unhurried(accepted_with_traps), why="the same with a good name fails too")
    name = judge.names.new()
    talk = Conversation(judge, [name])
    with talk.join() as party:
        talk.send(Move(party, frame(bytes(size), cmd="put", filename="a/b", filesize=size), "a refused put"))
        party.under_way = b""
        try:
            talk.step(Move(party, frame(b"next", cmd="put", filename=name, filesize=4), "a put behind it"))
        except Finding as finding:
            raise Finding(f"the next request served: {finding.expected}", finding.actual, finding.transcript) from None
