"""Run `jhup-server` on a disk that is slow for some files: the arguments are those of the command.

A file whose name begins with "slow" takes 200 ms to get its name, and a file of more than 99 bytes 200 ms to reach the
disk. The calls wait outside the interpreter's lock, as those of a real disk do.
"""

import os
import time
from typing import Any

from jhup_reference.cli import main

_SECONDS = 0.2
_link, _fsync = os.link, os.fsync


def link(source: Any, target: Any, **options: Any) -> None:
    if os.fsencode(target).startswith(b"slow"):
        time.sleep(_SECONDS)
    _link(source, target, **options)


def fsync(descriptor: int) -> None:
    status = os.fstat(descriptor)
    if status.st_size > 99 and status.st_mode & 0o100000:
        time.sleep(_SECONDS)
    _fsync(descriptor)


os.link, os.fsync = link, fsync
main(prog_name="jhup-server")
