"""The session, on bytes written by hand: what is stored, what is replied, and what becomes of the connection."""

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from jhup import Code, Failure, Greeting, Reply, ReplyReader, Stored, is_valid_name
from jhup_reference.session import Output, Pause, Session
from jhup_reference.settings import Durability, Limits
from jhup_reference.store import Store

ABC = hashlib.sha256(b"abc").hexdigest()
PUT_ABC = b'\x2d\0\0\0{"cmd":"put","filename":"a.txt","filesize":3}abc'
PUT_ABC_ASKING = b'\x3a\0\0\0{"cmd":"put","filename":"a.txt","filesize":3,"reply":true}abc'


def replies(outputs: Iterable[Output]) -> list[Reply]:
    data = b"".join(output for output in outputs if isinstance(output, bytes))
    return list(ReplyReader().receive(data))


def sent(outputs: Iterable[Output]) -> bytes:
    return b"".join(output for output in outputs if isinstance(output, bytes))


def frame(header: str, body: bytes = b"") -> bytes:
    return len(header.encode()).to_bytes(4, "little") + header.encode() + body


@pytest.fixture
def session(store: Store) -> Session:
    return Session(store, Limits())


@pytest.fixture
def contents(storage: Path) -> Callable[[], dict[str, bytes]]:
    return lambda: {path.name: path.read_bytes() for path in storage.iterdir()}


class TestPut:
    def test_is_stored_and_silent(self, session, contents):
        assert sent(session.receive(PUT_ABC)) == b""
        assert contents() == {"a.txt": b"abc"}

    def test_is_answered_when_it_asks(self, session):
        assert replies(session.receive(PUT_ABC_ASKING)) == [Stored("a.txt", 3, ABC)]

    def test_is_not_stored_before_its_last_byte(self, session, contents):
        list(session.receive(PUT_ABC[:-1]))
        assert "a.txt" not in contents()

        list(session.receive(b"c"))
        assert contents() == {"a.txt": b"abc"}

    def test_is_answered_after_it_can_be_read(self, session, contents):
        seen = [contents() for output in session.receive(PUT_ABC_ASKING) if isinstance(output, bytes)]
        assert seen == [{"a.txt": b"abc"}]

    def test_replaces_what_was_stored(self, session, contents):
        list(session.receive(PUT_ABC + PUT_ABC[:-3] + b"xyz"))
        assert contents() == {"a.txt": b"xyz"}

    def test_of_nothing_makes_an_empty_file(self, session, contents):
        header = '{"cmd":"put","filename":"e","filesize":0,"reply":true}'
        assert replies(session.receive(frame(header))) == [Stored("e", 0, hashlib.sha256().hexdigest())]
        assert contents() == {"e": b""}

    def test_of_a_non_ascii_name_is_stored_under_it(self, session, contents):
        list(session.receive(b'\x2e\0\0\0{"cmd":"put","filename":"\xe6\x97\xa5\xe6\x9c\xac","filesize":3}abc'))
        assert contents() == {"日本": b"abc"}

    def test_keeps_the_old_body_when_it_never_completes(self, session, contents):
        list(session.receive(PUT_ABC))
        list(session.receive(PUT_ABC[:-3] + b"xy"))
        error = session.receive_eof()
        assert error is not None
        assert error.clause == "ERR-6"
        assert contents() == {"a.txt": b"abc"}

    def test_keeps_unfinished_bodies_where_no_name_of_a_request_reaches_them(self, session, contents):
        list(session.receive(PUT_ABC[:-1]))
        assert not any(is_valid_name(name) for name in contents())


