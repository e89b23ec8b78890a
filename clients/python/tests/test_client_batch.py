"""Many files: pipelined over a connection as long as it lasts, then over the next."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jhup import Stored
from jhup_client import Client, ConnectionFailed, ConnectionLost, ErrorReply, FileFailed, FileShrank, NoReply, Sent
from jhup_client.batch import FileToSend, upload_all

StartPeer = Callable[..., Any]
Files = list[FileToSend]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Four small files: a, b, c, d."""
    for name in "abcd":
        (tmp_path / name).write_text(name * 3)
    return [FileToSend(str(tmp_path / name)) for name in "abcd"]


def outcomes(client: Client, files: Files, **options: Any) -> list[tuple[str, type]]:
    return [(Path(file.path).name, type(outcome)) for file, outcome in upload_all(client.connect, files, **options)]


def store_all(server: Any) -> Any:
    return server.store_all()


@pytest.mark.parametrize(("reply", "kind"), [(False, Sent), (True, Stored)])
def test_all_files_go_over_one_connection(peer: StartPeer, files: Files, reply: bool, kind: type) -> None:
    server = peer(store_all)

    assert outcomes(server.client(), files, reply=reply) == [(name, kind) for name in "abcd"]
    assert server.result() == {name: name.encode() * 3 for name in "abcd"}


@pytest.mark.parametrize(("reply", "kind"), [(False, Sent), (True, Stored)])
def test_each_file_goes_over_its_own_connection_when_told_to(
    peer: StartPeer, files: Files, reply: bool, kind: type
) -> None:
    server = peer(store_all, store_all, store_all, store_all)

    assert outcomes(server.client(), files, reply=reply, separately=True) == [(name, kind) for name in "abcd"]
    assert server.results() == [{name: name.encode() * 3} for name in "abcd"]


def test_outcomes_are_told_as_they_become_known(peer: StartPeer, files: Files) -> None:
    server = peer(store_all)
    told = []

    for file, _ in upload_all(server.client().connect, files, reply=True, progress=lambda news: told.append(news)):
        told.append(Path(file.path).name)

    assert [item for item in told if isinstance(item, str)] == list("abcd")
    server.result()


def test_an_error_concerns_its_own_file_only(peer: StartPeer, files: Files) -> None:
    def script(server: Any) -> None:
        requests = [server.read_request() for _ in range(4)]
        server.confirm(*requests[0])
        server.reply(status="error", code="storage", message="", closing=False)
        server.confirm(*requests[2])
        server.confirm(*requests[3])
        server.read_to_end()

    server = peer(script)

    assert outcomes(server.client(), files, reply=True) == [
        ("a", Stored), ("b", ErrorReply), ("c", Stored), ("d", Stored),
    ]  # fmt: skip
    server.result()


def test_files_after_an_error_that_closes_are_sent_again(peer: StartPeer, files: Files) -> None:
    def refuse_the_second(server: Any) -> None:
        first = server.read_request()
        server.read_request()
        server.confirm(*first)
        server.reply(status="error", code="storage", message="", closing=True)
        server.end()
        server.count_to_end()

    server = peer(refuse_the_second, store_all)

    assert outcomes(server.client(), files, reply=True) == [
        ("a", Stored), ("b", ErrorReply), ("c", Stored), ("d", Stored),
    ]  # fmt: skip
    assert list(server.results()[1]) == ["c", "d"]


def test_files_of_a_lost_connection_have_failed_and_the_others_go_on(peer: StartPeer, files: Files) -> None:
    Path(files[1].path).write_bytes(bytes(8 << 20))

    def reset_inside_the_second(server: Any) -> None:
        server.read_request()
        server.read_header()
        server.reset()

    server = peer(reset_inside_the_second, store_all)

    assert outcomes(server.client(), files) == [
        ("a", ConnectionLost), ("b", ConnectionLost), ("c", Sent), ("d", Sent),
    ]  # fmt: skip
    assert list(server.results()[1]) == ["c", "d"]


def test_a_file_that_shrinks_keeps_no_other_from_being_sent(peer: StartPeer, files: Files) -> None:
    Path(files[1].path).write_bytes(bytes(1 << 20))

    def shrink(news: Any) -> None:
        if news.filename == "b":
            os.truncate(files[1].path, 10)

    def truncated(server: Any) -> Any:
        first = server.read_request()
        server.read_header()
        return first[1], server.count_to_end()

    server = peer(truncated, store_all)

    assert outcomes(server.client(), files, progress=shrink) == [
        ("a", Sent), ("b", FileShrank), ("c", Sent), ("d", Sent),
    ]  # fmt: skip
    assert server.results() == [(b"aaa", 10), {"c": b"ccc", "d": b"ddd"}]


def test_a_file_that_went_missing_keeps_the_connection(peer: StartPeer, files: Files) -> None:
    Path(files[2].path).unlink()
    server = peer(store_all)

    assert sorted(outcomes(server.client(), files), key=str) == sorted(
        [("a", Sent), ("b", Sent), ("c", FileFailed), ("d", Sent)], key=str
    )
    assert list(server.result()) == ["a", "b", "d"]


def test_a_server_without_replies_leaves_all_files_unconfirmed(peer: StartPeer, files: Files) -> None:
    server = peer(lambda server: server.count_to_end())

    assert outcomes(server.client(reply=0.1), files, reply=True) == [(name, NoReply) for name in "abcd"]
    server.result()


def test_all_files_fail_when_no_connection_can_be_made(files: Files) -> None:
    assert outcomes(Client.at("127.0.0.1:1"), files) == [(name, ConnectionFailed) for name in "abcd"]


def test_no_connection_is_made_for_nothing() -> None:
    assert outcomes(Client.at("127.0.0.1:1"), []) == []


def test_who_stops_listening_ends_the_connection(peer: StartPeer, files: Files) -> None:
    def confirm_the_first(server: Any) -> int:
        server.confirm(*server.read_request())
        return server.count_to_end()

    server = peer(confirm_the_first)
    uploading = upload_all(server.client(reply=3600).connect, [*files, *files], reply=True)

    _, outcome = next(uploading)
    uploading.close()

    assert isinstance(outcome, Stored)
    server.result()
