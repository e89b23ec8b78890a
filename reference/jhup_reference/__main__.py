"""`python -m jhup_reference` is `jhup-server`."""

from jhup_reference.cli import main

main(prog_name="jhup-server")
