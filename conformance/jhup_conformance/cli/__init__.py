"""The command `jhup-conformance`."""

from jhup_conformance.cli.main import main

__all__ = ["main"]
