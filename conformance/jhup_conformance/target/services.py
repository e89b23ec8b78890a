"""The services that can be judged, and what is different for each kind of them before any check runs."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

from jhup.address import Transport
from jhup.clauses import Clause, ConformanceClass, Role
from jhup.echo import Service
from jhup_conformance.findings import ECHO_CLASSES, UPLOAD_CLASSES

__all__ = ["SERVICES", "UPLOAD", "Kind"]

UPLOAD: Final = "upload"
_ECHO_PREFIX: Final = "ECHO"
_ECHO_FILES: Final = "test_s10_"


class Kind(Enum):
    """What services have in common: their clauses, classes and transports."""

    UPLOAD = "upload"
    ECHO = "echo"

    @property
    def classes(self) -> tuple[ConformanceClass, ...]:
        """The classes, each of which includes those before it."""
        return _CLASSES[self]

    @property
    def transports(self) -> frozenset[Transport]:
        """What may carry the bytes."""
        return _TRANSPORTS[self]

    def has_checks_in(self, file: str) -> bool:
        """Tell whether a file of the suite, by its name, holds checks of such services."""
        return file.startswith(_ECHO_FILES) is (self is Kind.ECHO)

    def concerns(self, clause: Clause) -> bool:
        """Tell whether a clause is about servers of this kind; chapter 10 is about echo services alone."""
        return clause.role is Role.SERVER and (clause.prefix == _ECHO_PREFIX) is (self is Kind.ECHO)


_CLASSES: Final = {Kind.UPLOAD: UPLOAD_CLASSES, Kind.ECHO: ECHO_CLASSES}
_TRANSPORTS: Final = {
    Kind.UPLOAD: frozenset({Transport.TCP, Transport.TLS, Transport.UNIX}),
    Kind.ECHO: frozenset({Transport.TCP, Transport.UNIX, Transport.UDP, Transport.UNIXGRAM}),
}

SERVICES: Final[Mapping[str, Kind]] = MappingProxyType(
    {UPLOAD: Kind.UPLOAD, **{service.value: Kind.ECHO for service in Service}}
)
"""Every service by the name that it has on command lines."""
