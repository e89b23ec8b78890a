"""Files of clauses that are known to fail, each with a reason."""

from pathlib import Path

from jhup.clauses import clauses
from jhup_conformance.run.usage import UsageError

__all__ = ["read_known_failing"]


def read_known_failing(path: str) -> dict[str, str]:
    """Read a file of known failures: a clause ID and a reason on each line; ``#`` begins a comment.

    Raises:
        UsageError: with the line that is wrong.
    """
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--known-failing: can't read {path}: {_why(error)}") from error
    found = {}
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        identifier, _, reason = text.partition(" ")
        if identifier not in clauses():
            raise UsageError(f"--known-failing: {path}:{number}: the specification has no clause {identifier!r}")
        if not reason.strip():
            raise UsageError(f"--known-failing: {path}:{number}: {identifier} needs a reason after it")
        found[identifier] = reason.strip()
    return found


def _why(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8"
