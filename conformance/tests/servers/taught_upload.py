"""WRONG ON PURPOSE: the upload server as it is taught and copied. Never use it; it is here to be judged.

It serves one unhurried client rightly and nothing else: every weakness of the chapter of errata is in it.
"""

import argparse
import json
import os
import socketserver
import struct
from pathlib import Path
from typing import Any


class UploadHandler(socketserver.BaseRequestHandler):
    """The handler of the lesson: a loop over requests, and a method for each command."""

    folder = Path()

    def handle(self) -> None:
        while True:
            try:
                # A single receive each for prefix and header, whatever of them has arrived.
                # When a client hangs up here, unpack fails on the empty string: the exception ends the thread, as it
                # does in most copies. The spin on a core that they share is in put(), below.
                head = self.request.recv(4)
                header_len = struct.unpack("i", head)[0]
                header = json.loads(self.request.recv(header_len).decode("utf-8"))
                cmd = header["cmd"]
                if hasattr(self, cmd):
                    func = getattr(self, cmd)
                    func(header)
            except ConnectionResetError:
                break

    def put(self, header: dict[str, Any]) -> None:
        path = os.path.normpath(os.path.join(self.folder, header["filename"]))  # noqa: PTH118 - as taught
        filesize = header["filesize"]
        recv_size = 0
        with open(path, "wb") as f:  # noqa: PTH123 - as taught
            while recv_size < filesize:
                data = self.request.recv(1024)  # may hold the next request's first bytes too
                f.write(data)
                recv_size += len(data)  # a client that hung up adds nothing, for ever: the loop burns a core


class UploadServer(socketserver.ThreadingTCPServer):
    """A thread for each connection, and the short listen queue of the base class."""

    allow_reuse_address = True
    daemon_threads = True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--storage", type=Path, required=True)
    args = parser.parse_args()
    UploadHandler.folder = args.storage
    with UploadServer(("127.0.0.1", args.port), UploadHandler) as server:
        print(f"listening tcp 127.0.0.1:{server.server_address[1]}", flush=True)
        server.serve_forever()  # SIGTERM is left alone, so that it ends the process whatever its threads do


if __name__ == "__main__":
    main()
