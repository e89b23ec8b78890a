"""What `put` takes for files: paths, folders with `-r`, standard input."""

import io
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jhup_client.cli import main

StartPeer = Callable[..., Any]
Capture = pytest.CaptureFixture[str]

NOBODY = "127.0.0.1:1"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with files in folders."""
    folder = tmp_path / "tree"
    for name, text in {"photos/b": "bb", "photos/2026/a": "a", "photos/2026/.c": "", "notes/d": "dd"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.chdir(folder)
    return folder


def store_all(server: Any) -> Any:
    return server.store_all()


class Pipe(io.BytesIO):
    """Standard input from a pipe: it has no size and can't go back."""

    name = 0

    def seekable(self) -> bool:
        return False

    def seek(self, *_: object) -> int:
        raise io.UnsupportedOperation("a pipe")


def pipe_in(monkeypatch: pytest.MonkeyPatch, data: bytes) -> Pipe:
    pipe = Pipe(data)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(pipe))
    return pipe


@pytest.mark.parametrize("size", [0, 5, 3 << 20], ids=["empty", "in memory", "spooled to a file"])
def test_a_pipe_is_read_to_its_end(
    peer: StartPeer, monkeypatch: pytest.MonkeyPatch, capsys: Capture, size: int
) -> None:
    server = peer(store_all)
    data = os.urandom(size)
    pipe_in(monkeypatch, data)

    assert main(["put", "--reply", "--name", "n", "-", server.target]) == 0

    assert server.result() == {"n": data}
    assert capsys.readouterr().out.startswith(f"stored  n  {size:,} bytes  sha256 ")


def test_exactly_the_given_size_is_sent_of_a_pipe(peer: StartPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    server = peer(store_all)
    pipe = pipe_in(monkeypatch, b"abcdef")

    assert main(["put", "--name", "n", "--size", "4", "-", server.target]) == 0

    assert server.result() == {"n": b"abcd"}
    assert pipe.read() == b"ef"


def test_a_pipe_that_ends_before_its_size_is_a_failure(
    peer: StartPeer, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    server = peer(lambda server: (server.read_header()["filesize"], server.read_to_end()))
    pipe_in(monkeypatch, b"abc")

    assert main(["put", "--name", "n", "--size", "4", "-", server.target]) == 1

    assert server.result() == (4, b"abc")
    assert capsys.readouterr().err == "jhup-client: -: the input ended after 3 of the 4 bytes announced\n"


def test_redirected_input_is_sent_from_where_it_stands(
    peer: StartPeer, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = peer(store_all)
    with Path("photos/b").open("rb") as file, io.TextIOWrapper(file) as text:
        file.seek(1)
        monkeypatch.setattr(sys, "stdin", text)

        assert main(["put", "--name", "n", "-", server.target]) == 0

    assert server.result() == {"n": b"b"}


def test_folders_are_sent_with_the_files_in_their_folders(peer: StartPeer, tree: Path, capsys: Capture) -> None:
    server = peer(store_all)

    assert main(["put", "-r", "photos", "notes/d", server.target]) == 0

    assert server.result() == {"b": b"bb", ".c": b"", "a": b"a", "d": b"dd"}
    assert re.search(r"^total  4 files  5 bytes  \d+\.\d s", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_links_to_folders_are_not_followed(peer: StartPeer, tree: Path) -> None:
    server = peer(store_all)
    Path("notes/round").symlink_to("..", target_is_directory=True)

    assert main(["put", "-r", "notes", server.target]) == 0
    assert server.result() == {"d": b"dd"}


def test_a_folder_without_files_is_a_failure(tree: Path, capsys: Capture) -> None:
    Path("empty").mkdir()

    assert main(["put", "-r", "empty", NOBODY]) == 1
    assert capsys.readouterr() == ("", "jhup-client: no files in empty\n")


def test_a_file_does_not_replace_another_one_of_its_upload(peer: StartPeer, tree: Path, capsys: Capture) -> None:
    server = peer(store_all)
    Path("notes/a").write_text("other")

    assert main(["put", "-r", "photos", "notes", "photos/b", server.target]) == 1

    assert server.result() == {"b": b"bb", ".c": b"", "a": b"a", "d": b"dd"}
    output = capsys.readouterr()
    before = str(Path("photos/2026/a"))
    assert output.err == f"jhup-client: {Path('notes/a')}: not sent: it would replace {before} under the name a\n"
    assert "total  5 of 6 files" in output.out


def test_nothing_from_a_server_is_printed_raw(peer: StartPeer, tree: Path, capsys: Capture) -> None:
    hostile = "\x1b[2J\r\n\u202e"

    def script(server: Any) -> None:
        server.read_request()
        server.reply(status="error", code="x\x1b[2J", message=hostile, closing=False)
        server.read_to_end()

    def greet(server: Any) -> None:
        server.read_request()
        server.reply(
            status="ok", protocol=1, server=hostile, features=["replies", hostile], max_header=65536, max_filesize=None
        )
        server.read_to_end()

    server = peer(script, greet, script)

    assert main(["put", "--reply", "notes/d", server.target]) == 1
    assert main(["hello", server.target]) == 0
    assert main(["stat", "d", server.target]) == 1

    server.results()
    output = capsys.readouterr()
    printed = output.out + output.err
    assert printed.count("\n") == len(printed.splitlines())
    assert all(line.isprintable() for line in printed.splitlines())
