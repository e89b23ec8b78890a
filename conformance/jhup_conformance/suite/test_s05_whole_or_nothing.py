"""Section 5.2, storing whole or not at all: while puts are under way, and when they break off."""

import pytest

from jhup_conformance.checks import (
    Body,
    Dialogue,
    End,
    Finding,
    Judge,
    NotSeen,
    Script,
    Stream,
    check,
    name,
    pattern,
    put,
)
from jhup_conformance.suite.support.fairness import needs_bodies_of, require_halves, require_lanes

OLD = b"what was stored before\n" * 3
NEW = b"what shall replace it\n" * 5
LONGEST_WATCH = 20.0
BETWEEN_LOOKS = 0.0002
"""Seconds between two looks at the store once all is sent."""
FILE = name("file")
OVER_OLD = put(NEW, name=FILE).having({FILE: OLD})
OF_NEW = put(NEW)
HEAD = len(OVER_OLD) - len(NEW)
PLACES = {
    "after the header": HEAD,
    "in the body": HEAD + 20,
    "before the last byte": len(OVER_OLD) - 1,
    "in the header": HEAD // 2,
    "in the prefix": 2,
}
"""How many bytes of a put a client has sent that stops at a place."""


def most_of_long(judge: Judge) -> list[Stream]:
    """Return all but a tenth of long puts of a name that has a body, as long as the target takes."""
    sizes = [size for size in (5_000, 20_000, 70_000, 300_000) if size <= judge.limits.max_filesize]
    return [put(pattern(size), name=FILE).having({FILE: OLD}).paced().first(-(size // 10)) for size in sizes]


def check_unchanged(judge: Judge, place: str, end: End) -> None:
    sent = PLACES[place]
    judge.require(OVER_OLD.paced(), why="the whole put fails")
    judge.require(OVER_OLD.cut(sent), why="a whole put that is cut there fails")

    judge.check(*(stream.paced().first(sent).ending(end) for stream in (OVER_OLD, OF_NEW)))


@check("STORE-6")
@pytest.mark.parametrize("place", PLACES)
def test_what_was_stored_stays_while_a_put_is_under_way(judge: Judge, place: str) -> None:
    check_unchanged(judge, place, End.HOLD)


@check("STORE-6")
def test_what_was_stored_stays_while_a_long_put_is_under_way(judge: Judge) -> None:
    judge.require(OVER_OLD.paced(), why="the whole put fails")

    judge.check(*most_of_long(judge))


@check("STORE-6")
@pytest.mark.parametrize("size", [100, 5_000, 70_000])
def test_a_put_that_pauses_takes_effect_when_it_completes(judge: Judge, size: int) -> None:
    require_halves(judge)
    needs_bodies_of(judge, size)
    script = Script(judge, file := judge.names.new())
    with script.connect() as first:
        script.step(first.sends(put(OLD, name=file).paced()))
    with script.connect() as peer:
        script.send(peer.begins_half(put(pattern(size), name=file).paced()))
        script.step(peer.completes())


@check("STORE-7")
@pytest.mark.parametrize("place", PLACES)
def test_a_put_cut_off_by_a_reset_leaves_the_store_as_it_was(judge: Judge, place: str) -> None:
    check_unchanged(judge, place, End.RESET)


@check("STORE-7")
def test_a_long_put_cut_off_by_a_reset_leaves_the_store_as_it_was(judge: Judge) -> None:
    judge.require(OVER_OLD.paced(), why="the whole put fails")

    judge.check(*(stream.ending(End.RESET) for stream in most_of_long(judge)))


@check("STORE-7", late=True)
@pytest.mark.parametrize("place", PLACES)
def test_a_put_cut_off_by_end_of_stream_leaves_the_store_as_it_was(judge: Judge, place: str) -> None:
    check_unchanged(judge, place, End.FINISH)


@check("STORE-7", late=True)
@pytest.mark.parametrize("stream", [OVER_OLD, OF_NEW], ids=["old body", "no body"])
@pytest.mark.parametrize("end", [End.RESET, End.FINISH_AT_ONCE])
def test_a_put_may_be_cut_off_at_every_byte(judge: Judge, end: End, stream: Stream) -> None:
    judge.require(OVER_OLD.paced(), why="the whole put fails")

    offsets = range(1, len(OVER_OLD))
    most = judge.effort.offsets or (len(offsets) if stream is OVER_OLD else 60)
    chosen = judge.random.sample(offsets, min(most, len(offsets)))
    judge.check(*(stream.first(offset).ending(end) for offset in sorted(chosen)))


# Readers and writers at the same time


class Watch:
    """Looks at a name as often as there is time, and raises a finding at anything but the bodies that may be there."""

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


def watch_until(judge: Judge, dialogue: Dialogue, watch: Watch, last: str) -> None:
    """Send what is planned and look at the store all the while, until a body is seen."""
    longest = judge.clock.now() + LONGEST_WATCH
    patience_ends = longest
    while last not in watch.seen[-1:]:
        dialogue.pump(judge.pace.pause / 2)
        try:
            watch.look()
        except Finding as finding:
            raise Finding(finding.expected, finding.actual, dialogue.transcript) from None
        now = judge.clock.now()
        if not dialogue.is_sending:
            judge.clock.sleep(BETWEEN_LOOKS)  # a store gives no event to wait for
        else:
            patience_ends = min(now + judge.pace.last_patience, longest)
        if now > patience_ends:
            raise NotSeen("the put that was to be watched did not complete")


def store_first(judge: Judge, file: str, body: bytes) -> None:
    """Have a body stored, or the check fails."""
    script = Script(judge, file)
    with script.connect() as peer:
        script.step(peer.sends(put(body, name=file).paced()))


@check("STORE-8")
@pytest.mark.parametrize("size", [100, 5_000, 70_000, 300_000])
def test_a_reader_sees_the_old_body_or_the_new_one_during_a_slow_put(judge: Judge, size: int) -> None:
    require_lanes(judge, 2)
    needs_bodies_of(judge, size)
    store_first(judge, file := judge.names.new(), OLD)
    new = pattern(size)
    watch = Watch(judge, file, {"the old body": OLD, "the new body": new})

    slow = put(new, name=file)
    start = slow.body().start
    with judge.converse() as dialogue:
        dialogue.send(slow.cut(4, *(start + size * part // 32 for part in range(32))), lead=judge.pace.pause)
        watch_until(judge, dialogue, watch, "the new body")


@check("STORE-8")
@pytest.mark.parametrize("size", [2_000, 70_000])
def test_a_reader_sees_whole_bodies_while_they_replace_each_other(judge: Judge, size: int) -> None:
    require_lanes(judge, 2)
    needs_bodies_of(judge, size)
    bodies = {"the first body": pattern(size), "the second body": pattern(size, 3)}
    store_first(judge, file := judge.names.new(), bodies["the first body"])
    watch = Watch(judge, file, bodies)

    for number in range(judge.effort.examples):
        what = "the first body" if number % 2 else "the second body"
        with judge.converse() as dialogue:
            dialogue.send(put(bodies[what], name=file).paced(), lead=judge.pace.pause)
            watch_until(judge, dialogue, watch, what)


ORDERS = {
    "first begun, first completed": (0, 1, 2, 3),
    "first begun, last completed": (3, 2, 1, 0),
    "mixed": (2, 0, 3, 1),
}


@check("STORE-9")
@pytest.mark.parametrize("sizes", [(40, 40, 40, 40), (1, 3_000, 20, 90_000), (90_000, 20, 3_000, 1)], ids=str)
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
def test_of_several_puts_of_a_name_the_last_to_complete_remains(
    judge: Judge, order: tuple[int, ...], sizes: tuple[int, ...]
) -> None:
    require_lanes(judge, len(order) + 1)
    needs_bodies_of(judge, max(sizes))
    with Script(judge, file := judge.names.new()) as script:
        peers = [script.connect() for _ in order]
        puts = [put(pattern(sizes[number], number), name=file).paced() for number in range(len(peers))]
        script.send(*(peer.begins_half(each) for peer, each in zip(peers, puts, strict=True)))
        for number in order:
            script.step(peers[number].completes())


@check("STORE-9")
@pytest.mark.parametrize("size", [30, 5_000, 100_000])
@pytest.mark.parametrize("count", [2, 8, 20])
def test_puts_of_a_name_that_complete_at_once_leave_one_whole_body(judge: Judge, count: int, size: int) -> None:
    require_lanes(judge, 3)
    needs_bodies_of(judge, size + count)
    with Script(judge, file := judge.names.new()) as script:
        peers = [script.connect() for _ in range(min(count, judge.lanes - 1))]
        puts = [put(pattern(size + number, number * 1000), name=file).paced() for number in range(len(peers))]
        script.send(*(peer.begins_half(each) for peer, each in zip(peers, puts, strict=True)))
        script.race(file, [peer.completes() for peer in peers])


@check("STORE-9")
@pytest.mark.parametrize("place", ["before", "after"])
def test_a_put_that_breaks_off_takes_nothing_from_another_of_its_name(judge: Judge, place: str) -> None:
    require_lanes(judge, 3)
    needs_bodies_of(judge, 9_000)
    with Script(judge, file := judge.names.new()) as script:
        lost, kept = script.connect(), script.connect()
        script.send(lost.begins_half(put(pattern(9_000), name=file).paced()))
        script.send(kept.begins_half(put(pattern(3_000, 5), name=file).paced()))
        if place == "before":
            script.step(lost.ends(End.RESET))
            script.step(kept.completes())
        else:
            script.step(kept.completes())
            script.step(lost.ends(End.RESET))
        script.confirm()
