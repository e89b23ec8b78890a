"""Which cases make sense for a client: what it can do, what the system can have, what can be seen."""

import os
import sys

from jhup.address import Transport
from jhup_conformance.clients.case import Case
from jhup_conformance.clients.contact import Contact
from jhup_conformance.clients.files import Content
from jhup_conformance.clients.options import ClientOptions

__all__ = ["left_out"]


def left_out(case: Case, options: ClientOptions, first: Contact) -> tuple[str, bool] | None:
    """Return why a case is left out, and whether an ability is missing that no client has to have; None to run it."""
    if case.asks and not (options.asks or first.always_asks):
        return "the client can't be told to ask for replies, as far as is known: {reply:--reply} or --ask", True
    if case.more and not options.many:
        return "the client can't send several files in one run, as far as is known: {files} or --many", True
    told = _impossible(case) or _invisible(case, options)
    return (told, False) if told else None


def _impossible(case: Case) -> str:
    """Say why this system can't have the file of a case; empty if it can."""
    if case.posix and os.name != "posix":
        return "this system can't have such a file"
    if case.file.raw_name and sys.platform != "linux":
        return "file names are text on this system"
    if case.file.content is Content.UNREADABLE and hasattr(os, "geteuid") and os.geteuid() == 0:
        return "the superuser may read every file"
    return ""


def _invisible(case: Case, options: ClientOptions) -> str:
    """Say why nothing would be seen; empty if something would."""
    if not options.sees_the_end and all(check.needs_ending for check in case.checks.values()):
        return "how the client ends can't be seen: let it be started with -- COMMAND"
    if case.needs_memory and not options.sees_the_end:
        return "the memory of the client can't be seen: let it be started with -- COMMAND"
    if case.needs_tls and options.tls_cert is None:
        return "only over TLS: --tls-cert"
    if case.needs_tcp and options.listen.transport is Transport.UNIX:
        return "only over TCP: a Unix socket has no reset of this kind"
    if case.awkward and options.said is not None:
        return "a client that reads lines can't be told such a name"
    return ""
