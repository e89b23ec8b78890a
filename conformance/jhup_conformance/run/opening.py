"""Sets up the judge for a target: one way for each kind of service."""

import secrets
import ssl
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import psutil

from jhup.address import Address, Transport
from jhup_conformance.echo.opening import open_echo
from jhup_conformance.profiles import EFFORTS
from jhup_conformance.run.options import Options, UsageError
from jhup_conformance.target.guest import Guest
from jhup_conformance.target.process import CannotStart, Spawned, listens_on, quiet_of
from jhup_conformance.target.resources import Vitals
from jhup_conformance.target.services import Kind
from jhup_conformance.target.store import CommandObserver, FolderObserver, Observer
from jhup_conformance.target.timing import Pace
from jhup_conformance.verify.bench import Bench
from jhup_conformance.verify.first_contact import make_contact, no_replies
from jhup_conformance.verify.judging import Judging
from jhup_conformance.verify.names import Names
from jhup_conformance.verify.runner import Runner
from jhup_conformance.wire.dialer import Dialer, dialer_to, tls_context

__all__ = ["open_judge", "spawned_server"]


_REST: Final = 0.1
"""Seconds over which the processor time of a target at rest is measured."""


def spawned_server(options: Options) -> Spawned:
    """Return the server that `--spawn` starts, not started yet."""
    command = options.spawn or ""
    return Spawned(command, storage=options.storage, transport=options.transport or listens_on(command))


def open_judge(options: Options, target: Address, spawned: Spawned | None) -> Judging:
    """Get to know a target that listens, and give the judge of it.

    Raises:
        Unreachable: when nobody is there.
        UsageError: when an option can't be used.
    """
    return _WAYS[options.kind](options, target, spawned)


def _open_upload(options: Options, target: Address, spawned: Spawned | None) -> Bench:
    network = spawned.network if spawned else None
    dialer = dialer_to(target, spawned, context=_context(options, target), network=network)
    names = Names(secrets.token_hex(4))
    runner = Runner(dialer, Pace(), names, no_replies())
    folder = _folder(options, spawned)
    observer: Observer | None = folder
    if observer is None and options.witness:
        observer = CommandObserver(options.witness)
    guest = None
    if folder and options.storage:
        guest = Guest(folder.folder, names.run, is_alone=spawned is not None)
        runner.before_sending = guest.admit
    vitals = _vitals(options, spawned)
    runner.quiet = quiet_of(spawned, options.pid)
    try:
        known = make_contact(
            runner,
            observer,
            largest=EFFORTS[options.profile].largest_body,
            is_own_folder=spawned is not None and spawned.has_storage,
            bring_back=partial(_bring_back, dialer, spawned) if spawned else None,
            load=partial(vitals.load, _REST) if vitals else lambda: 0.0,
        )
    except BaseException:  # an interrupt too: nobody else knows of the guest yet
        if spawned:
            spawned.stop()
        if guest:
            guest.leave()
        raise
    return Bench(runner, known, EFFORTS[options.profile], folder=folder, vitals=vitals, spawned=spawned, guest=guest)


def _bring_back(dialer: Dialer, spawned: Spawned) -> bool:
    """Start a spawned server again, and tell whether that worked."""
    try:
        dialer.turn_to(spawned.restart())
    except CannotStart:
        return False
    return True


def _open_echo(options: Options, target: Address, spawned: Spawned | None) -> Judging:
    if options.declared is None:
        raise UsageError(f"{options.service} is no echo service")
    return open_echo(
        target,
        options.declared,
        EFFORTS[options.profile],
        vitals=_vitals(options, spawned),
        spawned=spawned,
        network=spawned.network if spawned else None,
    )


_WAYS: Final[Mapping[Kind, Callable[[Options, Address, Spawned | None], Judging]]] = {
    Kind.UPLOAD: _open_upload,
    Kind.ECHO: _open_echo,
}


def _context(options: Options, target: Address) -> ssl.SSLContext | None:
    if target.transport is not Transport.TLS:
        return None
    try:
        return tls_context(ca=options.tls_ca, cert=options.tls_cert, key=options.tls_key, insecure=options.tls_insecure)
    except OSError as error:
        raise UsageError(f"--tls-…: {error}") from error


def _folder(options: Options, spawned: Spawned | None) -> FolderObserver | None:
    if spawned:
        return FolderObserver(spawned.storage) if spawned.has_storage or options.storage else None
    return FolderObserver(options.storage) if options.storage else None


def _vitals(options: Options, spawned: Spawned | None) -> Vitals | None:
    if spawned:
        return Vitals(spawned) if spawned.has_process else None
    if options.pid is None:
        return None
    try:
        return Vitals(psutil.Process(options.pid))
    except psutil.Error as error:
        raise UsageError(f"--pid: there is no process {options.pid}") from error
