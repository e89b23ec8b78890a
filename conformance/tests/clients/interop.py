"""An interop table: each client here against each server here, twelve files, and how many of them were stored right.

`python conformance/tests/clients/interop.py` prints it; `tox -e interop` too. `--json` prints the table for programs.
"""

import contextlib
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
SERVERS = HERE.parent / "servers"
ROOT = HERE.parents[2]

PATIENCE = 60.0
"""Seconds for one client against one server."""
QUIET = 1.0
"""Seconds without a change of the store after which nothing more is expected."""


@dataclass(frozen=True)
class Client:
    """A client: its command, and what it is told over standard input."""

    name: str
    command: tuple[str, ...]
    said: str = ""


def clients() -> list[Client]:
    """Return the clients that can be run here; Node.js may be missing."""
    put = ("put", "{files}", "{address}")
    python = (sys.executable, "-m", "jhup_client")
    found = [
        Client("Python", (*python, *put)),
        Client("Python --separately", (*python, "put", "--separately", *put[1:])),
        Client("Python --reply", (*python, "put", "--reply", "--timeout", "1.5", *put[1:])),
    ]
    if node := shutil.which("node"):
        script = str(ROOT / "clients" / "javascript" / "bin" / "jhup-client.js")
        found += [
            Client("JavaScript", (node, script, *put)),
            Client("JavaScript --separately", (node, script, "put", "--separately", *put[1:])),
            Client("JavaScript --reply", (node, script, "put", "--reply", "--timeout", "1.5", *put[1:])),
        ]
    taught = (sys.executable, "-c", "import taught_client as t; t.UploadClient.address = ('{host}', {port})")
    shell = taught[-1] + "; t.UploadClient().run()"
    return [*found, Client("taught", (*taught[:-1], shell), "put {file}\n")]


def servers() -> Mapping[str, tuple[str, ...]]:
    """Return the commands of the servers; each prints the line with its address, and takes --storage."""
    reference = (sys.executable, "-m", "jhup_reference", "upload", "--bind", "127.0.0.1:0")
    made = {f"reference, {serving}": (*reference, "--serving", serving) for serving in servings()}
    for name in ("asyncio", "selectors", "taught"):
        made[name] = (sys.executable, str(SERVERS / f"{name}_upload.py"), "--port", "0")
    return made


def servings() -> list[str]:
    """Return the forms of serving that the reference has on this system."""
    told = ["iterative", "threading", "multiplexing"]
    return [*told, "forking"] if sys.platform != "win32" else told


def files(folder: Path) -> list[Path]:
    """Make the twelve files: sizes at the edges of buffers, names and contents that something stumbles over."""
    rng = random.Random(12)
    request = b'\x2d\x00\x00\x00{"cmd":"put","filename":"b.txt","filesize":9}'
    contents = {
        "notes.txt": b"one line\nanother line\n",
        "empty.txt": b"",
        "one.bin": b"\x00",
        "lines.txt": b"carriage return\r\nand line feed\r\n\r",
        "1024.bin": rng.randbytes(1024),
        "1025.bin": rng.randbytes(1025),
        "65537.bin": rng.randbytes(65_537),
        "million.bin": rng.randbytes(1_000_003),
        "日本語.txt": "日本語\n".encode(),
        "-rf": b"a name like an option",
        "request.bin": request * 3,
        "n" * 251 + ".txt": b"the longest name",
    }
    folder.mkdir()
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in contents]


@contextlib.contextmanager
def served(command: Sequence[str], storage: Path) -> Iterator[tuple[str, str]]:
    """Start a server with an empty store; yields its host and port, and stops it by its process id."""
    storage.mkdir()
    with subprocess.Popen(
        [*command, "--storage", str(storage)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            assert process.stdout is not None
            host, _, port = process.stdout.readline().decode().split()[-1].rpartition(":")
            yield host, port
        finally:
            process.kill()


def upload(client: Client, host: str, port: str, paths: Sequence[Path]) -> str:
    """Let a client send the files, and say how it ended."""
    values = {"{host}": host, "{port}": port, "{address}": f"{host}:{port}"}
    words: list[str] = []
    for word in client.command:
        for mark, value in values.items():
            word = word.replace(mark, value)
        words += map(str, paths) if word == "{files}" else [word]
    said = "".join(client.said.replace("{file}", str(path)) for path in paths) + "exit\n" if client.said else ""
    try:
        done = subprocess.run(words, input=said.encode(), capture_output=True, timeout=PATIENCE, check=False, cwd=HERE)
    except subprocess.TimeoutExpired:
        return "hangs"
    return f"exit {done.returncode}"


def stored_right(storage: Path, paths: Sequence[Path]) -> int:
    """Count the files that a store holds whole, once nothing changes any more."""
    last, since = -1, time.monotonic()
    while last < len(paths) and time.monotonic() - since < QUIET:
        now = sum(_is_right(storage / path.name, path) for path in paths)
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.05)
    return last


def _is_right(stored: Path, path: Path) -> bool:
    try:
        return stored.read_bytes() == path.read_bytes()
    except OSError:
        return False


def table() -> dict[str, dict[str, str]]:
    """Return the cells by client and server: how many of twelve, and how the client ended if not with success."""
    cells: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory(prefix="jhup-interop-", ignore_cleanup_errors=True) as top:
        paths = files(Path(top, "files"))
        for client in clients():
            row = cells.setdefault(client.name, {})
            for number, (name, command) in enumerate(servers().items()):
                storage = Path(top, f"{len(cells)}-{number}")
                with served(command, storage) as (host, port):
                    ending = upload(client, host, port, paths)
                    count = stored_right(storage, paths)
                row[name] = str(count) if ending == "exit 0" else f"{count}, {ending}"
    return cells


def main(arguments: Sequence[str]) -> int:
    cells = table()
    if "--json" in arguments:
        print(json.dumps(cells, indent=1))
        return 0
    names = list(servers())
    shown = Table("client", *names, title="files stored right, of 12; how the client ended, if not with success")
    for client, row in cells.items():
        shown.add_row(client, *(row[name] for name in names))
    Console(width=None if sys.stdout.isatty() else 150).print(shown)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
