"""Packs the length in network order, as most protocols do and this one does not."""

import json
import socketserver
import struct
import sys
from pathlib import Path

from plain import announce

FOLDER = Path(sys.argv[2])


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while len(prefix := self.rfile.read(4)) == 4:
            (length,) = struct.unpack("!i", prefix)
            if not 0 < length < 1_000_000:
                return
            header = json.loads(self.rfile.read(length))
            body = self.rfile.read(header["filesize"])
            (FOLDER / header["filename"]).write_bytes(body)


if __name__ == "__main__":
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[1])), Handler) as server:
        announce(server.socket)
        server.serve_forever()
