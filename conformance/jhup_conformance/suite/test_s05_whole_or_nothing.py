"""Sections 5.2 and 5.3, storing whole or not at all: while puts are under way, when they break off, and on disk."""

import contextlib
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from jhup.names import is_valid_name
from jhup_conformance.findings import Finding, NotSeen
from jhup_conformance.sizes import pattern
from jhup_conformance.suite.support.fairness import require_halves, require_lanes
from jhup_conformance.target.store import Body
from jhup_conformance.verify.exchange import Case, End, script
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.marks import checks
from jhup_conformance.verify.script import Conversation, Move, Party, frame, part_of_put, rest_of_put, whole_put
from jhup_conformance.verify.stream import Recipe, Talk
from jhup_conformance.wire.line import drive
from jhup_conformance.wire.transcript import Action

OLD = b"what was stored before\n" * 3
NEW = b"what shall replace it\n" * 5
LONGEST_WATCH = 20.0
BETWEEN_LOOKS = 0.0001
"""Seconds: short enough for the moment in which a body is copied."""
PLACES = ("behind the header", "in the body", "before the last byte", "in the header", "in the prefix")


def put_over_old(talk: Talk) -> None:
    talk.put(NEW, name=talk.had(OLD))


def cut_off(talk: Talk, sent: int) -> None:
    """Let a talk end in the middle of a request."""
    talk.stream = talk.stream[:sent]
    talk.fields = [field for field in talk.fields if field.start < sent]


def half_over_old(sent: int, talk: Talk) -> None:
    """The first `sent` bytes of a put of a name that has a body."""
    put_over_old(talk)
    cut_off(talk, sent)


def half_of_new(sent: int, talk: Talk) -> None:
    """The first `sent` bytes of a put of a name that has none."""
    talk.put(NEW)
    cut_off(talk, sent)