class TestRefusedPut:
    @pytest.mark.parametrize("name", ["a/b", "..", "", "a\\\\b", "a\\u0000b", "x" * 256, "\\u007f1-1.part"])
    def test_of_a_bad_name_is_consumed_and_the_next_request_served(self, session, contents, name):
        bad = frame(f'{{"cmd":"put","filename":"{name}","filesize":{len(PUT_ABC)},"reply":true}}', PUT_ABC)
        first, second = replies(session.receive(bad + PUT_ABC_ASKING))
        assert isinstance(first, Failure)
        assert (first.code, first.closing) == (Code.BAD_FILENAME, False)
        assert second == Stored("a.txt", 3, ABC)
        assert contents() == {"a.txt": b"abc"}

    def test_of_a_bad_name_is_silent_when_it_does_not_ask(self, session, contents):
        assert sent(session.receive(frame('{"cmd":"put","filename":"/x","filesize":2}', b"xy"))) == b""
        assert contents() == {}

    def test_over_the_size_limit_is_told_so(self, store):
        session = Session(store, Limits(max_filesize=2))
        first, second = replies(session.receive(PUT_ABC_ASKING + frame('{"cmd":"hello","reply":true}')))
        assert isinstance(first, Failure)
        assert first.code is Code.TOO_LARGE
        assert isinstance(second, Greeting)
        assert second.max_filesize == 2

    def test_of_a_long_body_ends_the_connection(self, store, contents):
        session = Session(store, Limits(max_discard=2))
        header = '{"cmd":"put","filename":"a/b","filesize":3,"reply":true}'
        (failure,) = replies(session.receive(frame(header, b"abc") + PUT_ABC))
        assert isinstance(failure, Failure)
        assert failure.closing
        assert session.closing
        assert contents() == {}

    @pytest.mark.parametrize("make", [Path.mkdir, lambda p: p.symlink_to("elsewhere"), lambda p: os.mkfifo(p)])
    def test_of_a_name_that_holds_no_file_leaves_it_alone(self, session, storage, make):
        make(storage / "a.txt")
        before = (storage / "a.txt").lstat()
        (failure,) = replies(session.receive(PUT_ABC_ASKING))
        assert isinstance(failure, Failure)
        assert failure.code is Code.STORAGE
        after = (storage / "a.txt").lstat()
        assert (before.st_ino, before.st_mode) == (after.st_ino, after.st_mode)
        assert [path.name for path in storage.iterdir()] == ["a.txt"]


class TestMalformed:
    @pytest.mark.parametrize(
        "wire",
        [b"\x01\0\0\0{", b"\xff\xff\xff\xff", b"\0\0\0\x3a", b"\x02\0\0\0[]", b"\x02\0\0\0\xff\xff"],
        ids=["short", "negative", "big-endian", "array", "not-utf-8"],
    )
    def test_without_an_object_is_silent_and_ends_the_connection(self, session, contents, wire):
        assert sent(session.receive(wire + PUT_ABC)) == b""
        assert session.closing
        assert contents() == {}

    def test_object_that_asks_is_answered(self, session, contents):
        wire = frame('{"cmd":"put","filename":"a","filesize":-1,"reply":true}')
        (failure,) = replies(session.receive(wire + PUT_ABC))
        assert isinstance(failure, Failure)
        assert (failure.code, failure.closing) == (Code.MALFORMED, True)
        assert session.closing
        assert contents() == {}

    def test_after_a_good_request_still_sends_what_is_owed(self, session):
        assert replies(session.receive(PUT_ABC_ASKING + b"\0\0\0\0")) == [Stored("a.txt", 3, ABC)]


class TestOtherCommands:
    @pytest.mark.parametrize("cmd", ["finish", "handle", "__init__", "receive", "_begin_put", "PUT", ""])
    def test_unknown_ones_are_ignored(self, session, contents, cmd):
        header = f'{{"cmd":"{cmd}","filename":"x","filesize":3,"reply":true}}'
        first, second = replies(session.receive(frame(header) + PUT_ABC_ASKING))
        assert isinstance(first, Failure)
        assert (first.code, first.closing) == (Code.UNKNOWN_COMMAND, False)
        assert isinstance(second, Stored)
        assert contents() == {"a.txt": b"abc"}

    def test_stat_reads_the_store_and_not_a_memory_of_it(self, session, storage):
        list(session.receive(PUT_ABC))
        (storage / "a.txt").write_bytes(b"changed")
        assert replies(session.receive(frame('{"cmd":"stat","filename":"a.txt","reply":true}'))) == [
            Stored("a.txt", 7, hashlib.sha256(b"changed").hexdigest())
        ]

    def test_stat_of_nothing_is_not_found(self, session):
        (failure,) = replies(session.receive(frame('{"cmd":"stat","filename":"b","reply":true}')))
        assert isinstance(failure, Failure)
        assert (failure.code, failure.closing) == (Code.NOT_FOUND, False)

    @pytest.mark.parametrize("member", ["", ',"filename":3', ',"filename":"a/b"', ',"filename":"\\ud800"'])
    def test_stat_without_a_valid_name_is_told_so(self, session, member):
        (failure,) = replies(session.receive(frame(f'{{"cmd":"stat","reply":true{member}}}')))
        assert isinstance(failure, Failure)
        assert (failure.code, failure.closing) == (Code.BAD_FILENAME, False)

    @pytest.mark.parametrize("make", [Path.mkdir, lambda p: p.symlink_to("elsewhere"), lambda p: os.mkfifo(p)])
    def test_stat_of_what_is_no_file_neither_follows_nor_waits(self, session, storage, make):
        make(storage / "x")
        (failure,) = replies(session.receive(frame('{"cmd":"stat","filename":"x","reply":true}')))
        assert isinstance(failure, Failure)
        assert failure.code is Code.STORAGE

    def test_hello_tells_the_limits(self, store):
        session = Session(store, Limits(max_header=70000))
        (greeting,) = replies(session.receive(frame('{"cmd":"hello","reply":true}')))
        assert isinstance(greeting, Greeting)
        assert (greeting.protocol, greeting.max_header, greeting.max_filesize) == (1, 70000, None)
        assert "replies" in greeting.features

    def test_nothing_is_said_to_those_who_do_not_ask(self, session):
        quiet = ['{"cmd":"hello"}', '{"cmd":"stat","filename":"b"}', '{"cmd":"x"}', '{"cmd":"hello","reply":1}']
        assert sent(session.receive(b"".join(map(frame, quiet)))) == b""


