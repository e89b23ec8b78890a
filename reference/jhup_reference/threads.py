"""Serving with a thread for each connection."""

import socketserver

from jhup_reference.server import UploadServer

__all__ = ["ThreadingUploadServer"]


class ThreadingUploadServer(socketserver.ThreadingMixIn, UploadServer):
    """Serves each connection in a thread of its own; `verify_request` bounds them."""

    daemon_threads = True
    block_on_close = False
