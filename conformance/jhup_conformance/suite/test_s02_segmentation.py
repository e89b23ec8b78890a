"""Section 2.3, segmentation: every request, cut wherever a byte stream may be cut."""

from collections.abc import Iterable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jhup_conformance.sizes import bodies, edges_up_to, pattern
from jhup_conformance.verify.exchange import Case, End
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.marks import checks
from jhup_conformance.verify.stream import Recipe, Talk, header, prefix

LEAST_PAUSE = 0.005
"""Seconds at a cut of a sweep: all connections wait at the same time, and the target has to read from each of them."""


def put_plain(talk: Talk) -> None:
    talk.put(b"abc")


def put_wide_name(talk: Talk) -> None:
    talk.put(b"abc", name=talk.new_name("-é日\U0001f600"))


def put_escaped_name(talk: Talk) -> None:
    name = talk.new_name("-é")
    escaped = header(cmd="put", filename=name, filesize=2).replace("é".encode(), b"\\u00e9")
    talk.frame(escaped, b"ab")


def put_empty(talk: Talk) -> None:
    talk.put(b"")


def put_long(talk: Talk) -> None:
    talk.put(pattern(300))


def put_and_put(talk: Talk) -> None:
    talk.put(b"abc")
    talk.put(b"de")


def put_unknown_put(talk: Talk) -> None:
    talk.put(b"abc")
    talk.say(cmd="x-nothing", filename="ignored", filesize=4)
    talk.put(b"de")


def put_request_like(talk: Talk) -> None:
    inner = header(cmd="put", filename=talk.new_name(), filesize=3)
    talk.put(prefix(len(inner)) + inner + b"abc")


def put_empty_twice(talk: Talk) -> None:
    talk.put(b"")
    talk.put(b"")


def put_asking(talk: Talk) -> None:
    talk.put(b"abc", reply=True)
    talk.put(b"de", reply=True)


def put_spaced(talk: Talk) -> None:
    name = talk.new_name()
    talk.frame(b'  {\n\t"cmd" : "put",\r\n "filename" : "%s" , "filesize" : 3 }  ' % name.encode(), b"abc")


def put_refused_put(talk: Talk) -> None:
    """Any outcome of the refused put is right but one: its body read as requests."""
    talk.put(b"abc")
    talk.put(b"0123456789", name="a/b")
    talk.put(b"de")


SHAPES: dict[str, Recipe] = {
    "one put": put_plain,
    "raw UTF-8 name": put_wide_name,
    "escaped name": put_escaped_name,
    "empty body": put_empty,
    "300 bytes of body": put_long,
    "white space": put_spaced,
    "body that looks like a request": put_request_like,
    "two puts": put_and_put,
    "two empty puts": put_empty_twice,
    "unknown command between puts": put_unknown_put,
    "two puts with replies": put_asking,
}
shapes = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())


def at_every(judge: Judge, shape: Recipe, field: str) -> list[Case]:
    """Give a case for every offset inside the fields of a name, or for as many as the effort allows.

    Those inside a character are never left out.
    """
    talk = Talk(judge.names)
    shape(talk)
    offsets = list(talk.offsets(field))
    if judge.effort.offsets is not None and len(offsets) > judge.effort.offsets:
        inside = {offset for offset in offsets if talk.splits_character(offset)}
        offsets = sorted(inside.union(judge.random.sample(offsets, judge.effort.offsets)))
    pause = max(LEAST_PAUSE, 2 * judge.runner.pace.pause)
    return [Case(shape, (offset,), pause=pause) for offset in offsets]


@checks("FRAME-3")
@shapes
def test_a_prefix_may_be_cut_anywhere(judge: Judge, shape: Recipe) -> None:
    judge.expect(*at_every(judge, shape, "prefix"))


@checks("FRAME-4")
@shapes
def test_a_header_may_be_cut_anywhere(judge: Judge, shape: Recipe) -> None:
    judge.expect(*at_every(judge, shape, "header"))


@checks("FRAME-5")
@shapes
def test_a_body_may_be_cut_anywhere(judge: Judge, shape: Recipe) -> None:
    judge.expect(*at_every(judge, shape, "body"))


