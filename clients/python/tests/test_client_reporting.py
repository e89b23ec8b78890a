"""What a client reports, and whom it blames (section 9.3)."""

import io
import json
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from jhup import Code, Greeting, Stored
from jhup_client import (
    Client,
    ConnectionFailed,
    ConnectionLost,
    DigestDiffers,
    ErrorReply,
    Fault,
    NoReply,
    RequestFailed,
    Sent,
    WrongReply,
)

StartPeer = Callable[..., Any]

MIB = 1 << 20
ABC = {"status": "ok", "filename": "a", "filesize": 3,
       "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}  # fmt: skip


def put_abc(client: Client) -> object:
    return client.put(io.BytesIO(b"abc"), name="a", reply=True)


def frame(text: bytes) -> bytes:
    return struct.pack("<i", len(text)) + text


def test_a_refused_connection_is_reported() -> None:
    with pytest.raises(ConnectionFailed, match=r"^can't connect to 127.0.0.1:1: connection refused") as caught:
        Client.at("127.0.0.1:1").hello()

    assert caught.value.clause == "CLIENT-14"


def test_an_unknown_host_is_reported() -> None:
    with pytest.raises(ConnectionFailed, match=r"not the name of a host|unknown host"):
        Client.at(f"{'x' * 64}.invalid:1").hello()


def test_a_unix_socket_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConnectionFailed):
        Client.at(f"unix:{tmp_path}/nothing").hello()
    with pytest.raises(ConnectionFailed):
        Client.at(f"unix:{tmp_path}/{'x' * 200}").hello()


def test_a_platform_without_unix_sockets_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("socket.AF_UNIX", raising=False)

    with pytest.raises(ConnectionFailed, match="this platform has no Unix sockets"):
        Client.at("unix:/nothing").hello()


def test_datagrams_are_no_connection() -> None:
    with pytest.raises(ConnectionFailed, match="byte stream") as caught:
        Client.at("udp://127.0.0.1:1").hello()

    assert caught.value.fault is Fault.LOCAL


RESET_AFTER: list[Any] = [
    pytest.param(lambda server: None, id="nothing"),
    pytest.param(lambda server: server.read(4), id="the prefix"),
    pytest.param(lambda server: server.read(20), id="a part of the header"),
    pytest.param(lambda server: server.read_header(), id="the header"),
    pytest.param(lambda server: (server.read_header(), server.read(MIB)), id="a part of the body"),
]


@pytest.mark.parametrize("reply", [False, True], ids=["silent", "with reply"])
@pytest.mark.parametrize("read", RESET_AFTER)
def test_a_reset_before_all_bytes_are_handed_over_is_reported(
    peer: StartPeer, tmp_path: Path, read: Callable[[Any], object], reply: bool
) -> None:
    path = tmp_path / "f"
    path.write_bytes(bytes(8 * MIB))
    server = peer(lambda server: (read(server), server.reset()))

    with pytest.raises((ConnectionLost, ConnectionFailed)) as caught:  # a reset can overtake the end of connecting
        server.client().put(path, reply=reply)

    assert caught.value.clause == "CLIENT-14"
    assert caught.value.fault is Fault.NETWORK
    server.result()


@pytest.mark.parametrize("read", RESET_AFTER[:4])
def test_a_reset_is_seen_after_a_small_file_was_written(peer: StartPeer, read: Callable[[Any], object]) -> None:
    server = peer(lambda server: (read(server), server.reset()))

    with pytest.raises((ConnectionLost, ConnectionFailed)):
        server.client(settle=20).put(io.BytesIO(b"abc"), name="abcdefghij")

    server.result()


def test_a_reset_after_the_last_byte_is_reported_when_nothing_confirms_it(peer: StartPeer) -> None:
    server = peer(lambda server: (server.read_to_end(), server.reset()))

    with pytest.raises(ConnectionLost, match="the server reset the connection"):
        server.client(settle=20).put(io.BytesIO(b"abc"), name="a")

    server.result()


