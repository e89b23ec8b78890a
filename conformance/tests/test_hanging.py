"""A finding hangs on another one when its exchange has all that is special about the other's."""

import pytest

from jhup.clauses import clauses
from jhup_conformance.run.hanging import hangs_on
from jhup_conformance.verify.traits import IN_REPLIES, races, traits
from jhup_conformance.wire.transcript import Beside, Kind, Scene, Transcript

PLAIN = b'\x29\x00\x00\x00{"cmd":"put","filename":"a","filesize":3}abc'
NEXT = b'\x29\x00\x00\x00{"cmd":"put","filename":"b","filesize":2}de'
EMPTY = b'\x29\x00\x00\x00{"cmd":"put","filename":"c","filesize":0}'
OUTSIDE = b'\x2c\x00\x00\x00{"cmd":"put","filename":"../a","filesize":1}x'
OUTSIDE_ASKING = b'\x39\x00\x00\x00{"cmd":"put","filename":"../a","filesize":1,"reply":true}x'
NAN = b'\x31\x00\x00\x00{"cmd":"put","filename":"a","filesize":3,"x":NaN}abc'
CAPITAL = b'\x29\x00\x00\x00{"CMD":"put","filename":"a","filesize":3}abc'


def sent(*segments: bytes) -> Transcript:
    """Make the record of a connection on which some segments were sent."""
    transcript = Transcript()
    for at, segment in enumerate(segments):
        transcript.add(at / 100, Kind.SENT, segment)
    return transcript


def hanging(**found: Transcript) -> dict[str, str]:
    return hangs_on({clauses()[name.replace("_", "-")]: traits(each) for name, each in found.items()})


def fields(stream: bytes) -> tuple[bytes, bytes, bytes]:
    """Split a put into the segments of an unhurried client."""
    length = 4 + int.from_bytes(stream[:4], "little")
    return stream[:4], stream[4:length], stream[length:]


def test_nothing_is_special_about_a_plain_put() -> None:
    assert traits(sent(*fields(PLAIN))) == frozenset()
    assert traits(sent(PLAIN)) == frozenset()


def test_bytes_that_break_a_clause_are_about_that_clause() -> None:
    assert "what NAME-6 is about" in traits(sent(OUTSIDE))
    assert "what HEAD-9 is about" in traits(sent(NAN))
    assert "what HEAD-10 is about" in traits(sent(CAPITAL))
    assert "what FRAME-14 is about" in traits(sent(b"\xff\xff\xff\xff"))
    assert "what FRAME-15 is about" in traits(sent(b"\xff\xff\xff\x7f"))


def test_a_reply_that_breaks_a_clause_is_about_that_clause() -> None:
    told = sent(b'\x1c\x00\x00\x00{"cmd":"hello","reply":true}')
    told.add(1.0, Kind.RECEIVED, b'\x20\x00\x00\x00{"status":"ok","protocol":"one"}')

    assert traits(told) == {"hello that asks", "what REPLY-12 is about"}
    assert hanging(REPLY_3=told, REPLY_12=told) == {"REPLY-3": "REPLY-12"}


def test_where_segments_end_is_told_by_field() -> None:
    assert "a cut in a prefix" in traits(sent(PLAIN[:2], PLAIN[2:]))
    assert "a cut in a header" in traits(sent(PLAIN[:20], PLAIN[20:]))
    assert "a cut in a body" in traits(sent(PLAIN[:-1], PLAIN[-1:]))
    assert traits(sent(PLAIN, NEXT)) == frozenset()
    assert traits(sent(PLAIN + NEXT)) == {"two requests in a segment"}


def test_the_end_of_a_stream_is_told_by_where_it_comes() -> None:
    whole, inside = sent(*fields(PLAIN)), sent(*fields(PLAIN[:-1]))
    whole.add(1.0, Kind.HALF_CLOSED)
    inside.add(1.0, Kind.RESET)

    assert traits(whole) == {"the end of the stream between requests"}
    assert traits(inside) == {"a reset inside a request"}


def test_a_name_that_is_put_on_two_connections_is_told() -> None:
    one, other = sent(*fields(PLAIN)), sent(*fields(PLAIN))
    one.scene = Scene(beside=(Beside(0.1, other),))

    assert traits(one) == {"several connections", "one name on several connections"}


@pytest.mark.parametrize(("after", "meet"), [(0.0, True), (0.01, True), (5.0, False)])
def test_connections_race_that_send_under_one_name_at_the_same_time(after: float, meet: bool) -> None:
    one, other = sent(*fields(PLAIN)), sent(*fields(PLAIN))
    one.scene = Scene(beside=(Beside(after, other),))

    assert races(one) is meet


