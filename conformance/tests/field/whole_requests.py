"""Takes what one receive returns for a whole request, which it often is on one's own machine."""

import json
import socketserver
import struct
import sys
from pathlib import Path

from plain import announce

FOLDER = Path(sys.argv[2])


class Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(1 << 20):
            (length,) = struct.unpack("<i", data[:4])
            header = json.loads(data[4 : 4 + length])
            if header["cmd"] == "put":
                (FOLDER / header["filename"]).write_bytes(data[4 + length :][: header["filesize"]])


if __name__ == "__main__":
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[1])), Handler) as server:
        announce(server.socket)
        server.serve_forever()
