"""Children that don't outlive a killed parent: they would hold its address and its store."""

import os
import threading

__all__ = ["Lifeline"]


class Lifeline:
    """A pipe whose writing end only the parent keeps open, so that its end of file says that the parent is gone."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()

    def hold(self) -> None:
        """In a child: end this process when the parent has ended, however it did."""
        os.close(self._writer)
        threading.Thread(target=self._watch, name="lifeline", daemon=True).start()

    def close(self) -> None:
        """In the parent, when no child is left."""
        os.close(self._reader)
        os.close(self._writer)

    def _watch(self) -> None:
        os.read(self._reader, 1)
        os._exit(1)
