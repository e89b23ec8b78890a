"""Replies as a client reads them: what a fault says, and that it stays (chapter 8)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jhup.errors import Malformed
from jhup.messages import EXPLANATIONS, Code, Command, Failure, Greeting, Reply, Stored
from jhup.objects import dump_object, load_object
from jhup.replies import read_reply, reply_members
from jhup.reply_reader import ReplyReader
from jhup.vectors import vectors

OK = {"status": "ok", "filename": "a", "filesize": 1, "sha256": "0" * 64}
HELLO = {"status": "ok", "protocol": 1, "server": "s", "features": ["replies"], "max_header": 65536, "max_filesize": 9}
ERROR = {"status": "error", "code": "busy", "message": "m", "closing": True}


def framed(header: bytes) -> bytes:
    return len(header).to_bytes(4, "little") + header


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({**OK, "status": None}, "REPLY-14: status is None, neither 'ok' nor 'error'"),
        ({**OK, "filename": 1}, "REPLY-6: filename is 1, not a string"),
        ({**OK, "filesize": True}, "REPLY-6: filesize is True, not an integer from 0 to 2^63-1"),
        ({**OK, "sha256": "A" * 3}, "REPLY-6: sha256 is 'AAA', not 64 lower-case hexadecimal digits"),
        ({**ERROR, "code": 5}, "REPLY-14: code is 5, not a string"),
        ({**ERROR, "message": None}, "REPLY-14: message is None, not a string"),
        ({**ERROR, "closing": 1}, "REPLY-14: closing is 1, not a boolean"),
        ({**HELLO, "protocol": 2}, "REPLY-12: protocol is 2, not 1"),
        ({**HELLO, "server": None}, "REPLY-12: server is None, not a string"),
        ({**HELLO, "features": None}, "REPLY-12: features is None, not an array of strings"),
        ({**HELLO, "features": []}, "REPLY-12: features is [], without 'replies'"),
        ({**HELLO, "max_header": 1}, "REPLY-12: max_header is 1, not an integer from 65536 to 1048576"),
        ({**HELLO, "max_filesize": "1"}, "REPLY-12: max_filesize is '1', neither null nor an integer from 0"),
    ],
)
def test_a_fault_names_the_member_and_what_was_expected(members: dict[str, Any], message: str) -> None:
    with pytest.raises(Malformed) as caught:
        read_reply(members)

    assert str(caught.value) == message


def test_a_missing_limit_is_said_to_be_missing() -> None:
    members = {name: value for name, value in HELLO.items() if name != "max_filesize"}

    with pytest.raises(Malformed, match="REPLY-12: max_filesize is missing"):
        read_reply(members)


@given(
    st.builds(Stored, st.text(), st.integers(0, 2**63 - 1), st.text("0123456789abcdef", min_size=64, max_size=64))
    | st.builds(Failure, st.sampled_from(Code), st.text(), st.booleans())
    | st.builds(
        Greeting,
        server=st.text(),
        features=st.lists(st.text(), max_size=3).map(lambda others: (*others, "replies")),
        max_header=st.integers(65536, 1048576),
        max_filesize=st.none() | st.integers(0, 2**63 - 1),
    )
)
def test_members_of_a_reply_are_read_as_that_reply(reply: Reply) -> None:
    assert read_reply(load_object(dump_object(reply_members(reply)))) == reply


def test_a_reader_of_replies_that_found_a_fault_says_it_again() -> None:
    reader = ReplyReader()
    with pytest.raises(Malformed) as first:
        list(reader.receive(framed(b"[]") + framed(b'{"status":"error","code":"busy","message":"","closing":true}')))

    with pytest.raises(Malformed) as second:
        next(reader.receive(framed(b'{"status":"error","code":"busy","message":"","closing":true}')))

    assert first.value.clause == second.value.clause == "REPLY-4"
    assert reader.receive_eof() is None


def test_a_reply_that_is_cut_off_says_how_much_of_it_there_was() -> None:
    reader = ReplyReader()
    list(reader.receive(b"\x50\0\0\0{"))

    truncated = reader.receive_eof()

    assert truncated is not None
    assert str(truncated) == "REPLY-4: the stream ended 5 bytes into a reply"


def test_each_code_has_a_line_for_people() -> None:
    assert EXPLANATIONS.keys() == set(Code)
    assert all(line.isprintable() and line for line in EXPLANATIONS.values())


def test_codes_and_commands_are_those_of_the_text() -> None:
    assert {*Code} == {
        "malformed", "bad-filename", "too-large", "storage", "not-found", "unknown-command", "busy", "internal"
    }  # fmt: skip
    assert {*Command} == {"put", "stat", "hello"}


def test_each_code_has_a_vector() -> None:
    messages = [seen.message for vector in vectors() for meaning in vector.meanings for seen in meaning.events]

    assert {message.code for message in messages if isinstance(message, Failure)} == set(Code)
