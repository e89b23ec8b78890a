"""Sends a recorded exchange again: byte for byte, cut for cut, with the same pauses, and shows what comes now."""

import json
from pathlib import Path
from typing import Any

from jhup_conformance.dialer import Dialer
from jhup_conformance.engine import drive
from jhup_conformance.options import UsageError
from jhup_conformance.transcript import Transcript

__all__ = ["load_exchange", "replay"]

_PATIENCE = 5.5
"""Seconds to wait for what may still come: the 5 of the clauses, and the way there and back."""


def load_exchange(path: Path) -> tuple[dict[str, Any], Transcript]:
    """Read a file of a failing exchange.

    Args:
        path: a file that a run wrote with ``--report``.

    Returns:
        The record, with the clause and what was expected, and the transcript in it.

    Raises:
        UsageError: when it can't be read, or isn't one.
    """
    try:
        record = json.loads(path.read_text("utf-8"))
        if not isinstance(record, dict):
            raise ValueError("not a JSON object")
        return record, Transcript.from_json(record)
    except OSError as error:
        raise UsageError(f"can't read {path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is not a recorded exchange: {error}") from error


def replay(transcript: Transcript, dialer: Dialer) -> Transcript:
    """Do again what the suite did in an exchange.

    Args:
        transcript: the exchange.
        dialer: opens the connection.

    Returns:
        What happened this time, up to 5.5 s of silence behind the last step.

    Raises:
        Unreachable: when no connection can be made.
    """
    line = dialer.first()
    try:
        line.plan(transcript.actions())
        drive([line], until=lambda line: line.closed is not None, patience=_PATIENCE, at_most=120.0)
        return line.transcript
    finally:
        line.drop()
