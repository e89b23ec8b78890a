"""What the options declare of an echo server."""

from collections.abc import Mapping
from typing import Any

from jhup.address import Address
from jhup.echo import Service, Shape
from jhup_conformance.echo.declared import SERVINGS, Declared
from jhup_conformance.run.usage import UsageError
from jhup_conformance.target.services import SERVICES, Kind

__all__ = ["read_declared"]


def read_declared(service: str, values: Mapping[str, Any], target: Address | None) -> Declared | None:
    """Read what is declared of an echo server; None for another service, of which nothing can be.

    Args:
        service: that is judged.
        values: of the options, by `Declaration.name`.
        target: its address, if it has one already.

    Raises:
        UsageError: naming the option that is not for this server.
    """
    names = [name for name in ("shape", "no_trim", "serving", "max_message") if values.get(name) not in (None, False)]
    if SERVICES[service] is not Kind.ECHO:
        if names:
            flag = names[0].replace("_", "-")
            raise UsageError(f"--{flag} is for echo services: name one with --service upper, greet or worker")
        return None
    shape = values.get("shape")
    if shape and target and not target.transport.is_stream:
        raise UsageError(f"--shape is for streams: a datagram of {target} is a message, and has no other shape")
    if values.get("no_trim") and service == Service.WORKER:
        raise UsageError("--no-trim is for upper and greet: a worker never trims")
    most = values.get("max_message")
    if most is not None and most < 1:
        raise UsageError(f"--max-message: {most} is not a positive number of bytes")
    serving = values.get("serving")
    return Declared(
        service=Service(service),
        shape=Shape(shape) if shape else None,
        trim=not values.get("no_trim"),
        serving=SERVINGS[serving] if serving else None,
        max_message=most,
    )
