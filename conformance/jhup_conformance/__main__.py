"""Runs the command: ``python -m jhup_conformance``."""

from jhup_conformance.cli import main

main()