def test_connections_with_names_of_their_own_race_for_nothing() -> None:
    one = sent(*fields(PLAIN))
    one.scene = Scene(beside=(Beside(0.0, sent(*fields(NEXT))),))

    assert not races(one)


def test_bytes_of_any_kind_have_traits_and_raise_nothing() -> None:
    for stream in (
        b"",
        b"\x00",
        b"\x02\x00\x00\x00[]",
        b"\x05\x00\x00\x00{}",
        bytes(range(256)),
        OUTSIDE * 3 + b"\x01",
    ):
        assert isinstance(traits(sent(stream)), frozenset)


def test_numbers_of_any_length_and_nests_of_any_depth_have_traits() -> None:
    for extreme in (b"9" * 5000, b"1e999999999", b"[" * 500 + b"]" * 500, b"[" * 30_000 + b"]" * 30_000):
        head = b'{"cmd":"put","filename":"a","filesize":3,"x":%s}' % extreme
        told = traits(sent(len(head).to_bytes(4, "little") + head + b"abc"))

        assert {"an unknown member", "a malformed header"} & told


def test_what_fails_with_a_name_outside_hangs_on_the_clause_about_such_names() -> None:
    found = hanging(NAME_6=sent(OUTSIDE), ERR_4=sent(PLAIN + OUTSIDE), REPLY_16=sent(OUTSIDE_ASKING))

    assert found == {"ERR-4": "NAME-6", "REPLY-16": "NAME-6"}


def test_nothing_hangs_on_a_clause_that_holds() -> None:
    assert hanging(ERR_4=sent(OUTSIDE)) == {}


def test_two_findings_with_nothing_in_common_stand_alone() -> None:
    assert hanging(FRAME_3=sent(PLAIN[:2], PLAIN[2:]), HEAD_9=sent(NAN)) == {}


def test_what_has_more_that_is_special_hangs_on_what_has_less() -> None:
    cut_and_empty = sent(EMPTY[:2], EMPTY[2:])

    assert hanging(FRAME_9=cut_and_empty, STORE_2=sent(EMPTY)) == {"FRAME-9": "STORE-2"}


def test_of_two_with_the_same_the_chapter_that_it_is_the_subject_of_comes_first() -> None:
    wide = '{"cmd":"put","filename":"é","filesize":0}'.encode()
    put = len(wide).to_bytes(4, "little") + wide.replace(b"0", b"3") + b"abc"

    assert hanging(HEAD_1=sent(put), NAME_1=sent(put)) == {"HEAD-1": "NAME-1"}
    assert hanging(FRAME_11=sent(EMPTY), STORE_2=sent(EMPTY)) == {"STORE-2": "FRAME-11"}


def test_what_is_wrong_in_replies_is_no_cause_of_anything_else() -> None:
    assert hanging(STORE_2=sent(EMPTY[:2], EMPTY[2:]), REPLY_6=sent(EMPTY)) == {}
    assert hanging(STORE_2=sent(EMPTY), REPLY_6=sent(EMPTY[:2], EMPTY[2:])) == {"REPLY-6": "STORE-2"}


def test_what_is_wrong_in_replies_alone_hangs_on_the_clause_about_such_replies_in_every_chapter() -> None:
    hello = sent(b'\x1c\x00\x00\x00{"cmd":"hello","reply":true}')
    ended = sent(b'\x1c\x00\x00\x00{"cmd":"hello","reply":true}')
    ended.add(1.0, Kind.HALF_CLOSED)
    found = {"ERR-8": traits(ended), "REPLY-12": traits(hello)}

    assert hangs_on({clauses()[name]: each for name, each in found.items()}) == {}
    found["ERR-8"] |= {IN_REPLIES}
    assert hangs_on({clauses()[name]: each for name, each in found.items()}) == {"ERR-8": "REPLY-12"}


def test_a_chain_is_told_by_its_end() -> None:
    empty_in_two = sent(EMPTY[:2], EMPTY[2:])
    ended = sent(EMPTY[:2], EMPTY[2:])
    ended.add(1.0, Kind.HALF_CLOSED)

    assert hanging(STORE_2=sent(EMPTY), FRAME_9=empty_in_two, CONN_1=ended) == {
        "FRAME-9": "STORE-2",
        "CONN-1": "STORE-2",
    }
