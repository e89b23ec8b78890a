"""The faults that the suite did not see at first do what they say, shown by bytes by hand, without a network."""

import errno
import json
import socket
import threading
from pathlib import Path

import faults_of_sharing as sharing
import pytest
from echo_faults import Connection
from echo_faults import Faithful as Echo
from later_faults import ECHO, UPLOAD
from upload_faults import Faithful
from upload_storing import Upload

MIB = 2**20


def frame(**members: object) -> bytes:
    text = json.dumps(members).encode()
    return len(text).to_bytes(4, "little") + text


def put(name: str, body: bytes = b"", **members: object) -> bytes:
    return frame(**{"cmd": "put", "filename": name, "filesize": len(body)} | members) + body


def talk(server: type[Faithful], folder: Path, *said: bytes) -> bytes:
    """Serve one connection on which some bytes come and the stream ends; return what is answered."""
    server.open_store(folder)
    client, end = socket.socketpair()
    answer = bytearray()

    def listen() -> None:
        while data := client.recv(65_536):
            answer.extend(data)

    threads = [threading.Thread(target=server(end).serve), threading.Thread(target=listen)]
    with client:
        for thread in threads:
            thread.start()
        try:
            client.sendall(b"".join(said))
            client.shutdown(socket.SHUT_WR)
        except OSError:  # it has closed by then
            pass
        for thread in threads:
            thread.join()
    return bytes(answer)


