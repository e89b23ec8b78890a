"""The command `jhup-server upload`."""

import signal
import threading
from pathlib import Path

import click

from jhup.address import Address, parse_address
from jhup.limits import MAX_HEADER
from jhup_reference.listening import listen, ready_line
from jhup_reference.logs import configure_logging
from jhup_reference.server import ThreadingUploadServer
from jhup_reference.settings import Durability, Limits, Tuning
from jhup_reference.store import Store

__all__ = ["upload"]


class _AddressType(click.ParamType[Address]):
    name = "address"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        if isinstance(value, Address):
            return value
        try:
            return parse_address(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.option("--storage", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of the store.")
@click.option("--bind", type=_AddressType(), default="127.0.0.1:8080", show_default=True, help="Where to listen.")
@click.option("--max-header", type=int, default=MAX_HEADER, help="Longest header accepted, in bytes.")
@click.option("--max-filesize", type=int, default=None, help="Longest body accepted, in bytes.")
@click.option("--no-replies", is_flag=True, help="Stay silent whatever is asked.")
@click.option("--durability", type=click.Choice([each.value for each in Durability]), default="none")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info")
def upload(
    *,
    storage: Path,
    bind: Address,
    max_header: int,
    max_filesize: int | None,
    no_replies: bool,
    durability: str,
    log_level: str,
) -> None:
    """Store what clients upload."""
    configure_logging(log_level)
    limits = Limits(max_header=max_header, max_filesize=max_filesize, replies=not no_replies)
    storage.mkdir(parents=True, exist_ok=True)
    store = Store(storage, durability=Durability(durability))
    listener = listen(bind)
    server = ThreadingUploadServer(listener, store, limits=limits, tuning=Tuning())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    click.echo(ready_line(listener, bind.transport))
    server.serve_forever(poll_interval=0.1)
    server.server_close()
