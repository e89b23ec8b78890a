"""The right answers of a session, against brute force: every cutting, every answer that one of them gives."""

import itertools
from collections.abc import Iterable, Iterator
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jhup.echo import Answers, Rules, Service, Shape, session_answers, worker_name
from jhup.echo.session_worker import WorkerSession

# White space, a letter that changes, a quote, a byte that is not ASCII; for worker what its own header is made of.
ALPHABETS = {Service.UPPER: b" a'\xe9", Service.GREET: b" a'\xe9", Service.WORKER: b"n: \xe9"}
NAMES = (b"n", b" ", b" n", b"nn")

GREET = Rules(service=Service.GREET)


@cache
def brute(data: bytes, rules: Rules, name: bytes = b"-") -> frozenset[bytes]:
    """The definition of section 10.8, word for word: the first segment, then every answer to the rest."""
    if not data:
        return frozenset({b""})
    found: set[bytes] = set()
    for length in range(1, min(rules.limit(Shape.SESSION), len(data)) + 1):
        reply = rules.reply(data[:length], name=name)
        if reply is None:
            found.add(b"")  # the session ends here
        else:
            found |= {reply + rest for rest in brute(data[length:], rules, name)}
    return frozenset(found)


def inputs(alphabet: bytes, lengths: Iterable[int]) -> Iterator[bytes]:
    for length in lengths:
        yield from map(bytes, itertools.product(alphabet, repeat=length))


@cache
def beginnings(members: frozenset[bytes]) -> frozenset[bytes]:
    """Everything that a member begins with, all of it included."""
    return frozenset(member[:length] for member in members for length in range(len(member) + 1))


def spoilt(answer: bytes) -> Iterator[bytes]:
    """Answers that are near a right one: cut short, a byte less, a byte more, a byte changed."""
    for place in range(len(answer)):
        yield answer[:place]
        yield answer[:place] + answer[place + 1 :]
        yield answer[:place] + b" " + answer[place:]
        yield answer[:place] + b"n" + answer[place + 1 :]


def assert_agrees(answers: Answers, answer: bytes, members: frozenset[bytes]) -> None:
    begun = beginnings(members)
    longest = next(length for length in range(len(answer), -1, -1) if answer[:length] in begun)
    nearest = answers.nearest(answer)

    assert answers.contains(answer) == (answer in members), (answers, answer)
    assert answers.is_prefix_of_member(answer) == (answer in begun), (answers, answer)
    assert nearest.member in members, (answers, answer)
    assert nearest.at == (None if answer in members else longest), (answers, answer)


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    brute.cache_clear()
    beginnings.cache_clear()


@pytest.mark.parametrize("limit", [1, 2, 3, 8])
@pytest.mark.parametrize("trim", [True, False])
def test_upper_has_exactly_the_members_of_brute_force_up_to_length_7(limit: int, trim: bool) -> None:
    rules = Rules(service=Service.UPPER, trim=trim, max_message=limit)

    for data in inputs(b" a\n", range(8)):
        answers, members = session_answers(data, rules), brute(data, rules)
        assert all(map(answers.contains, members)), data
        kept = {bytes(each) for each in itertools.chain(*map(spoilt, members))} - members
        assert not any(map(answers.contains, kept)), data


@pytest.mark.parametrize(("limit", "longest"), [(2, 6), (3, 5), (8, 5)])
def test_greet_has_all_members_of_brute_force_up_to_length_6_or_5(limit: int, longest: int) -> None:
    rules = Rules(service=Service.GREET, max_message=limit)

    for data in inputs(ALPHABETS[Service.GREET], range(longest + 1)):
        assert all(map(session_answers(data, rules).contains, brute(data, rules))), data


@pytest.mark.parametrize("limit", [2, 3, 8])
@pytest.mark.parametrize("name", NAMES)
def test_worker_has_all_members_of_brute_force_up_to_length_5(limit: int, name: bytes) -> None:
    rules = Rules(service=Service.WORKER, max_message=limit)

    for data in inputs(ALPHABETS[Service.WORKER], range(6)):
        assert all(map(session_answers(data, rules).contains, brute(data, rules, name))), data


