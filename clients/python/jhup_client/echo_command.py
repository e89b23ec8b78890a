"""The command `jhup-client echo`."""

import os
import sys
from typing import Final

import click

from jhup.address import Address
from jhup_client.actions import failed
from jhup_client.echoing import echo
from jhup_client.errors import ClientError
from jhup_client.exits import Exit
from jhup_client.targets import ECHO_TARGET
from jhup_client.terminal import say

__all__ = ["echo_command"]

_EPILOG: Final = """\b
Exit status:
  0    the answer came, whole
  1    it did not, or not to its end
  2    the command line is wrong; nothing was sent
  3    nobody is at TARGET
  130  interrupted
"""


@click.command("echo", epilog=_EPILOG)
@click.argument("text")
@click.argument("target", type=ECHO_TARGET, metavar="TARGET")
@click.option("--raw", is_flag=True, help="Print the bytes of the answer as they are, and no end of line.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the answer to a datagram, or while nothing moves.",
)
def echo_command(*, text: str, target: Address, raw: bool, timeout: float) -> Exit:
    r"""Send TEXT to the echo server at TARGET, and print the answer.

    TARGET is HOST:PORT, unix:PATH, udp://HOST:PORT or unixgram:PATH. Bytes of the answer that are no printable text are
    shown as escapes, such as \x1b. A datagram that is not answered is sent again, five times in all.
    """
    try:
        answer = echo(os.fsencode(text), target, timeout=timeout)
    except ClientError as error:
        return failed(error)
    if raw:
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()
    else:
        say(_printable(answer))
    return Exit.OK


def _printable(answer: bytes) -> str:
    """Make text of an answer that no terminal acts on (section 10.17)."""
    text = answer.decode("utf-8", "backslashreplace")
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)
