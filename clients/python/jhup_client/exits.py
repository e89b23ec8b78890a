"""How the command ends (CLIENT-17)."""

from enum import IntEnum
from typing import Final

__all__ = ["EPILOG", "Exit"]


class Exit(IntEnum):
    """Exit statuses."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    INTERRUPTED = 130


EPILOG: Final = """\b
Exit status:
  0    everything was handed over, and with --reply confirmed
  1    something failed: a file can't be sent, the server said error,
       the connection broke, a reply did not come, nothing is stored
  2    the command line is wrong; nothing was sent
  3    no connection could be made
  130  interrupted
"""
