"""What the commands do, for the command line and the shell alike: work, results, messages, and how it went."""

import time
from collections.abc import Callable, Iterable

from jhup import Stored
from jhup_client.batch import FileToSend, UploadOutcome, upload_all
from jhup_client.body import check_source, check_stored_name, shown
from jhup_client.connection import Connection
from jhup_client.errors import ClientError, ConnectionFailed, Fault, FileFailed
from jhup_client.exits import Exit
from jhup_client.results import Sent
from jhup_client.sources import without_collisions
from jhup_client.terminal import LongFileBar, about, count_bytes, say, say_error, say_failure

__all__ = ["Connect", "failed", "hello", "put", "stat"]

Connect = Callable[[], Connection]
"""Makes a connection, or raises `ConnectionFailed`."""


def put(
    connect: Connect,
    files: Iterable[FileToSend],
    *,
    reply: bool,
    separately: bool = False,
    quiet: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Exit:
    """Upload files, and print a total after several.

    Files that can't be sent are reported before a connection is made (CLIENT-8).
    """
    status = Exit.OK
    good: list[FileToSend] = []
    began, asked, done = clock(), 0, list[int]()
    for file, collision in without_collisions(files):
        asked += 1
        try:
            if collision is not None:
                raise collision
            check_source(file.to_read, file.name)
            good.append(file)
        except FileFailed as error:
            say_failure(error, file.path)
            status = Exit.FAILED
    with LongFileBar() as bar:
        for file, outcome in upload_all(connect, good, reply=reply, separately=separately, progress=bar.callback):
            bar.clear()
            match outcome:
                case ConnectionFailed():
                    if status is not _status_of(outcome):  # once for all the files that are left
                        say_failure(outcome)
                    status = _status_of(outcome)
                case ClientError():
                    say_failure(outcome, file.path)
                    status = status or Exit.FAILED
                case Stored() | Sent():
                    done.append(outcome.filesize)
                    if not quiet:
                        say(_done(outcome))
    if asked > 1 and done and not quiet:
        say(_total(done, asked, clock() - began))
    return status


def _total(sizes: list[int], asked: int, seconds: float) -> str:
    of_all = f"{len(sizes)} files" if len(sizes) == asked else f"{len(sizes)} of {asked} files"
    speed = f"  {about(sum(sizes) / seconds)}/s" if seconds > 0 else ""
    return f"total  {of_all}  {about(sum(sizes))}  {seconds:.1f} s{speed}"


def _done(outcome: UploadOutcome) -> str:
    match outcome:
        case Stored(filename, filesize, sha256):
            return f"stored  {shown(filename)}  {count_bytes(filesize)}  sha256 {sha256}"
        case Sent(filename, filesize):
            return f"sent  {shown(filename)}  {count_bytes(filesize)}  not confirmed"
    raise outcome


def stat(connect: Connect, names: Iterable[str]) -> Exit:
    """Ask what is stored under names."""
    status = Exit.OK
    names = list(names)
    try:
        for name in names:
            check_stored_name(name)
        with connect() as connection:
            for name in names:
                stored = connection.stat(name)
                if stored is None:
                    say_error(f"{shown(name)}: not stored")
                    status = Exit.FAILED
                else:
                    say(f"{shown(name)}  {count_bytes(stored.filesize)}  sha256 {stored.sha256}")
    except ClientError as error:
        return failed(error)
    return status


def hello(connect: Connect) -> Exit:
    """Ask what the server is."""
    try:
        with connect() as connection:
            greeting = connection.hello()
    except ClientError as error:
        return failed(error)
    limit = "what the store can hold" if greeting.max_filesize is None else count_bytes(greeting.max_filesize)
    say(f"server        {shown(greeting.server)}")
    say(f"protocol      {greeting.protocol}")
    say(f"features      {', '.join(map(shown, greeting.features))}")
    say(f"max_header    {count_bytes(greeting.max_header)}")
    say(f"max_filesize  {limit}")
    return Exit.OK


def failed(error: ClientError) -> Exit:
    """Say why nothing came of it all, and give the status for it."""
    say_failure(error)
    return _status_of(error)


def _status_of(error: ClientError) -> Exit:
    if not isinstance(error, ConnectionFailed):
        return Exit.FAILED
    return Exit.USAGE if error.fault is Fault.LOCAL else Exit.UNREACHABLE
