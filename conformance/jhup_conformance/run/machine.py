"""The target's state machine at the end of a run, with `--learn` or in the thorough profile; no verdict rests on it."""

import time
from typing import Final

from jhup.address import Address, Transport
from jhup_conformance.learn.answers import Unsteady
from jhup_conformance.learn.study import Study, study
from jhup_conformance.profiles import Profile
from jhup_conformance.run.options import Options, has_learner
from jhup_conformance.target.process import CannotStart, Spawned, quiet_of
from jhup_conformance.target.services import Kind
from jhup_conformance.wire.channel import Unreachable
from jhup_conformance.wire.dialer import tls_context

__all__ = ["is_learnt", "study_target"]

_SECONDS: Final = 60.0
"""For which further states are looked for."""


def is_learnt(options: Options) -> bool:
    """Tell whether the target's machine is learnt: on request, and in a thorough run of all clauses."""
    whole = options.kind is Kind.UPLOAD and options.clauses is None and options.profile is Profile.THOROUGH
    return options.learn or (whole and has_learner())


def study_target(options: Options, target: Address, spawned: Spawned | None, *, at_most: float | None) -> Study | str:
    """Learn the machine of a target that has been judged.

    Args:
        options: of the run.
        target: where it is.
        spawned: what starts it again; None for a server of somebody else's.
        at_most: seconds that are left of the run's time limit.

    Returns:
        What was learnt, or why nothing was.
    """
    store = options.storage
    if spawned and spawned.has_storage:
        store = spawned.storage
    context = None
    if target.transport is Transport.TLS:
        context = tls_context(
            ca=options.tls_ca, cert=options.tls_cert, key=options.tls_key, insecure=options.tls_insecure
        )
    until = time.monotonic() + min(_SECONDS, _SECONDS if at_most is None else max(0.0, at_most))

    def where() -> Address:
        return target if spawned is None else spawned.revive() or spawned.address

    try:
        return study(where, store, context=context, until=until, quiet=quiet_of(spawned, options.pid))
    except (Unreachable, CannotStart, Unsteady, OSError) as error:
        return str(error)
