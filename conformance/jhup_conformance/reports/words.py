"""What terminals and pages say of a run in the same words."""

from typing import Final

from jhup_conformance.findings import ExitStatus

__all__ = ["status_words"]

_WORDS: Final = {
    ExitStatus.CONFORMS: "conforms",
    ExitStatus.FAILS: "does not conform",
    ExitStatus.USAGE: "usage error",
    ExitStatus.UNREACHABLE: "the target is unreachable, or gone and not coming back",
    ExitStatus.INCONCLUSIVE: "inconclusive: some MUSTs could not be verified",
    ExitStatus.ERROR: "error of the suite, or of a control",
    ExitStatus.INTERRUPTED: "interrupted",
}


def status_words(status: ExitStatus) -> str:
    """Say an exit status in words."""
    return _WORDS[status]
