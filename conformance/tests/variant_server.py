"""Serves one of the correct variants: ``python variant_server.py --port 0 --storage DIR [--unix PATH] [NAME=WORD …]``.

The choices and their words are those of `variants.choices`.
"""

import argparse
import asyncio
import signal
import socket
from pathlib import Path

from variants.choices import Choices
from variants.server import BACKLOG, Server, folder_store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--unix", type=Path, help="listen on this Unix socket instead")
    parser.add_argument("--storage", type=Path, required=True)
    parser.add_argument("choices", nargs="*", metavar="NAME=WORD")
    arguments = parser.parse_args()
    try:
        choices = Choices.read(arguments.choices)
    except ValueError as error:
        parser.error(str(error))
    if arguments.unix:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(arguments.unix))
        listener.listen(BACKLOG)
    else:
        listener = socket.create_server(("127.0.0.1", arguments.port), backlog=BACKLOG)
    raise_descriptor_limit()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with listener:
        place = arguments.unix or f"127.0.0.1:{listener.getsockname()[1]}"
        print(f"listening {'unix' if arguments.unix else 'tcp'} {place}", flush=True)
        asyncio.run(_serve(choices, arguments.storage, listener))


async def _serve(choices: Choices, folder: Path, listener: socket.socket) -> None:
    await Server(choices, folder_store(choices, folder)).serve(listener)


def raise_descriptor_limit() -> None:
    """Allow many connections, where the system has such a limit."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 4096), most))


if __name__ == "__main__":
    main()
