"""Serving uploads with a child process for each connection, where the platform has fork."""

from typing import Any

from jhup_reference.children import Children
from jhup_reference.connections import Occupancy
from jhup_reference.server import RESERVE, UploadServer

__all__ = ["ForkingUploadServer"]


class ForkingUploadServer(Children, UploadServer):
    """Serves each connection in a child process of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Beyond this socketserver would wait for a child to end; `verify_request` says no before.
        self.max_children = self.tuning.max_connections + RESERVE + 1

    def process_request(self, request: Any, client_address: Any) -> None:
        """Fork."""
        super().process_request(request, client_address)
        self._count()

    def begin_child(self) -> None:
        """Count without the parent from now on, and don't listen."""
        count = self.occupancy.count
        self.occupancy = Occupancy()  # the shared one is the parent's to write
        self.occupancy.set(count)
        self.socket.close()

    def shutdown_request(self, request: Any) -> None:
        """Close a connection; it is the parent that counts, by its children."""
        super().shutdown_request(request)
        self._count()

    def collect_children(self, *, blocking: bool = False) -> None:
        """Reap."""
        super().collect_children(blocking=blocking)
        self._count()

    def _count(self) -> None:
        self.occupancy.set(len(self.active_children or ()))
