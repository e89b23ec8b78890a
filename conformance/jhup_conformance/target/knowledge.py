"""What is known of a target before the checks begin."""

from typing import Final

from jhup.messages import Greeting
from jhup_conformance.target.contact import Contact

__all__ = ["NO_OBSERVER", "Knowledge"]

NO_OBSERVER: Final = (
    "what is stored can't be seen: the target offers no replies; --storage DIR (its folder is local), "
    "--witness COMMAND (a command prints a stored file) or --spawn COMMAND with {storage} would help"
)


class Knowledge:
    """What was learnt of the target before the checks began.

    Attributes:
        greeting: its answer to a hello; None when it offers no replies.
        contact: what first contact has shown, in words for people.
        gate: why nothing can be judged, because the simplest put fails; empty when it works.
        unsolicited: bytes that came before anything was asked.
        blind_for: why what is stored can't be seen, where nothing shows it.
    """

    def __init__(self) -> None:
        self.greeting: Greeting | None = None
        self.contact = Contact()
        self.gate = ""
        self.unsolicited = b""
        self.blind_for = NO_OBSERVER
