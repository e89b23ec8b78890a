"""Starts a process for each connection, at most MOST a minute: ``inetd.py PORT STORAGE MOST``.

As inetd does, it turns clients away for a while after that: their connections are closed at once, without a word.
"""

import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from socket import socket

from plain import converse, open_listener, store_folder

PAUSE = 5.0  # seconds; inetd takes ten minutes
MINUTE = 60.0


def listen(port: int, storage: str, most: int) -> None:
    listener = open_listener(port)
    store_folder(storage)
    begun: deque[float] = deque(maxlen=most)
    while True:
        sock, _ = listener.accept()
        with sock:
            now = time.monotonic()
            if len(begun) == most and now - begun[0] < MINUTE:
                if now - begun[-1] < PAUSE:
                    continue
                begun.clear()
            begun.append(now)
            command = [sys.executable, __file__, "0", storage, "serve"]
            subprocess.Popen(command, stdin=sock.fileno())  # its end is left to the system, as inetd does


if __name__ == "__main__":
    if sys.argv[3] == "serve":
        converse(socket(fileno=0), Path(sys.argv[2]))
    else:
        listen(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
