"""Runs the command: ``python -m jhup_conformance``."""

from jhup_conformance.cli.main import main

main()