def stored(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def replies(answer: bytes) -> list[dict[str, object]]:
    found = []
    while answer:
        length = int.from_bytes(answer[:4], "little")
        found.append(json.loads(answer[4 : 4 + length]))
        answer = answer[4 + length :]
    return found


# Carried from one request to the next


def test_who_asked_once_is_answered_again(tmp_path: Path) -> None:
    answer = talk(UPLOAD["asked once, asked for ever"].server, tmp_path, put("a", reply=True), put("b"))

    assert len(replies(answer)) == 2


def test_missing_members_are_those_of_the_header_before(tmp_path: Path) -> None:
    talk(
        UPLOAD["keeps members of the header before"].server,
        tmp_path,
        put("a", b"abc"),
        frame(cmd="put", filename="b"),
        b"def",
    )

    assert stored(tmp_path) == {"a": b"abc", "b": b"def"}


def test_a_shorter_body_ends_as_the_one_before(tmp_path: Path) -> None:
    talk(UPLOAD["pads with the last body"].server, tmp_path, put("a", b"abcdef"), put("b", b"xy"))

    assert stored(tmp_path) == {"a": b"abcdef", "b": b"xycdef"}


def test_the_put_after_a_refused_one_is_answered_with_its_error(tmp_path: Path) -> None:
    answer = talk(UPLOAD["errors stick"].server, tmp_path, put("a/b"), put("a", reply=True))

    assert [each["status"] for each in replies(answer)] == ["error"]
    assert stored(tmp_path) == {"a": b""}


def test_an_empty_put_has_the_size_of_the_unknown_command(tmp_path: Path) -> None:
    talk(UPLOAD["sizes of unknown commands stick"].server, tmp_path, frame(cmd="x", filesize=3), put("a"), b"abc")

    assert stored(tmp_path) == {"a": b"abc"}


def test_a_put_has_the_name_of_the_stat_before(tmp_path: Path) -> None:
    talk(UPLOAD["names of stats stick"].server, tmp_path, frame(cmd="stat", filename="b"), put("a", b"abc"))

    assert stored(tmp_path) == {"b": b"abc"}


def test_an_empty_body_replaces_none_after_a_long_one(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")

    talk(UPLOAD["an empty body after a long one replaces none"].server, tmp_path, put("b", bytes(5000)), put("a"))

    assert stored(tmp_path) == {"a": b"old", "b": bytes(5000)}


def test_a_malformed_header_after_a_put_is_read_on_after(tmp_path: Path) -> None:
    server = UPLOAD["malformed headers after a put are forgiven"].server

    talk(server, tmp_path, put("a"), frame(cmd=1), put("b"))

    assert stored(tmp_path) == {"a": b"", "b": b""}


# Long refused bodies, and what is nearly alike


@pytest.mark.parametrize(("mib", "size"), [(1, MIB), (8, 8 * MIB), (64, 64 * MIB), (0, 2**62)])
def test_it_says_that_it_stays_and_closes(tmp_path: Path, mib: int, size: int) -> None:
    server = UPLOAD[f"says it stays at {f'{mib} MiB' if mib else '2^62'}"].server

    answer = talk(server, tmp_path, put("a/b", filesize=size, reply=True), put("a", filesize=0))

    assert [each["closing"] for each in replies(answer)] == [False]
    assert stored(tmp_path) == {}


def test_a_refused_body_of_2_to_the_62nd_is_none(tmp_path: Path) -> None:
    talk(UPLOAD["32 bits of a refused body"].server, tmp_path, put("a/b", filesize=2**62), put("a", b"abc"))

    assert stored(tmp_path) == {"a": b"abc"}


def test_a_long_refused_put_is_not_answered(tmp_path: Path) -> None:
    server = UPLOAD["silent at long refused bodies"].server

    assert talk(server, tmp_path, put("a/b", filesize=17 * MIB, reply=True)) == b""


def test_a_member_in_capitals_is_taken_where_the_exact_one_is_absent(tmp_path: Path) -> None:
    server = UPLOAD["ignores case where the exact member is absent"].server

    talk(server, tmp_path, frame(CMD="put", Filename="a", filesize=3), b"abc", put("b", Filename="c"))

    assert stored(tmp_path) == {"a": b"abc", "b": b""}


def test_a_body_that_begins_alike_is_taken_for_unchanged(tmp_path: Path) -> None:
    body = bytes(1000)

    talk(UPLOAD["skips what looks alike"].server, tmp_path, put("a", body + b"x"), put("a", body + b"y"))

    assert stored(tmp_path) == {"a": body + b"x"}


# Connections, and what runs out


def test_every_fifth_connection_waits_for_the_one_before(tmp_path: Path) -> None:
    server = UPLOAD["every fifth waits"].server
    server.open_store(tmp_path)
    pairs = [socket.socketpair() for _ in range(5)]
    for _, end in pairs:
        server.accepted(end)
    clients = [client for client, _ in pairs]

    for number, client in enumerate(clients):
        client.sendall(put(f"{number}", reply=True))
    answered = [client.recv(4096) for client in clients[:4]]
    before = set(stored(tmp_path))
    clients[3].close()
    clients[4].recv(4096)

    assert all(answered)
    assert before == {"0", "1", "2", "3"}
    for client in clients:
        client.close()


class Full(Faithful):
    """Has a store in which no byte has room."""

    def write(self, upload: Upload, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_write_errors_are_ignored(tmp_path: Path) -> None:
    server = type("Both", (UPLOAD["ignores write errors"].server, Full), {})

    answer = talk(server, tmp_path, put("a", b"abc", reply=True))

    assert [each["status"] for each in replies(answer)] == ["ok"]
    assert stored(tmp_path) == {"a": b""}


@pytest.mark.parametrize("name", ["closes after 3 s", "idle for 10 s"])
def test_a_deadline_closes_a_connection_on_which_nothing_comes(tmp_path: Path, name: str) -> None:
    server = type("Hurried", (UPLOAD[name].server,), {"after": 0.05})
    server.open_store(tmp_path)
    client, end = socket.socketpair()
    serving = threading.Thread(target=server(end).serve)

    serving.start()
    with client:
        assert client.recv(1) == b""

    serving.join()


# Echo services


def session(server: Echo, *segments: bytes) -> list[bytes]:
    """Hold one connection, segment by segment; return the answers, each as one receive has it."""
    client, end = socket.socketpair()
    serving = threading.Thread(target=server.converse, args=(Connection(end, 1),))
    serving.start()
    with client, end:
        answers = []
        for segment in segments:
            client.sendall(segment)
            answers.append(client.recv(4096))
        client.shutdown(socket.SHUT_WR)
        serving.join()
    return answers


def test_an_answer_ends_as_the_longer_one_before() -> None:
    fault = ECHO["the tail in a session"]

    assert session(fault.server("upper", "session"), b"abcdef", b"xy") == [b"ABCDEF", b"XYCDEF"]


def test_line_feeds_get_a_carriage_return() -> None:
    assert session(ECHO["changes line ends"].server("upper", "one-shot"), b"a\nb") == [b"A\r\nB"]


@pytest.mark.parametrize(("name", "numbers"), [("names of four workers", (1, 5)), ("names cut short", (1, 10))])
def test_two_workers_have_one_name(name: str, numbers: tuple[int, int]) -> None:
    server = ECHO[name].server("worker", "one-shot")

    assert server.name(numbers[0]) == server.name(numbers[1])


@pytest.mark.parametrize("shape", ["session", "line"])
def test_a_half_close_right_after_a_message_ends_it(shape: str) -> None:
    server = sharing.HalfCloseIsTheEnd("greet", shape)
    client, end = socket.socketpair()

    with client, end:
        client.sendall(b"abc\n")
        client.shutdown(socket.SHUT_WR)
        server.converse(Connection(end, 1))
        end.close()
        assert client.recv(100) == b""


@pytest.mark.parametrize(("service", "shape"), [("greet", "one-shot"), ("upper", "session")])
def test_an_empty_stream_ends_the_process(monkeypatch: pytest.MonkeyPatch, service: str, shape: str) -> None:
    died = []
    monkeypatch.setattr(sharing, "die", lambda: died.append(True))

    session(sharing.EmptyKills(service, shape))

    assert died
