"""The servers that are measured: how each is started on an empty folder, and how it is ended."""

import importlib.util
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["TARGETS", "Running", "Target"]

_NGINX = """
daemon off;
user root;
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    tcp_nodelay on;
    keepalive_requests 1000000;
    client_max_body_size 0;
    client_body_temp_path {folder}/temp;
    fastcgi_temp_path {folder}/f; proxy_temp_path {folder}/p; scgi_temp_path {folder}/s; uwsgi_temp_path {folder}/u;
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        root {store};
        location / {{ dav_methods PUT; }}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that was started.

    Attributes:
        process: to be ended.
        port: on the loopback interface.
    """

    process: subprocess.Popen[str]
    port: int


@dataclass(frozen=True, slots=True)
class Target:
    """A server.

    Attributes:
        key: its name on the command line.
        title: its name for people.
        protocol: what it speaks: jhup, http or ftp.
        start: starts it, given an empty folder for its own files and one for the store.
        missing: why it can't be measured here; empty when it can.
        share: how much of a workload of many files it is given, because it would take too long with all of it.
    """

    key: str
    title: str
    protocol: str
    start: Callable[[Path, Path], Running]
    missing: str = ""
    share: float = 1.0

    @contextmanager
    def running(self, folder: Path, store: Path) -> Iterator[Running]:
        """Run it while the block lasts."""
        running = self.start(folder, store)
        try:
            yield running
        finally:
            running.process.terminate()
            running.process.wait(30)
            if running.process.stdout:
                running.process.stdout.close()


def _announced(command: list[str]) -> Running:
    """Start what prints its port at the end of its first line."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{' '.join(command)} did not start")
    return Running(process, int(line.rpartition(":")[2]))


def _reference(*options: str) -> Callable[[Path, Path], Running]:
    command = [sys.executable, "-m", "jhup_reference", "upload", "--bind", "127.0.0.1:0", "--log-level", "error"]
    return lambda _, store: _announced([*command, "--storage", str(store), *options])


def _bare(_: Path, store: Path) -> Running:
    return _announced([sys.executable, "-m", "benchmarks.bare", str(store)])


def _ftp(_: Path, store: Path) -> Running:
    return _announced([sys.executable, "-m", "benchmarks.ftp", str(store)])


def _nginx(folder: Path, store: Path) -> Running:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    configuration = folder / "nginx.conf"
    configuration.write_text(_NGINX.format(folder=folder, store=store, port=port))
    process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(configuration)], text=True)
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.01)
        else:
            return Running(process, port)
    process.kill()
    raise RuntimeError("nginx did not start")


TARGETS = (
    Target("reference", "reference", "jhup", _reference()),
    Target("threading", "reference --serving threading", "jhup", _reference("--serving", "threading")),
    Target("processes", "reference --processes 2", "jhup", _reference("--processes", "2")),
    Target("bare", "bare loop", "jhup", _bare),
    Target(
        "nginx", "nginx, WebDAV PUT", "http", _nginx, missing="" if shutil.which("nginx") else "nginx isn't installed"
    ),
    Target(
        "ftp",
        "pyftpdlib",
        "ftp",
        _ftp,
        missing="" if importlib.util.find_spec("pyftpdlib") else "pyftpdlib isn't installed",
        share=0.05,
    ),
)
