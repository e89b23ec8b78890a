"""What the owner of an echo server has declared before it is judged (section 10.15)."""

from dataclasses import dataclass
from typing import Final

from jhup.address import Transport
from jhup.echo import Rules, Service, Serving, Shape, scope_of

__all__ = ["SERVINGS", "Declared"]

SERVINGS: Final = {
    "iterative": Serving.ITERATIVE,
    "concurrent": Serving.CONCURRENT,
    "threading": Serving.THREADING,
    "forking": Serving.CONCURRENT,
}
"""How servers serve, by the words of command lines; the text has no clause of its own for child processes."""

_NO_TRIM_ONLY: Final = frozenset({"ECHO-8"})
_TRIM_ONLY: Final = frozenset({"ECHO-4", "ECHO-7"})
_UNIXGRAM_ONLY: Final = frozenset({"ECHO-61"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a server is said to be.

    Attributes:
        service: what it replies.
        shape: how it cuts a stream into messages; None where nothing was declared.
        trim: whether upper and greet remove white space from the ends of a message.
        serving: how it serves several clients; None where nothing was declared.
        max_message: the most bytes that it takes as one message; None for the limit of its shape.
    """

    service: Service
    shape: Shape | None = None
    trim: bool = True
    serving: Serving | None = None
    max_message: int | None = None

    @property
    def rules(self) -> Rules:
        """What the sets of right answers have to know."""
        return Rules(service=self.service, trim=self.trim, max_message=self.max_message)

    def excludes(self, clause: str, transport: Transport) -> str:
        """Return the reason why a clause does not apply (section 10.18); empty when it does.

        Nothing declared stands for what section 10.15 says is taken then.

        Args:
            clause: identifier of a server clause of chapter 10.
            transport: what carries the bytes.
        """
        scope = scope_of(clause)
        shape = (self.shape or Shape.ONE_SHOT) if transport.is_stream else Shape.DATAGRAM
        serving = self.serving or Serving.CONCURRENT
        if self.service not in scope.services:
            return f"it is not about {self.service} servers"
        if shape not in scope.shapes:
            return f"it is not about servers of shape {shape}"
        if serving not in scope.servings:
            return f"it is not about servers whose serving is {serving}"
        if clause in _NO_TRIM_ONLY and self.rules.trims:
            return "it is about servers that are declared not to trim (--no-trim)"
        if clause in _TRIM_ONLY and not self.rules.trims:
            return "the server is declared not to trim"
        if clause in _UNIXGRAM_ONLY and transport is not Transport.UNIXGRAM:
            return "only a Unix datagram socket can have no address"
        return ""
