"""The command `jhup-server echo`."""

from contextlib import ExitStack
from functools import partial

import click

from jhup.address import Address, Transport
from jhup.echo import Rules, Service, Shape
from jhup_reference.commands.options import AddressType, listener_at
from jhup_reference.echo.classes import SERVINGS
from jhup_reference.echo.serving import echo_server, echo_service
from jhup_reference.runtime.descriptors import raise_descriptor_limit
from jhup_reference.runtime.listening import bound_address, ready_line
from jhup_reference.runtime.logs import LEVELS, configure_logging
from jhup_reference.runtime.signals import run_one
from jhup_reference.settings import Serving, Tuning

__all__ = ["echo"]

_MIB = 1024 * 1024
_DEFAULTS = Tuning()
_SHAPES = [each.value for each in Shape if each is not Shape.DATAGRAM]


@click.command()
@click.option(
    "--service", type=click.Choice([each.value for each in Service]), required=True,
    help="What is made of a message: "
    + "; ".join(f"{each}: {each.line}" for each in Service) + ".",
)  # fmt: skip
@click.option(
    "--bind", type=AddressType(), default="127.0.0.1:9999", show_default=True,
    metavar="HOST:PORT|udp://HOST:PORT|unix:PATH|unixgram:PATH",
    help="Where to listen. Port 0 is a free one; the line on standard output names it.",
)  # fmt: skip
@click.option(
    "--serving", type=click.Choice([each.value for each in SERVINGS]), default=Serving.THREADING.value,
    show_default=True, help="How requests share the process.",
)  # fmt: skip
@click.option(
    "--shape", type=click.Choice(_SHAPES),
    help="What a message is, on a stream: the first bytes that arrive, each segment, each line, or the first line."
    " [default: one-shot]",
)  # fmt: skip
@click.option("--no-trim", is_flag=True, help="Keep white space at the ends of a message; worker always does.")
@click.option(
    "--max-message", type=click.IntRange(1, _MIB), metavar="BYTES",
    help="The most bytes that are taken as one message. A longer line ends its connection, a longer datagram gets no"
    " answer. [default: 1024 on a stream, 8192 in a datagram]",
)  # fmt: skip
@click.option(
    "--max-connections", type=int, default=_DEFAULTS.max_connections, show_default=True, metavar="N",
    help="Connections or datagrams served at a time by threads or children, at least 32; more have to wait.",
)  # fmt: skip
@click.option(
    "--idle-timeout", type=float, default=_DEFAULTS.idle_timeout, show_default=True, metavar="SECONDS",
    help="Silence after which a connection is closed, or an answer given up that nobody takes; at least 30.",
)  # fmt: skip
@click.option(
    "--grace", type=float, default=_DEFAULTS.grace, show_default=True, metavar="SECONDS",
    help="Time for answers under way to be taken after SIGTERM or SIGINT.",
)  # fmt: skip
@click.option("--log-level", type=click.Choice(LEVELS), default="info", show_default=True)
def echo(
    *,
    service: str,
    bind: Address,
    serving: str,
    shape: str | None,
    no_trim: bool,
    max_message: int | None,
    max_connections: int,
    idle_timeout: float,
    grace: float,
    log_level: str,
) -> None:
    """Answer what clients send.

    One line on standard output says when and where the server listens. SIGTERM and SIGINT end it.
    """
    if bind.transport is Transport.TLS:
        raise click.UsageError(f"echo services aren't offered over TLS: HOST:PORT, not {bind}")
    try:
        tuning = Tuning(max_connections=max_connections, idle_timeout=idle_timeout, grace=grace)
        rules = Rules(service=Service(service), trim=not no_trim, max_message=max_message)
        offered = echo_service(rules, bind.transport, None if shape is None else Shape(shape), tuning)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    configure_logging(log_level)
    raise_descriptor_limit(max_connections)
    with ExitStack() as stack:
        listener = stack.enter_context(listener_at(bind))
        server = echo_server(listener, bind.transport, offered, Serving(serving))
        run_one(server, partial(click.echo, ready_line(bound_address(listener, bind.transport))))
