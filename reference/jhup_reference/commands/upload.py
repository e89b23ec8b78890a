"""The command `jhup-server upload`."""

import ssl
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import click
import structlog

from jhup.address import Address, Transport
from jhup.limits import HEADER_CEILING, MAX_FILESIZE, MAX_HEADER
from jhup_reference.commands.options import AddressType, listener_at
from jhup_reference.folder.entries import FolderInUse
from jhup_reference.handler import BodyMover
from jhup_reference.runtime.descriptors import connections_within_limit, descriptor_limit, raise_descriptor_limit
from jhup_reference.runtime.listening import bound_address, ready_line
from jhup_reference.runtime.logs import LEVELS, configure_logging
from jhup_reference.runtime.signals import run_one
from jhup_reference.runtime.tls import server_context
from jhup_reference.server import UploadService
from jhup_reference.serving import CAN_FORK, open_store, upload_server
from jhup_reference.settings import Durability, Limits, Serving, Tuning
from jhup_reference.store import Store

__all__ = ["upload"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DEFAULTS = Tuning()


@click.command()
@click.option(
    "--storage", type=click.Path(file_okay=False, path_type=Path), required=True,
    help="Folder of the store; it is created if need be, and belongs to one server at a time.",
)  # fmt: skip
@click.option(
    "--bind", type=AddressType(), default="127.0.0.1:8080", show_default=True, metavar="HOST:PORT|unix:PATH",
    help="Where to listen. Port 0 is a free one; the line on standard output names it.",
)  # fmt: skip
@click.option(
    "--serving", type=click.Choice([each.value for each in Serving]), default=Serving.MULTIPLEXING.value,
    show_default=True, help="How connections share a process.",
)  # fmt: skip
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="How many processes serve.")
@click.option("--tls-cert", type=_FILE, help="Certificate chain in PEM; with it, connections are secured by TLS.")
@click.option("--tls-key", type=_FILE, help="Private key in PEM, if it isn't in the file of the certificate.")
@click.option("--tls-client-ca", type=_FILE, help="Only clients with a certificate of these authorities may connect.")
@click.option(
    "--max-header", type=click.IntRange(MAX_HEADER, HEADER_CEILING), default=MAX_HEADER, show_default=True,
    metavar="BYTES", help="The longest header accepted.",
)  # fmt: skip
@click.option(
    "--max-filesize", type=click.IntRange(0, MAX_FILESIZE), metavar="BYTES",
    help="The longest body accepted. [default: what the file system takes]",
)  # fmt: skip
@click.option(
    "--max-connections", type=int, default=_DEFAULTS.max_connections, show_default=True, metavar="N",
    help="Connections served at a time, in all processes together; at least 32.",
)  # fmt: skip
@click.option(
    "--idle-timeout", type=float, default=_DEFAULTS.idle_timeout, show_default=True, metavar="SECONDS",
    help="Silence after which a connection is closed; at least 30.",
)  # fmt: skip
@click.option(
    "--grace", type=float, default=_DEFAULTS.grace, show_default=True, metavar="SECONDS",
    help="Time for requests under way to complete after SIGTERM or SIGINT.",
)  # fmt: skip
@click.option("--no-replies", is_flag=True, help="Stay silent whatever is asked.")
@click.option(
    "--durability", type=click.Choice([each.value for each in Durability]), default=Durability.NONE.value,
    show_default=True, help="What a body survives once it is stored: the server (none), or also a loss of power.",
)  # fmt: skip
@click.option("--log-level", type=click.Choice(LEVELS), default="info", show_default=True)
def upload(
    *,
    storage: Path,
    bind: Address,
    serving: str,
    processes: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    tls_client_ca: Path | None,
    max_header: int,
    max_filesize: int | None,
    max_connections: int,
    idle_timeout: float,
    grace: float,
    no_replies: bool,
    durability: str,
    log_level: str,
) -> None:
    """Store what clients upload.

    One line on standard output says when and where the server listens. SIGTERM and SIGINT end it.
    """
    try:
        limits = Limits(max_header=max_header, max_filesize=max_filesize, replies=not no_replies)
        tuning = Tuning(max_connections=max_connections, idle_timeout=idle_timeout, grace=grace)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    style = Serving(serving)
    if not CAN_FORK and (processes > 1 or style is Serving.FORKING):
        raise click.UsageError("this platform has no fork: one process, and not --serving forking")
    tls = _secure(bind, tls_cert, tls_key, tls_client_ca)
    configure_logging(log_level)
    raise_descriptor_limit(max_connections)
    with ExitStack() as stack:
        store = _open_store(storage, style, Durability(durability))
        stack.callback(store.close)
        listener = stack.enter_context(listener_at(bind))
        service = UploadService(store=store, limits=limits, tuning=tuning, tls=tls, mover=_body_mover())
        address = bound_address(listener, Transport.TLS if tls else bind.transport)
        ready = partial(click.echo, ready_line(address))
        make = partial(upload_server, listener, service, style)
        _say_limits(limits, tuning, style, processes)
        if processes == 1:
            run_one(make(), ready)
        else:
            from jhup_reference.fast.prefork import run_several  # needs a POSIX system

            run_several(make, processes, grace=grace, ready=ready)


def _say_limits(limits: Limits, tuning: Tuning, serving: Serving, processes: int) -> None:
    """Log what the server takes, and warn where the system lets it take less than was asked for."""
    log, descriptors, wanted = structlog.get_logger(), descriptor_limit(), tuning.max_connections
    log.info(
        "limits", serving=serving.value, processes=processes, connections=wanted, descriptors=descriptors,
        max_header=limits.max_header, max_filesize=limits.max_filesize, idle_timeout=tuning.idle_timeout,
        grace=tuning.grace,
    )  # fmt: skip
    served = connections_within_limit(wanted)
    if served < wanted:
        log.warning("too few descriptors", descriptors=descriptors, connections=wanted, served_at_most=served)


def _body_mover() -> BodyMover | None:
    """Return what moves long bodies past the process, where the platform can do that."""
    from jhup_reference.fast.splicing import CAN_SPLICE, splice_body

    return splice_body if CAN_SPLICE else None


def _secure(bind: Address, cert: Path | None, key: Path | None, client_ca: Path | None) -> ssl.SSLContext | None:
    if not bind.transport.is_stream:
        raise click.UsageError(f"uploads need a byte stream: HOST:PORT or unix:PATH, not {bind}")
    if cert is None:
        if key or client_ca or bind.transport is Transport.TLS:
            raise click.UsageError("TLS needs a certificate: --tls-cert")
        return None
    if bind.transport is Transport.UNIX:
        raise click.UsageError("TLS is for TCP, not for Unix sockets")
    try:
        return server_context(cert, key, client_ca)
    except OSError as error:
        raise click.ClickException(f"can't use the certificates: {error}") from None


def _open_store(storage: Path, serving: Serving, durability: Durability) -> Store:
    try:
        storage.mkdir(parents=True, exist_ok=True)
        return open_store(storage, serving, durability)
    except FolderInUse:
        raise click.ClickException(f"the folder {storage} belongs to another server that is running") from None
    except OSError as error:
        raise click.ClickException(f"can't use the folder {storage}: {error.strerror or error}") from None