def put_largest_header(talk: Talk) -> None:
    name = talk.new_name()
    talk.frame(header(cmd="put", filename=name, filesize=3).ljust(65_536), b"abc")


@checks("FRAME-4")
def test_the_largest_header_may_be_cut_at_the_edges_of_buffers(judge: Judge) -> None:
    cuts = [4 + size for size in edges_up_to(65_535) if size] + [size for size in edges_up_to(65_535) if size > 4]
    judge.expect(*(Case(put_largest_header, (cut,)) for cut in cuts))


@checks("FRAME-5")
@pytest.mark.parametrize("first", [1, 2, 1023, 1024, 1025, 4096, 65_536])
def test_a_long_body_may_arrive_in_pieces_of_any_size(judge: Judge, first: int) -> None:
    def put(talk: Talk) -> None:
        talk.put(pattern(5 * 65_536 + 3))

    def cuts(talk: Talk) -> Iterable[int]:
        return [talk.fields[2].start + first * times for times in (1, 2, 4)]

    judge.expect(Case(put, cuts))


def every_byte(talk: Talk) -> Iterable[int]:
    return range(1, len(talk.stream))


@checks("FRAME-9")
def test_a_request_may_arrive_byte_by_byte(judge: Judge) -> None:
    judge.expect(Case(put_plain, every_byte))


@checks("FRAME-9", quick=False)
def test_every_shape_may_arrive_byte_by_byte(judge: Judge) -> None:
    judge.expect(*(Case(shape, every_byte) for shape in SHAPES.values() if shape is not put_long))


@checks("FRAME-18")
@shapes
@pytest.mark.parametrize("end", [End.FINISH, End.FINISH_AT_ONCE])
def test_end_of_stream_may_follow_the_last_byte(judge: Judge, shape: Recipe, end: End) -> None:
    judge.expect(Case(shape, end=end), control=Case(shape))


def some_requests(sizes: list[bytes], talk: Talk) -> None:
    for body in sizes:
        talk.put(body)


@checks("FRAME-18")
@given(data=st.data())
def test_several_requests_may_be_cut_in_several_places(judge: Judge, data: st.DataObject) -> None:
    drawn = data.draw(st.lists(bodies(9000), min_size=1, max_size=4), label="bodies")
    recipe = partial(some_requests, drawn)
    talk = Talk(judge.names)
    recipe(talk)
    cuts = data.draw(st.sets(st.integers(1, len(talk.stream) - 1), min_size=1, max_size=6), label="cuts")

    judge.expect(Case(recipe, tuple(sorted(cuts)), several=True))


@checks("FRAME-18")
@pytest.mark.parametrize("count", [1, 2, 5])
def test_random_cuts_of_every_shape_change_nothing(judge: Judge, count: int) -> None:
    cases = []
    for shape in SHAPES.values():
        talk = Talk(judge.names)
        shape(talk)
        for _ in range(judge.effort.examples // 4):
            cases.append(Case(shape, tuple(judge.random.sample(range(1, len(talk.stream)), count)), several=True))  # noqa: PERF401

    judge.expect(*cases)


def lines_of_files(talk: Talk) -> None:
    for number in range(3):
        talk.put(b"".join(b"line %d of file %d\n" % (line, number) for line in range(12)))


def as_taught(talk: Talk) -> Iterable[int]:
    """The taught client sends prefix, header and each line of the file on its own."""
    for field in talk.fields:
        yield field.start
        if field.name == "body":
            yield from (at + 1 for at in range(field.start, field.end) if talk.stream[at : at + 1] == b"\n")


@checks("FRAME-18")
@pytest.mark.parametrize("no_delay", [True, False], ids=["each at once", "Nagle"])
@pytest.mark.parametrize("pause", [0.0, None], ids=["back to back", "paced"])
def test_the_sends_of_the_taught_client_are_understood(judge: Judge, no_delay: bool, pause: float | None) -> None:
    case = Case(lines_of_files, as_taught, pause=pause, no_delay=no_delay, several=True)

    judge.expect(case, control=Case(lines_of_files))
