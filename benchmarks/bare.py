"""The floor: a loop that copies what arrives to files, with none of the protocol's checks.

    python -m benchmarks.bare FOLDER

It trusts the prefix, the header, the name and the size, writes under the final name, and knows no errors. Long bodies
go through one reused buffer, what is small through the buffered reader. Where a reply is asked for it hashes, as the
protocol has it. A thread serves each connection. The first line that it prints is its port.
"""

import hashlib
import io
import json
import socket
import sys
import threading

_BUFFER = 1024 * 1024


def serve(sock: socket.socket, folder: str) -> None:
    """Copy until the end of the stream."""
    buffer = memoryview(bytearray(_BUFFER))
    with sock, io.BufferedReader(sock.makefile("rb", buffering=0), 64 * 1024) as stream:
        while prefix := stream.read(4):
            header = json.loads(stream.read(int.from_bytes(prefix, "little")))
            digest = hashlib.sha256() if "reply" in header else None
            left = header["filesize"]
            with open(f"{folder}/{header['filename']}", "wb", buffering=0) as file:  # noqa: PTH123  # no path objects
                while left:
                    count = stream.readinto1(buffer[:left])
                    file.write(buffer[:count])
                    if digest:
                        digest.update(buffer[:count])
                    left -= count
            if digest:
                reply = json.dumps({"status": "ok", **header, "sha256": digest.hexdigest()}).encode()
                sock.sendall(len(reply).to_bytes(4, "little") + reply)


def main() -> None:
    """Accept for ever."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    while True:
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(sock, sys.argv[1]), daemon=True).start()


if __name__ == "__main__":
    main()
