"""A server that the suite starts is known to listen without a connection that comes to nothing."""

import sys
from pathlib import Path

import pytest

from jhup.address import Transport
from jhup_conformance.target.process import CannotStart, Spawned
from jhup_conformance.wire.dialer import Dialer
from jhup_conformance.wire.driving import drive

COUNTING = """
import pathlib, socket, sys
bind, log = sys.argv[1], pathlib.Path(sys.argv[2])
if ":" in bind:
    listener = socket.create_server((bind.split(":")[0], int(bind.split(":")[1])))
else:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(bind)
    listener.listen()
while True:
    connection, _ = listener.accept()
    with log.open("ab") as file:
        file.write(b"x")
    connection.close()
"""


@pytest.mark.parametrize(
    ("transport", "bind"),
    [
        (Transport.TCP, "{host}:{port}"),
        pytest.param(
            Transport.UNIX,
            "{socket}",
            marks=pytest.mark.skipif(sys.platform == "win32", reason="Python has no Unix sockets there"),
        ),
    ],
)
def test_a_server_is_known_to_listen_without_a_connection_to_it(
    tmp_path: Path, transport: Transport, bind: str
) -> None:
    program, log = tmp_path / "counting.py", tmp_path / "accepted"
    program.write_text(COUNTING, "utf-8")
    spawned = Spawned(f"{sys.executable} {program} {bind} {log}", transport=transport)
    try:
        line = Dialer(spawned.start()).dial()
        drive([line], until=lambda _: False, patience=10.0, at_most=10.0)
        line.drop()

        assert line.closed
        assert log.read_bytes() == b"x"
    finally:
        spawned.close()


def test_a_server_that_ends_before_it_listens_is_told_with_its_last_words() -> None:
    spawned = Spawned(f"{sys.executable} -c 'raise SystemExit(\"no such folder\")'")
    try:
        with pytest.raises(CannotStart, match=r"ended with exit status 1 before it listened(.|\n)*no such folder"):
            spawned.start()
    finally:
        spawned.close()