@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("service", Service)
@pytest.mark.parametrize("trim", [True, False])
def test_every_answer_is_judged_against_every_input_up_to_length_3(service: Service, limit: int, trim: bool) -> None:
    rules = Rules(service=service, trim=trim, max_message=limit)
    every = list(inputs(ALPHABETS[service], range(4)))
    name = b"n" if service is Service.WORKER else b"-"
    candidates = frozenset().union(*(brute(data, rules, name) for data in every))

    for data in every:
        answers, members = session_answers(data, rules), brute(data, rules, name)
        assert {answer for answer in candidates if answers.contains(answer)} == members, data


@pytest.mark.parametrize(("limit", "trim"), [(2, True), (3, True), (2, False)])
@pytest.mark.parametrize("service", Service)
def test_answers_near_a_right_one_are_judged_exactly_up_to_length_3(service: Service, limit: int, trim: bool) -> None:
    rules = Rules(service=service, trim=trim, max_message=limit)

    for data in inputs(ALPHABETS[service], range(4)):
        answers = session_answers(data, rules)
        for answer in {near for member in brute(data, rules, b"n") for near in (member, *spoilt(member))}:
            assert_agrees(answers, answer, brute(data, rules, worker_name(answer)))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("service", "name", "longest"),
    [
        (Service.UPPER, b"-", 8),
        (Service.GREET, b"-", 8),
        (Service.WORKER, b"n", 8),
        (Service.WORKER, b" ", 7),
        (Service.WORKER, b" n", 7),
        (Service.WORKER, b"nn", 7),
    ],
)
def test_membership_is_that_of_brute_force_for_all_inputs_up_to_length_8(
    service: Service, name: bytes, longest: int
) -> None:
    rules = Rules(service=service)

    for data in inputs(ALPHABETS[service], range(longest + 1)):
        answers = session_answers(data, rules)
        # the sets of the longest inputs would fill the memory: they are built, used and dropped
        members = brute(data, rules, name) if len(data) < 7 else _unkept(data, rules, name)
        assert all(map(answers.contains, members)), data
        one = max(members)
        for wrong in (one[:-1], one + b"a", one[:-2] + one[-1:], one.replace(b"a", b"", 1), one.replace(b" ", b"", 1)):
            if service is not Service.WORKER or worker_name(wrong) == name:
                assert answers.contains(wrong) == (wrong in members), (data, wrong)


def _unkept(data: bytes, rules: Rules, name: bytes) -> frozenset[bytes]:
    """`brute`, but remembering the sets of short inputs only."""
    found: set[bytes] = set()
    for length in range(1, len(data) + 1):
        reply, rest = rules.reply(data[:length], name=name), data[length:]
        members = brute(rest, rules, name) if len(rest) < 7 else _unkept(rest, rules, name)
        found |= {b""} if reply is None else {reply + each for each in members}
    return frozenset(found)


def reachable(data: bytes, answer: bytes, rules: Rules, name: bytes) -> bool:
    """Membership by plain dynamic programming over places in data and answer: slow, and plain to see."""
    limit, places = rules.limit(Shape.SESSION), {(0, 0)}
    for start in range(len(data)):
        for place in [place for index, place in places if index == start]:
            for end in range(start + 1, min(start + limit, len(data)) + 1):
                reply = rules.reply(data[start:end], name=name)
                if reply is None:
                    places.add((len(data), place))
                elif answer.startswith(reply, place):
                    places.add((end, place + len(reply)))
    return (len(data), len(answer)) in places


@st.composite
def sessions(draw: st.DrawFn) -> tuple[bytes, bytes, Rules, bytes]:
    """Data, an answer that a server could have given to it, sometimes spoilt, the rules and the name."""
    service = draw(st.sampled_from(Service))
    name = draw(st.sampled_from(NAMES))
    rules = Rules(service=service, trim=draw(st.booleans()), max_message=draw(st.integers(1, 12)))
    pieces = st.sampled_from([b" ", b"  ", b"\n", b"a", b"'", b'"', b"\\", b"ab", name + b": ", name, b": "])
    tail = draw(st.sampled_from([b"", b"", b"\xe9", b"\x00"]))
    data = b"".join(draw(st.lists(pieces, max_size=14))) + tail
    answer, rest = b"", data
    while rest:
        cut = draw(st.integers(1, rules.limit(Shape.SESSION)))
        reply = rules.reply(rest[:cut], name=name)
        if reply is None:
            break
        answer, rest = answer + reply, rest[cut:]
    if answer and draw(st.booleans()):
        place = draw(st.integers(0, len(answer) - 1))
        spoil = draw(st.sampled_from([b"", b" ", b"a", name + b": ", answer[place : place + 1] * 2]))
        answer = answer[:place] + spoil + answer[place + draw(st.integers(0, 2)) :]
    return data, answer, rules, name


