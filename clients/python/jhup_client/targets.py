"""Where commands connect to: the argument TARGET."""

from collections.abc import Callable
from typing import Any, Final

import click

from jhup.address import Address, Transport, parse_address

__all__ = ["ECHO_TARGET", "UPLOAD_TARGET", "Target"]


class Target(click.ParamType[Address]):
    """An address as `jhup.address` reads it, of a transport that the command has a use for.

    Args:
        accepts: tells whether it has.
        otherwise: what to say when it hasn't.
    """

    name = "target"

    def __init__(self, accepts: Callable[[Transport], bool], otherwise: str) -> None:
        self._accepts = accepts
        self._otherwise = otherwise

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        """Read it, or fail with what was expected."""
        try:
            address = parse_address(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if not self._accepts(address.transport):
            self.fail(f"{value!r}: {self._otherwise}", param, ctx)
        return address


UPLOAD_TARGET: Final = Target(lambda transport: transport.is_stream, "uploads need a byte stream, not datagrams")
ECHO_TARGET: Final = Target(
    lambda transport: transport is not Transport.TLS, "echo services are not offered over TLS (section 10.1)"
)
