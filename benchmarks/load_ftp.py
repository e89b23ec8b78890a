"""FTP for the load generator: a thread for each connection, a data connection for each file."""

import ftplib
import io
import socket
import threading
import time

from benchmarks.workloads import CHUNK, Workload, body_of, names_of

__all__ = ["upload_by_ftp"]


class _Repeated(io.RawIOBase):
    """A file of some size that repeats a chunk."""

    def __init__(self, chunk: bytes, size: int) -> None:
        self._chunk, self._left = chunk, size

    def read(self, size: int = -1) -> bytes:  # noqa: ARG002  # always a chunk
        piece = self._chunk[: min(len(self._chunk), self._left)]
        self._left -= len(piece)
        return piece


def upload_by_ftp(host: str, port: int, workload: Workload, congestion: bytes) -> float:
    """Upload all files; return the seconds from the first command to the last answer.

    Args:
        host: of the server.
        port: of the server.
        workload: what is uploaded.
        congestion: the congestion control of the data connections.
    """
    sessions = []
    for _ in range(workload.connections):
        ftp = _Ftp()
        ftp.congestion = congestion
        ftp.connect(host, port)
        ftp.login()
        ftp.voidcmd("TYPE I")
        sessions.append(ftp)

    def work(connection: int) -> None:
        for name in names_of(workload, connection):
            with sessions[connection].transfercmd(f"STOR {name}") as data:
                source = _Repeated(body_of(workload), workload.size)
                while piece := source.read(CHUNK):
                    data.sendall(piece)
            sessions[connection].voidresp()

    threads = [threading.Thread(target=work, args=(connection,)) for connection in range(workload.connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    for ftp in sessions:
        ftp.close()
    return seconds


class _Ftp(ftplib.FTP):
    congestion = b""

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        sock, size = super().ntransfercmd(cmd, rest)
        if hasattr(socket, "TCP_CONGESTION"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, self.congestion)
        return sock, size
