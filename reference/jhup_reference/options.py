"""Types of command-line options."""

import click

from jhup.address import Address, parse_address

__all__ = ["AddressType"]


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