def half_of_long(size: int, talk: Talk) -> None:
    """All but a tenth of a long put of a name that has a body."""
    talk.put(pattern(size), name=talk.had(OLD))
    cut_off(talk, len(talk.stream) - size // 10)


def halves_of_long(judge: Judge) -> list[Recipe]:
    """Give puts that are not whole, as long as the target takes."""
    most = judge.runner.server.max_filesize
    return [partial(half_of_long, size) for size in (5_000, 20_000, 70_000, 300_000) if size <= most]


def length_of(recipe: Recipe, judge: Judge) -> int:
    talk = Talk(judge.names)
    recipe(talk)
    return len(talk.stream)


def sent_until(place: str, judge: Judge) -> int:
    """Tell how many bytes of the put a client has sent that stops at a place."""
    whole = length_of(put_over_old, judge)
    head = whole - len(NEW)
    return {
        "in the prefix": 2,
        "in the header": head // 2,
        "behind the header": head,
        "in the body": head + 20,
        "before the last byte": whole - 1,
    }[place]


def expect_unchanged(judge: Judge, place: str, end: End) -> None:
    sent = sent_until(place, judge)
    judge.control(Case.unhurried(put_over_old), why="the whole put fails")
    judge.control(Case(put_over_old, (sent,)), why="a whole put that is cut there fails")

    judge.expect_all(Case.unhurried(partial(recipe, sent), end) for recipe in (half_over_old, half_of_new))


@checks("STORE-6")
@pytest.mark.parametrize("place", PLACES)
def test_what_was_stored_stays_while_a_put_is_under_way(judge: Judge, place: str) -> None:
    expect_unchanged(judge, place, End.HOLD)


@checks("STORE-6")
def test_what_was_stored_stays_while_a_long_put_is_under_way(judge: Judge) -> None:
    judge.control(Case.unhurried(put_over_old), why="the whole put fails")

    judge.expect_all(Case.unhurried(recipe) for recipe in halves_of_long(judge))


@checks("STORE-6")
@pytest.mark.parametrize("size", [100, 5_000, 70_000])
def test_a_put_that_pauses_takes_effect_when_it_completes(judge: Judge, size: int) -> None:
    require_halves(judge)
    new = pattern(size)
    talk = Conversation(judge, [name := judge.names.new()])
    with talk.join() as first:
        talk.step(whole_put(first, name, OLD))
    with talk.join() as party:
        talk.send(half_put(party, name, new))
        talk.step(rest_of_put(party))


@checks("STORE-7")
@pytest.mark.parametrize("place", PLACES)
def test_a_put_cut_off_by_a_reset_leaves_the_store_as_it_was(judge: Judge, place: str) -> None:
    expect_unchanged(judge, place, End.RESET)


@checks("STORE-7")
def test_a_long_put_cut_off_by_a_reset_leaves_the_store_as_it_was(judge: Judge) -> None:
    judge.control(Case.unhurried(put_over_old), why="the whole put fails")

    judge.expect_all(Case.unhurried(recipe, End.RESET) for recipe in halves_of_long(judge))


@checks("STORE-7", late=True)
@pytest.mark.parametrize("place", PLACES)
def test_a_put_cut_off_by_end_of_stream_leaves_the_store_as_it_was(judge: Judge, place: str) -> None:
    expect_unchanged(judge, place, End.FINISH)


@checks("STORE-7", late=True)
@pytest.mark.parametrize("recipe", [half_over_old, half_of_new], ids=["old body", "no body"])
@pytest.mark.parametrize("end", [End.RESET, End.FINISH_AT_ONCE])
def test_a_put_may_be_cut_off_at_every_byte(judge: Judge, end: End, recipe: Callable[[int, Talk], None]) -> None:
    judge.control(Case.unhurried(put_over_old), why="the whole put fails")

    offsets = list(range(1, length_of(put_over_old, judge)))
    most = judge.effort.offsets or (len(offsets) if recipe is half_over_old else 60)
    offsets = judge.random.sample(offsets, min(most, len(offsets)))
    judge.expect_all(Case(partial(recipe, offset), end=end) for offset in sorted(offsets))


# Readers and writers at the same time


def half_put(party: Party, name: str, body: bytes) -> Move:
    return part_of_put(party, name, body, -((len(body) + 1) // 2))


class Watch:
    """Looks at a name as often as there is time, and minds anything but the bodies that may be seen there."""

    def __init__(self, judge: Judge, name: str, allowed: dict[str, bytes]) -> None:
        self._observer = judge.observer
        self._name = name
        self._allowed = {Body.of(body): what for what, body in allowed.items()}
        self.seen: list[str] = []

    def look(self) -> str:
        """Look once, and tell which body is there."""
        body = self._observer.look([self._name])[self._name]
        if body not in self._allowed:
            allowed = " or ".join(f"{what} ({each})" for each, what in self._allowed.items())
            raise Finding(f"every look at {self._name} finds {allowed}", f"found {body or 'nothing'}")
        self.seen.append(self._allowed[body])
        return self.seen[-1]


def paced(judge: Judge, whole: bytes, cuts: Iterable[int]) -> list[Action]:
    """Give a script whose first segment, too, waits for its turn."""
    pause = judge.runner.pace.pause
    return [replace(action, pause=pause) for action in script(whole, cuts, End.HOLD, pause)]


def watch_until(judge: Judge, party: Party, watch: Watch, last: str) -> None:
    """Send what is planned and look at the store all the while, until a body is seen."""
    patience = judge.runner.pace.last_patience
    longest = judge.clock.now() + LONGEST_WATCH
    patience_ends = longest
    while last not in watch.seen[-1:]:
        drive([party.line], until=lambda _: True, patience=0.0, at_most=judge.runner.pace.pause / 2)
        try:
            watch.look()
        except Finding as finding:
            raise Finding(finding.expected, finding.actual, party.line.transcript) from None
        now = judge.clock.now()
        if party.line.is_sending:
            patience_ends = min(now + patience, longest)
        if now > patience_ends:
            raise NotSeen("the put that was to be watched did not complete")
        judge.clock.sleep(BETWEEN_LOOKS)


@checks("STORE-8")
@pytest.mark.parametrize("size", [100, 5_000, 70_000, 300_000])
def test_a_reader_sees_the_old_body_or_the_new_one_during_a_slow_put(judge: Judge, size: int) -> None:
    require_lanes(judge, 2)
    if size > judge.runner.server.max_filesize:
        pytest.skip("the target takes no such body")
    talk = Conversation(judge, [name := judge.names.new()])
    with talk.join() as first:
        talk.step(whole_put(first, name, OLD))
    new = pattern(size)
    watch = Watch(judge, name, {"the old body": OLD, "the new body": new})

    with talk.join() as party:
        whole = frame(new, cmd="put", filename=name, filesize=size)
        party.line.plan(paced(judge, whole, [4, *(len(whole) - size + size * part // 32 for part in range(32))]))
        judge.runner.executions += 1
        watch_until(judge, party, watch, "the new body")


@checks("STORE-8")
@pytest.mark.parametrize("size", [2_000, 70_000])
def test_a_reader_sees_whole_bodies_while_they_replace_each_other(judge: Judge, size: int) -> None:
    require_lanes(judge, 2)
    bodies = {"the first body": pattern(size), "the second body": pattern(size, 3)}
    talk = Conversation(judge, [name := judge.names.new()])
    with talk.join() as first:
        talk.step(whole_put(first, name, bodies["the first body"]))
    watch = Watch(judge, name, bodies)

    for number in range(judge.effort.examples):
        what = "the first body" if number % 2 else "the second body"
        whole = frame(bodies[what], cmd="put", filename=name, filesize=len(bodies[what]))
        with talk.join() as party:
            party.line.plan(paced(judge, whole, (4, len(whole) - len(bodies[what]))))
            judge.runner.executions += 1
            watch_until(judge, party, watch, what)


ORDERS = {
    "first begun, first completed": (0, 1, 2, 3),
    "first begun, last completed": (3, 2, 1, 0),
    "mixed": (2, 0, 3, 1),
}


@checks("STORE-9")
@pytest.mark.parametrize("sizes", [(40, 40, 40, 40), (1, 3_000, 20, 90_000), (90_000, 20, 3_000, 1)], ids=str)
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
def test_of_several_puts_of_a_name_the_last_to_complete_remains(
    judge: Judge, order: tuple[int, ...], sizes: tuple[int, ...]
) -> None:
    require_lanes(judge, len(order) + 1)
    talk = Conversation(judge, [name := judge.names.new()])
    try:
        parties = [talk.join() for _ in order]
        talk.send(*(half_put(party, name, pattern(sizes[number], number)) for number, party in enumerate(parties)))
        for number in order:
            talk.step(rest_of_put(parties[number]))
    finally:
        talk.leave()


@checks("STORE-9")
@pytest.mark.parametrize("size", [30, 5_000, 100_000])
@pytest.mark.parametrize("count", [2, 8, 20])
def test_puts_of_a_name_that_complete_at_once_leave_one_whole_body(judge: Judge, count: int, size: int) -> None:
    require_lanes(judge, 3)
    if size + count > judge.runner.server.max_filesize:
        pytest.skip("the target takes no such bodies")
    talk = Conversation(judge, [name := judge.names.new()])
    try:
        parties = [talk.join() for _ in range(min(count, judge.lanes - 1))]
        bodies = [pattern(size + number, number * 1000) for number in range(len(parties))]
        talk.send(*(half_put(party, name, body) for party, body in zip(parties, bodies, strict=True)))
        talk.race(name, [rest_of_put(party) for party in parties])
    finally:
        talk.leave()


@checks("STORE-9")
@pytest.mark.parametrize("place", ["before", "after"])
def test_a_put_that_breaks_off_takes_nothing_from_another_of_its_name(judge: Judge, place: str) -> None:
    require_lanes(judge, 3)
    talk = Conversation(judge, [name := judge.names.new()])
    try:
        lost, kept = talk.join(), talk.join()
        talk.send(half_put(lost, name, pattern(9_000)))
        talk.send(half_put(kept, name, pattern(3_000, 5)))
        breaks_off = Move(lost, b"", "breaks off", end=End.RESET)
        for move in (breaks_off, rest_of_put(kept)) if place == "before" else (rest_of_put(kept), breaks_off):
            talk.step(move)
        talk.confirm()
    finally:
        talk.leave()


# 5.3, stores on disk


def guesses(name: str) -> list[str]:
    """Give valid names under which servers like to keep what is not finished."""
    suffixes = (".tmp", ".part", ".partial", ".upload", ".uploading", ".new", ".temp", ".filepart", ".crdownload", "~")
    return [
        *(name + suffix for suffix in suffixes),
        f".{name}", f".{name}.tmp", f".{name}.part", f".{name}.swp", f"~{name}", f"tmp-{name}", f"tmp_{name}",
        f"#{name}#", f"upload-{name}", f"{name}.0", f"{name}.1", f"_{name}",
    ]  # fmt: skip


def marked(name: str, size: int) -> bytes:
    """Give a body that begins with what no other file does."""
    return f"the body of {name}, which nothing else holds. ".encode() + pattern(size)


def files_in(folder: str) -> set[str]:
    """Give the paths of all plain files in a folder and below it: strings, as there are thousands."""
    found: set[str] = set()
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                found |= files_in(entry.path)
            elif entry.is_file(follow_symlinks=False):
                found.add(entry.path)
    return found


_TELLING = 48
"""Bytes by which a body is recognized; a file of fewer may be anybody's."""


def begins_like(path: Path, body: bytes) -> bool:
    """Tell whether a file holds the beginning of a body."""
    try:
        with path.open("rb") as file:
            head = file.read(_TELLING)
    except OSError:  # gone meanwhile, or none of ours
        return False
    return len(head) == _TELLING and body.startswith(head)


@checks("STORE-10")
@pytest.mark.parametrize("ending", ["under way", "after a reset"])
@pytest.mark.parametrize("size", [2_000, 300_000])
def test_no_name_shows_an_unfinished_body(judge: Judge, size: int, ending: str) -> None:
    require_lanes(judge, 2)
    if size > judge.runner.server.max_filesize:
        pytest.skip("the target takes no such body")
    name = judge.names.new()
    body = marked(name, size)
    known = {name, *(os.listdir(judge.folder.folder) if judge.folder else ())}  # noqa: PTH208 - names are enough
    names = guesses(name) if ending == "after a reset" else [name, *guesses(name)]
    talk = Conversation(judge, names)
    with talk.join() as party:
        talk.send(half_put(party, name, body))
        if ending == "after a reset":
            talk.step(Move(party, b"", "breaks off", end=End.RESET))
        talk.confirm()
        for entry in os.scandir(judge.folder.folder) if judge.folder else ():
            is_new = entry.name not in known and is_valid_name(entry.name)
            if is_new and entry.is_file(follow_symlinks=False) and begins_like(Path(entry), body):
                raise Finding(
                    "a file of a valid name holds nothing of an unfinished body",
                    f"{entry.name} begins like the body of {name}, a put of which is {ending}",
                    party.line.transcript,
                )


@checks("STORE-10", quick=False)
@pytest.mark.parametrize("size", [2_000, 300_000])
def test_no_put_of_another_name_hits_an_unfinished_body(judge: Judge, size: int) -> None:
    require_lanes(judge, 3)
    name = judge.names.new()
    talk = Conversation(judge, [name, *guesses(name)])
    with talk.join() as party, talk.join() as other:
        talk.send(half_put(party, name, marked(name, size)))
        for guess in guesses(name):
            talk.step(whole_put(other, guess, guess.encode()))
        talk.step(rest_of_put(party))


@checks("STORE-11", last=True, quick=False)
def test_a_restart_removes_what_a_killed_process_left_of_unfinished_bodies(judge: Judge) -> None:
    spawned, folder = judge.require_spawned(), judge.require_folder().folder
    require_halves(judge)
    bodies = {name: marked(name, 300_000) for name in (judge.names.new() for _ in range(min(4, judge.lanes)))}
    before = files_in(str(folder))

    def debris() -> list[str]:
        new = map(Path, files_in(str(folder)) - before)
        unfinished = [path for path in new if any(begins_like(path, body) for body in bodies.values())]
        return sorted(str(path.relative_to(folder)) for path in unfinished)

    talk = Conversation(judge, list(bodies))
    try:
        talk.send(*(half_put(talk.join(), name, body) for name, body in bodies.items()))
        if not judge.runner.prove_alive():
            raise NotSeen("a plain put fails while others are under way")
        transcript = talk.parties[0].line.transcript
        spawned.kill()
    finally:
        talk.leave()

    if not judge.runner.prove_alive():
        raise NotSeen("the target did not come back after it was killed")
    until = judge.clock.now() + judge.runner.pace.last_patience
    while (left := debris()) and judge.clock.now() < until:
        judge.clock.sleep(0.05)  # a server that cleans up after it listens gives no event when it has
    if left:
        expected = "nothing is left of bodies that a killed process did not finish"
        raise Finding(expected, f"left in the folder: {', '.join(left[:3])}", transcript)