def test_closing_with_bytes_unread_is_seen_over_every_transport(peer: StartPeer, transport: str) -> None:
    server = peer(lambda server: server.read(10), over=transport)

    with pytest.raises(ConnectionLost):
        server.client(settle=20).put(io.BytesIO(bytes(100)), name="abcdefghij")

    server.result()


def test_a_server_that_ends_its_direction_inside_a_body_is_reported(peer: StartPeer, tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(bytes(32 * MIB))
    reported = threading.Event()  # until then the window stays shut: a fast reader would have taken it all
    server = peer(lambda server: (server.read_header(), server.end(), reported.wait(), server.count_to_end())[3])

    with pytest.raises(ConnectionLost, match="closed the connection before all bytes were handed over"):
        server.client().put(path)

    reported.set()
    assert server.result() < 32 * MIB


def test_a_server_that_closes_after_the_last_byte_has_taken_it(peer: StartPeer, transport: str) -> None:
    server = peer(lambda server: server.read_request(), over=transport)

    assert server.client(settle=3600).put(io.BytesIO(b"abc"), name="a") == Sent("a", 3)
    server.result()


def test_a_connection_that_the_server_has_closed_takes_no_further_request(peer: StartPeer) -> None:
    server = peer(lambda server: server.confirm(*server.read_request()))
    connection = server.client().connect()
    put = connection.put(io.BytesIO(b"abc"), name="a", reply=True)
    server.result()

    assert not connection.is_alive()
    assert not connection.is_open
    with pytest.raises(ConnectionLost, match="the connection is closed"):
        connection.hello()
    assert put == Stored("a", 3, str(ABC["sha256"]))


def test_a_confirmed_upload_returns_what_the_server_says(peer: StartPeer, transport: str) -> None:
    server = peer(lambda server: (server.confirm(*server.read_request()), server.read_to_end()), over=transport)

    assert put_abc(server.client()) == Stored("a", 3, str(ABC["sha256"]))
    server.result()


def test_a_reply_may_come_in_pieces_with_anything_in_it_that_is_unknown(peer: StartPeer) -> None:
    text = b' {"x":[{}],"sha256":"%s","filesize":3,\n"filename":"\\u0061" , "status":"ok", "new":null} '
    reply = frame(text % str(ABC["sha256"]).encode())

    def script(server: Any) -> None:
        server.read_request()
        for byte in reply:
            server.send(bytes([byte]))
        server.read_to_end()

    server = peer(script)

    assert put_abc(server.client()) == Stored("a", 3, str(ABC["sha256"]))
    server.result()


def test_an_answer_of_other_bytes_is_reported(peer: StartPeer) -> None:
    server = peer(lambda server: (server.confirm(*server.read_request(), sha256="0" * 64), server.read_to_end()))

    with pytest.raises(DigestDiffers, match=f"SHA-256 {'0' * 64}, sent were ba7816bf") as caught:
        put_abc(server.client())

    assert (caught.value.clause, caught.value.fault) == ("CLIENT-16", Fault.SERVER)
    server.result()


def test_the_digest_is_that_of_the_bytes_sent_and_not_of_the_file(peer: StartPeer, tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"a" * MIB)

    def change(progress: Any) -> None:
        if progress.sent == MIB:
            path.write_bytes(b"b" * MIB)

    server = peer(lambda server: server.store_all())

    stored = server.client().put(path, reply=True, progress=change)

    assert stored.sha256 == "9bc1b2a288b26af7257a36277ae3816a7d4f16e89c1e7e77d0a5c48bad62b360"
    server.result()


WRONG = [
    pytest.param(frame(json.dumps(ABC | {"filename": "b"}).encode()), "REPLY-6", id="another name"),
    pytest.param(frame(json.dumps(ABC | {"filesize": 4}).encode()), "REPLY-6", id="another size"),
    pytest.param(frame(json.dumps(ABC | {"sha256": "BA" * 32}).encode()), "REPLY-6", id="capital digits"),
    pytest.param(
        frame(
            b'{"status":"ok","protocol":1,"server":"s","features":["replies"],"max_header":65536,"max_filesize":null}'
        ),
        "REPLY-3",
        id="a greeting",
    ),
    pytest.param(frame(b'{"status":"fine"}'), "REPLY-14", id="unknown status"),
    pytest.param(frame(b'{"status":"error","code":"busy","message":""}'), "REPLY-14", id="error without closing"),
    pytest.param(frame(b'{"status":"ok"} x'), "REPLY-4", id="something after the object"),
    pytest.param(frame(b'{"status":NaN}'), "REPLY-4", id="NaN"),
    pytest.param(frame(b"[]"), "REPLY-4", id="no object"),
    pytest.param(b"HTTP/1.0 400 Bad Request\r\n\r\n", "REPLY-4", id="HTTP"),
    pytest.param(b"\xff\xff\xff\xff", "REPLY-4", id="negative length"),
]


@pytest.mark.parametrize(("data", "clause"), WRONG)
def test_what_is_no_reply_to_the_request_is_reported(peer: StartPeer, data: bytes, clause: str) -> None:
    server = peer(lambda server: (server.read_request(), server.send(data), server.count_to_end()))

    with pytest.raises(WrongReply) as caught:
        put_abc(server.client())

    assert (caught.value.clause, caught.value.fault) == (clause, Fault.SERVER)
    server.result()


def test_an_answer_before_the_end_of_the_body_is_no_confirmation(peer: StartPeer) -> None:
    def script(server: Any) -> None:
        server.read_header()
        server.reply(**ABC | {"filesize": 32 * MIB})
        server.count_to_end()

    server = peer(script)

    with pytest.raises(WrongReply) as caught:
        server.client().put(io.BytesIO(bytes(32 * MIB)), name="a", reply=True)

    assert caught.value.clause == "REPLY-7"
    server.result()


@pytest.mark.parametrize("said", [b"", b"\x84\x00", frame(b'{"status"')[:-1]])
def test_a_server_that_closes_instead_of_replying_is_reported(peer: StartPeer, said: bytes) -> None:
    server = peer(lambda server: (server.read_request(), server.send(said)))

    with pytest.raises(NoReply, match="in the middle of one" if said else "without a reply"):
        put_abc(server.client(reply=20))

    server.result()


@pytest.mark.parametrize("code", list(Code))
def test_an_error_reply_is_reported_with_its_code_and_words(peer: StartPeer, code: Code) -> None:
    def script(server: Any) -> Any:
        server.read_request()
        server.reply(status="error", code=code, message="no, because", closing=False)
        server.confirm(*server.read_request())
        return server.read_to_end()

    server = peer(script)

    with server.client().connect() as connection:
        with pytest.raises(ErrorReply, match="no, because") as caught:
            connection.put(io.BytesIO(b"abc"), name="a", reply=True)
        again = connection.put(io.BytesIO(b"abc"), name="a", reply=True)

    assert (caught.value.code, caught.value.closing, caught.value.fault) == (code, False, Fault.SERVER)
    assert isinstance(again, Stored)
    assert server.result() == b""


def test_an_unknown_code_is_taken_for_internal(peer: StartPeer) -> None:
    def script(server: Any) -> None:
        server.read_request()
        server.reply(status="error", code="x-moon", message="full moon", closing=False, moon=1.0)
        server.read_to_end()

    server = peer(script)

    with pytest.raises(ErrorReply, match="full moon") as caught:
        put_abc(server.client())

    assert caught.value.code is Code.INTERNAL
    server.result()


def test_a_body_is_supplied_whole_after_an_error_that_does_not_close(peer: StartPeer) -> None:
    size = 16 * MIB

    def script(server: Any) -> int:
        header = server.read_header()
        server.reply(status="error", code="too-large", message="", closing=False)
        received = len(server.read(header["filesize"]))
        server.confirm(*server.read_request())
        return received

    server = peer(script)

    with server.client().connect() as connection:
        with pytest.raises(ErrorReply):
            connection.put(io.BytesIO(bytes(size)), name="big", reply=True)
        connection.put(io.BytesIO(b"abc"), name="a", reply=True)

    assert server.result() == size


@pytest.mark.parametrize("end", ["waits", "resets"])
def test_a_body_is_given_up_after_an_error_that_closes(peer: StartPeer, tmp_path: Path, end: str) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(512 * MIB)

    def script(server: Any) -> int:
        server.read_header()
        server.reply(status="error", code="too-large", message="", closing=True)
        if end == "resets":
            server.reset()
            return 0
        return server.count_to_end()

    server = peer(script)
    connection = server.client().connect()

    with pytest.raises(ErrorReply) as caught:
        connection.put(path, reply=True)

    assert caught.value.closing
    assert not connection.is_open
    assert server.result() < 512 * MIB


def test_pipelined_uploads_get_their_own_outcomes(peer: StartPeer) -> None:
    def script(server: Any) -> None:
        requests = [server.read_request() for _ in range(3)]
        server.confirm(*requests[0])
        server.reply(status="error", code="storage", message="disk full", closing=False)
        server.confirm(*requests[2])
        server.read_to_end()

    server = peer(script)

    with server.client().connect() as connection:
        uploads = [connection.submit(io.BytesIO(bytes([i])), name=f"f{i}", reply=True) for i in range(3)]
        third = connection.result(uploads[2])
        first = connection.result(uploads[0])
        with pytest.raises(ErrorReply, match="disk full"):
            connection.result(uploads[1])

    assert (first.filename, third.filename) == ("f0", "f2")
    server.result()


def test_an_error_that_nobody_asked_about_is_raised_at_the_end(peer: StartPeer) -> None:
    def script(server: Any) -> None:
        server.read_request()
        server.reply(status="error", code="storage", message="disk full", closing=False)
        server.read_to_end()

    server = peer(script)

    with pytest.raises(ErrorReply, match="disk full"), server.client().connect() as connection:
        connection.submit(io.BytesIO(b"x"), name="x", reply=True)

    server.result()


def test_uploads_after_an_error_that_closes_are_without_an_answer(peer: StartPeer) -> None:
    def script(server: Any) -> None:
        server.read_request()
        server.read_request()
        server.reply(status="error", code="malformed", message="what?", closing=True)
        server.end()
        server.read_to_end()

    server = peer(script)
    connection = server.client().connect()
    first = connection.submit(io.BytesIO(b"x"), name="x", reply=True)
    second = connection.submit(io.BytesIO(b"y"), name="y", reply=True)

    with pytest.raises(ErrorReply):
        connection.result(first)
    with pytest.raises(ConnectionLost, match=r"over another request: .*what\?"):
        connection.result(second)

    server.result()


def test_other_bytes_stored_for_one_file_leave_the_connection_in_step(peer: StartPeer) -> None:
    def script(server: Any) -> None:
        server.confirm(*server.read_request(), sha256="0" * 64)
        server.confirm(*server.read_request())

    server = peer(script)

    with server.client().connect() as connection:
        with pytest.raises(DigestDiffers):
            connection.put(io.BytesIO(b"x"), name="x", reply=True)
        assert connection.put(io.BytesIO(b"y"), name="y", reply=True).filename == "y"

    server.result()


def test_an_error_that_closes_inside_a_later_body_is_the_earlier_ones(peer: StartPeer) -> None:
    def script(server: Any) -> None:
        server.read_request()
        server.read_header()
        server.reply(status="error", code="malformed", message="what?", closing=True)
        server.count_to_end()

    server = peer(script)
    connection = server.client().connect()
    first = connection.submit(io.BytesIO(b"x"), name="x", reply=True)

    with pytest.raises(ConnectionLost, match=r"over another request: .*what\?"):
        connection.submit(io.BytesIO(bytes(64 * MIB)), name="y", reply=True)
    with pytest.raises(ErrorReply):
        connection.result(first)

    server.result()


def test_a_question_after_uploads_is_answered_after_them(peer: StartPeer) -> None:
    def script(server: Any) -> None:
        requests = [server.read_request() for _ in range(3)]
        server.confirm(*requests[0])
        server.confirm(*requests[1])
        server.reply(status="error", code="unknown-command", message="no hello", closing=False)

    server = peer(script)

    with server.client().connect() as connection:
        uploads = [connection.submit(io.BytesIO(b"x"), name=name, reply=True) for name in "xy"]
        with pytest.raises(ErrorReply, match="no hello"):
            connection.hello()

    assert all(isinstance(upload.outcome, Stored) for upload in uploads)
    server.result()


def test_a_reset_after_everything_was_confirmed_loses_nothing(peer: StartPeer) -> None:
    server = peer(lambda server: (server.confirm(*server.read_request()), server.reset()))

    with server.client().connect() as connection:
        connection.put(io.BytesIO(b"abc"), name="a", reply=True)
        server.result()


def test_a_silent_upload_has_no_outcome_before_the_connection_has_finished(peer: StartPeer) -> None:
    server = peer(lambda server: server.read_to_end())
    connection = server.client().connect()
    upload = connection.submit(io.BytesIO(b"x"), name="x")

    before = upload.outcome
    with pytest.raises(ValueError, match="no reply was asked for"):
        connection.result(upload)
    connection.finish()

    assert before is None
    assert upload.outcome == Sent("x", 1)
    server.result()


def test_silent_uploads_are_not_handed_over_when_the_connection_is_lost(peer: StartPeer) -> None:
    server = peer(lambda server: (server.read_request(), server.reset()))
    connection = server.client(settle=20).connect()
    upload = connection.submit(io.BytesIO(b"x"), name="x")

    with pytest.raises(ConnectionLost):
        connection.finish()

    assert isinstance(upload.outcome, ConnectionLost)
    server.result()


def test_leaving_by_an_exception_waits_for_nothing(peer: StartPeer) -> None:
    server = peer(lambda server: server.read_to_end())

    connection = server.client(reply=3600, settle=3600).connect()
    with suppress(ZeroDivisionError), connection:
        upload = connection.submit(io.BytesIO(b"x"), name="x", reply=True)
        raise ZeroDivisionError

    assert isinstance(upload.outcome, RequestFailed)
    server.result()


def test_words_that_nobody_asked_for_are_ignored_and_noted(peer: StartPeer) -> None:
    server = peer(lambda server: (server.read_request(), server.reply(status="ok"), server.read_to_end()))

    with server.client().connect() as connection:
        connection.put(io.BytesIO(b"abc"), name="a")

    assert connection.was_spoken_to
    server.result()


def test_stat_tells_what_is_stored(peer: StartPeer) -> None:
    def script(server: Any) -> list[Any]:
        asked = [server.read_header()]
        server.reply(**ABC)
        asked.append(server.read_header())
        server.reply(status="error", code="not-found", message="", closing=False)
        return asked

    server = peer(script)

    with server.client().connect() as connection:
        assert connection.stat("a") == Stored("a", 3, str(ABC["sha256"]))
        assert connection.stat("é") is None

    assert server.result() == [
        {"cmd": "stat", "filename": "a", "reply": True},
        {"cmd": "stat", "filename": "é", "reply": True},
    ]


def test_stat_reports_other_errors(peer: StartPeer) -> None:
    def script(server: Any) -> None:
        server.read_header()
        server.reply(status="error", code="storage", message="a folder", closing=False)

    server = peer(script)

    with pytest.raises(ErrorReply, match="a folder"):
        server.client().stat("a")

    server.result()


def test_hello_tells_what_the_server_is_and_ignores_what_is_new(peer: StartPeer) -> None:
    def script(server: Any) -> Any:
        header = server.read_header()
        server.reply(
            status="ok", protocol=1, server="s", features=["replies", "x-moon"], max_header=65536, max_filesize=7, x=1
        )
        return header

    server = peer(script)

    greeting = server.client().hello()

    assert greeting == Greeting(server="s", features=("replies", "x-moon"), max_header=65536, max_filesize=7)
    assert server.result() == {"cmd": "hello", "reply": True}


def test_errors_name_their_clause_in_their_text() -> None:
    error = WrongReply("what it was", clause="REPLY-4")

    assert str(error) == "what it was (REPLY-4)"
    assert str(WrongReply("what it was")) == "what it was"
