"""Accepts connections and never reads from them."""

import threading
from socket import socket

from plain import at_once


def keep(sock: socket) -> None:
    threading.Event().wait()


if __name__ == "__main__":
    at_once(keep)
