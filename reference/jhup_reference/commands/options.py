"""What the commands have in common."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import click

from jhup.address import Address, parse_address
from jhup_reference.runtime.listening import listen, stop_listening

__all__ = ["AddressType", "listener_at"]


class AddressType(click.ParamType[Address]):
    """An address as `jhup.address` reads it."""

    name = "address"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        """Read it, or fail with what was expected."""
        if isinstance(value, Address):
            return value
        try:
            return parse_address(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@contextmanager
def listener_at(address: Address) -> Iterator[socket.socket]:
    """Listen while the block lasts, or say in one line why that can't be done."""
    try:
        listener = listen(address)
    except OSError as error:
        raise click.ClickException(f"can't listen at {address}: {error.strerror or error}") from None
    try:
        yield listener
    finally:
        stop_listening(listener)