class TestWithoutReplies:
    def test_everything_is_silent(self, store, contents):
        session = Session(store, Limits(replies=False))
        wire = PUT_ABC_ASKING + frame('{"cmd":"hello","reply":true}') + frame('{"cmd":"x","reply":true}')
        assert sent(session.receive(wire)) == b""
        assert sent(session.receive(frame('{"cmd":"put","reply":true}'))) == b""
        assert contents() == {"a.txt": b"abc"}


class TestBusy:
    def test_first_request_is_told_so_and_not_carried_out(self, store, contents):
        session = Session(store, Limits(), busy=True)
        (failure,) = replies(session.receive(PUT_ABC_ASKING))
        assert isinstance(failure, Failure)
        assert (failure.code, failure.closing) == (Code.BUSY, True)
        assert session.closing
        assert contents() == {}

    def test_is_silent_when_not_asked(self, store):
        session = Session(store, Limits(), busy=True)
        assert sent(session.receive(PUT_ABC)) == b""
        assert session.closing


class TestLongWork:
    def test_is_announced_before_a_long_file_is_read_and_after_earlier_replies(self, session, storage):
        (storage / "long").write_bytes(bytes(2 * 1024 * 1024))
        wire = PUT_ABC_ASKING + frame('{"cmd":"stat","filename":"long","reply":true}')
        first, pause, second = (output for output in session.receive(wire) if output is not Pause.BETWEEN)
        assert replies([first]) == [Stored("a.txt", 3, ABC)]
        assert pause is Pause.LONG_WORK
        assert replies([second]) == [
            Stored("long", 2 * 1024 * 1024, hashlib.sha256(bytes(2 * 1024 * 1024)).hexdigest())
        ]

    def test_is_announced_before_the_disk_is_waited_for(self, storage):
        store = Store(storage, durability=Durability.FSYNC)
        assert list(Session(store, Limits()).receive(PUT_ABC)) == [Pause.LONG_WORK, Pause.BETWEEN]
        store.close()
        assert (storage / "a.txt").read_bytes() == b"abc"

    def test_replies_are_handed_out_before_they_pile_up(self, session):
        requests = 5000
        outputs = session.receive(frame('{"cmd":"x","reply":true}') * requests)
        pieces = [len(output) for output in outputs if isinstance(output, bytes)]
        assert len(pieces) > 1
        assert max(pieces) < 256 * 1024


class TestBetweenRequests:
    def test_the_next_one_is_not_carried_out_before_it_is_asked_for(self, session, contents):
        work = session.receive(PUT_ABC + frame('{"cmd":"put","filename":"b","filesize":0}'))
        assert next(work) is Pause.BETWEEN
        assert contents() == {"a.txt": b"abc"}

    def test_replies_can_be_taken_and_the_rest_left(self, session, contents):
        work = session.receive(PUT_ABC_ASKING + frame('{"cmd":"put","filename":"b","filesize":0}'))
        assert next(work) is Pause.BETWEEN
        assert replies([session.owed()]) == [Stored("a.txt", 3, ABC)]
        assert session.owed() == b""
        assert session.idle


class TestBodyMovedElsewhere:
    def test_completes_like_one_that_was_received(self, session, contents):
        list(session.receive(PUT_ABC[:-2]))
        sink = session.open_sink()
        assert sink is not None
        os.write(sink, b"bc")
        session.body_moved(2)
        assert contents() == {"a.txt": b"abc"}
        assert session.idle

    def test_is_not_offered_where_the_digest_is_needed(self, session):
        list(session.receive(PUT_ABC_ASKING[:-1]))
        assert session.open_sink() is None

    def test_that_was_lost_is_a_refused_put(self, session, contents):
        list(session.receive(PUT_ABC[:-2]))
        assert session.open_sink() is not None
        session.body_lost(1, OSError(28, "No space left on device"))
        assert session.open_sink() is None
        list(session.receive(b"c" + PUT_ABC[:-3] + b"xyz"))
        assert contents() == {"a.txt": b"xyz"}
