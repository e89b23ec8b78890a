"""A correct upload server on asyncio streams, written from the text of the specification alone.

It shares no line with the reference, so that what the suite says of it is no echo of how the reference happens to work.
Where the text leaves a choice ("either"), this server and the one on selectors choose differently.
For POSIX systems.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import re
import resource
import signal
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asyncio_store import Refused, Store, Upload, check_name, has_surrogate

MAX_HEADER = 65_536  # FRAME-12: every server accepts this much; this one accepts no more
MAX_INTEGER = 2**63 - 1
WORTH_CONSUMING = 16 * 2**20  # ERR-10: a longer refused body ends the connection instead
CHUNK = 65_536
LINGER = 2.0  # seconds; ERR-13 asks for a bound, FRAME-16 and REPLY-20 for less than 5

Header = dict[str, Any]


class Closing(Exception):
    """The server ends the connection on its own, after an error reply if `header` asks for one."""

    def __init__(self, error: Refused, header: Header) -> None:
        super().__init__(error)
        self.error = error
        self.header = header


class Malformed(Closing):
    """The end of the request can't be known; only what is at least a JSON object may ask for a reply (REPLY-21)."""

    def __init__(self, message: str, header: Header | None = None) -> None:
        super().__init__(Refused("malformed", message), header or {})


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number as written, so that none is rounded, and none is slow to read however many digits it has."""

    text: str


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")  # HEAD-9


def parse(raw: bytes) -> Header:
    """Read a header: json.loads made strict where it is lenient."""
    try:
        text = raw.decode("utf-8")  # json.loads would guess other encodings from bytes, and drop a byte order mark
        header = json.loads(text, parse_int=Number, parse_float=Number, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the header is not JSON in UTF-8: {error}") from None
    if not isinstance(header, dict):
        raise Malformed("the header is not an object")
    cmd = header.get("cmd")
    if not isinstance(cmd, str) or has_surrogate(cmd):
        raise Malformed("cmd is not a string", header)
    return header


class Connection:
    """One client: reads its requests one after the other and answers where it is asked to."""

    def __init__(
        self, store: Store, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, silent: bool
    ) -> None:
        self._store = store
        self._reader = reader
        self._writer = writer
        self._silent = silent
        # ERR-12: the closed set of commands; without replies it has but one.
        self._commands = {"put": self._put}
        if not silent:
            self._commands.update(stat=self._stat, hello=self._hello)

    async def serve(self) -> None:
        """Serve requests until the end of the stream (IncompleteReadError), a reset (OSError), or Closing."""
        while True:
            (length,) = struct.unpack("<i", await self._reader.readexactly(4))
            if not 2 <= length <= MAX_HEADER:
                raise Malformed("the prefix is out of bounds")
            header = parse(await self._reader.readexactly(length))
            await self._commands.get(header["cmd"], self._unknown)(header)
            await asyncio.sleep(0)  # a client with many requests in the buffer leaves the others their turn

    async def _put(self, header: Header) -> None:
        name, size = header.get("filename"), header.get("filesize")
        if not isinstance(name, str):
            raise Malformed("filename is not a string", header)
        digits = size.text if isinstance(size, Number) else ""
        if not re.fullmatch("[0-9]{1,19}", digits) or int(digits) > MAX_INTEGER:
            raise Malformed("filesize is not an integer from 0 to 2^63-1, written as digits", header)
        left, digest = int(digits), hashlib.sha256()
        with Upload(self._store, name) as upload:
            while left:
                if upload.refusal and left > WORTH_CONSUMING:
                    raise Closing(upload.refusal, header)
                data = await self._reader.read(min(left, CHUNK))
                if not data:
                    raise asyncio.IncompleteReadError(b"", left)
                left -= len(data)
                upload.write(data)
                digest.update(data)
            upload.commit()
        if upload.refusal:
            await self._fail(header, upload.refusal)
        else:
            await self._ok(header, filename=name, filesize=int(digits), sha256=digest.hexdigest())

    async def _stat(self, header: Header) -> None:
        if header.get("reply") is not True:
            return
        name = header.get("filename")
        try:
            check_name(name if isinstance(name, str) else "")  # REPLY-11
            length, digest = await asyncio.to_thread(self._store.read, str(name))
        except Refused as error:
            await self._fail(header, error)
        except OSError as error:
            await self._fail(header, Refused("storage", error.strerror or "can't be read"))
        else:
            await self._ok(header, filename=name, filesize=length, sha256=digest)

    async def _hello(self, header: Header) -> None:
        limits = {"max_header": MAX_HEADER, "max_filesize": None}
        await self._ok(header, protocol=1, server="asyncio_upload", features=["replies"], **limits)

    async def _unknown(self, header: Header) -> None:
        await self._fail(header, Refused("unknown-command", "no such command"))

    async def _ok(self, header: Header, **members: object) -> None:
        await self._reply(header, {"status": "ok", **members})

    async def _fail(self, header: Header, error: Refused, *, closing: bool = False) -> None:
        members = {"status": "error", "code": error.code, "message": str(error), "closing": closing}
        await self._reply(header, members)

    async def _reply(self, header: Header, members: dict[str, object]) -> None:
        if self._silent or header.get("reply") is not True:  # CONN-1, REPLY-2
            return
        text = json.dumps(members, ensure_ascii=False).encode()
        self._writer.write(struct.pack("<i", len(text)) + text)
        await self._writer.drain()

    async def end(self, closing: Closing) -> None:
        """End the connection so that replies on their way survive: half-close, drop what comes, within a bound."""
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(LINGER):
                await self._fail(closing.header, closing.error, closing=True)
                self._writer.write_eof()
                while await self._reader.read(CHUNK):
                    pass


async def serve(port: int, storage: Path, *, silent: bool) -> None:
    store = Store(storage)
    stop = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # half-open ones end too
        # With nothing kept back here, drain() returns when the host has the whole reply: the abort below loses none.
        writer.transport.set_write_buffer_limits(high=0)
        connection = Connection(store, reader, writer, silent=silent)
        try:
            await connection.serve()
        except Closing as closing:
            await connection.end(closing)
        except (asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            pass  # the client ended it (the normal end, a truncated request, a reset), or SIGTERM did
        finally:
            writer.transport.abort()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await asyncio.start_server(handle, "127.0.0.1", port, backlog=512)
    print(f"listening tcp 127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()
    server.close()  # asyncio.run() cancels the connections, whose unfinished bodies go with them


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--storage", type=Path, required=True)
    parser.add_argument("--silent", action="store_true", help="have no replies at all")
    arguments = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a connection in mid-body takes two descriptors
    asyncio.run(serve(arguments.port, arguments.storage, silent=arguments.silent))


if __name__ == "__main__":
    main()
