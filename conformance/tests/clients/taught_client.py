"""WRONG ON PURPOSE: the upload client as it is taught and copied. Never use it; it is here to be judged.

A shell with `put FILE` and `exit`. The weaknesses of the lesson are all in it: one send without a look at what it
returns, no half-close, and never a look at what the server does.
"""

import json
import os
import socket
import struct


class UploadClient:
    """The client of the lesson: one connection, a loop over lines, a method for each command."""

    address = ("127.0.0.1", 8080)

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.connect(self.address)

    def run(self) -> None:
        while True:
            line = input(">>: ").strip()
            if not line:
                continue
            words = line.split()
            if words[0] == "exit":
                break
            if hasattr(self, words[0]):
                getattr(self, words[0])(words)

    def put(self, words: list[str]) -> None:
        path = words[1]
        if not os.path.isfile(path):  # noqa: PTH113 - as taught
            print(f"file:{path} is not exists")
            return
        header = {
            "cmd": words[0],
            "filename": os.path.basename(path),  # noqa: PTH119 - as taught
            "filesize": os.path.getsize(path),  # noqa: PTH202 - as taught
        }
        data = json.dumps(header).encode("utf-8")
        self.socket.send(struct.pack("i", len(data)))
        self.socket.send(data)
        with open(path, "rb") as f:  # noqa: PTH123 - as taught
            self.socket.send(f.read())
        print("upload successful")


if __name__ == "__main__":
    UploadClient().run()
