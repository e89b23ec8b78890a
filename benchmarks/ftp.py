"""pyftpdlib as it comes, for one folder.

    python -m benchmarks.ftp FOLDER

The first line that it prints is its port.
"""

import logging
import sys
import warnings

from pyftpdlib.authorizers import DummyAuthorizer  # type: ignore[import-untyped]
from pyftpdlib.handlers import FTPHandler  # type: ignore[import-untyped]
from pyftpdlib.servers import FTPServer  # type: ignore[import-untyped]


def main() -> None:
    """Serve for ever."""
    logging.basicConfig(level=logging.ERROR)
    authorizer = DummyAuthorizer()
    with warnings.catch_warnings(action="ignore"):  # that anyone may write is what is wanted here
        authorizer.add_anonymous(sys.argv[1], perm="elradfmw")
    FTPHandler.authorizer = authorizer
    server = FTPServer(("127.0.0.1", 0), FTPHandler, backlog=128)
    server.max_cons = server.max_cons_per_ip = 0
    print(server.socket.getsockname()[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