@settings(max_examples=300, deadline=None)
@given(sessions())
def test_membership_is_that_of_plain_dynamic_programming(session: tuple[bytes, bytes, Rules, bytes]) -> None:
    data, answer, rules, _ = session
    answers = session_answers(data, rules)

    assert answers.contains(answer) == reachable(data, answer, rules, worker_name(answer))


@settings(max_examples=200, deadline=None)
@given(sessions())
def test_nearest_member_is_a_member_that_agrees_up_to_the_first_difference(
    session: tuple[bytes, bytes, Rules, bytes],
) -> None:
    data, answer, rules, _ = session
    answers = session_answers(data, rules)

    nearest = answers.nearest(answer)

    assert answers.contains(nearest.member)
    assert reachable(data, nearest.member, rules, worker_name(nearest.member))
    assert (nearest.at is None) == answers.contains(answer)
    if nearest.at is not None:
        assert nearest.member[: nearest.at] == answer[: nearest.at]
        assert nearest.expected != nearest.actual
        assert answers.is_prefix_of_member(answer[: nearest.at])
        assert nearest.at == len(answer) or not answers.is_prefix_of_member(answer[: nearest.at + 1])


@settings(deadline=None)
@given(sessions())
def test_a_name_known_in_advance_leaves_its_answers_only(session: tuple[bytes, bytes, Rules, bytes]) -> None:
    data, answer, rules, name = session
    if rules.service is not Service.WORKER:
        return
    known = WorkerSession(data, rules.limit(Shape.SESSION), name)

    assert known.contains(answer) == reachable(data, answer, rules, name)
    assert known.contains(known.nearest(answer).member)


def test_long_data_that_repeats_the_header_is_decided() -> None:
    data = b"n: " * 3000
    answer = b"".join(b"n: " + data[start : start + 3] for start in range(0, len(data), 3))
    session = session_answers(data, Rules(service=Service.WORKER))

    assert session.contains(answer)
    assert not session.contains(answer + b"n: ")
    assert not session.contains(b"n: " + answer[4:])


def test_lost_byte_at_a_read_boundary_is_found() -> None:
    data = bytes(range(0x21, 0x7F)) * 40
    replies = [b"n: " + data[start : start + 1024] for start in range(0, len(data), 1024)]
    session = session_answers(data, Rules(service=Service.WORKER))

    assert session.contains(b"".join(replies))
    nearest = session.nearest(b"".join(reply[:-1] if index == 1 else reply for index, reply in enumerate(replies)))

    # The segment may well end before the lost byte, so that the answer is right until the next one begins after it.
    assert nearest.at == len(replies[0]) + len(replies[1]) - 1 + len(b"n: ")
    assert nearest.expected == replies[1][-1]


def test_nearest_member_goes_on_with_the_segment_in_which_the_answer_parts() -> None:
    answer = b"n: abXd"

    assert session_answers(b"abcd", Rules(service=Service.WORKER)).nearest(answer).member == b"n: abcd"
    assert session_answers(b"abcd", GREET).nearest(b"Hello, b'abXd'").member == b"Hello, b'abcd'"
    assert session_answers(b"a b c", Rules(service=Service.UPPER)).nearest(b"AB X").member == b"AB C"


def test_a_known_empty_beginning_of_a_name_is_no_answer() -> None:
    session = session_answers(b"abc", Rules(service=Service.WORKER))

    assert session.nearest(b"\x00").member == b"worker: abc"
    assert session.nearest(b"abc").member == b"abc: abc"
