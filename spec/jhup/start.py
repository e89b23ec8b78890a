"""Starts the commands of this distribution, each of which needs the libraries of one extra.

Nothing else of the package is used here, so that a lacking library is one line and no traceback.
"""

import sys
from importlib import import_module
from typing import Final

__all__ = ["client", "conformance", "server"]

_USAGE: Final = 2


def client() -> None:
    """Start `jhup-client`."""
    _start("jhup-client", "jhup_client.cli", "client")


def conformance() -> None:
    """Start `jhup-conformance`."""
    _start("jhup-conformance", "jhup_conformance.cli", "conformance")


def server() -> None:
    """Start `jhup-server`."""
    _start("jhup-server", "jhup_reference.cli", "server")


def _start(program: str, module: str, extra: str) -> None:
    try:
        sys.exit(import_module(module).main())
    except ModuleNotFoundError as error:
        lacking = (error.name or "").partition(".")[0]
        if not lacking or lacking.startswith("jhup"):
            raise  # a fault of ours, no extra
        sys.stderr.write(f"{program}: needs {lacking}, which comes with the extra: pip install 'jhup[{extra}]'\n")
        sys.exit(_USAGE)
