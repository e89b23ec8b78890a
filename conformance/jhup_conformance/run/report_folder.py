"""The folder of the reports: settled before a byte is sent, and written to without following links."""

import contextlib
import secrets
from pathlib import Path

__all__ = ["put_file", "settle"]


def settle(folder: Path) -> None:
    """Make sure that reports can be written to a folder, which is made if need be.

    Raises:
        OSError: when it is a file, can't be made, or can't be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trial = _beside(folder / "trial")
    try:
        with trial.open("xb") as file:
            file.write(b"room for reports\n")
    finally:
        trial.unlink(missing_ok=True)


def put_file(path: Path, data: bytes) -> None:
    """Put a file under a name, whole or not at all; what stood there, a link too, is replaced and never followed.

    Raises:
        OSError: when it can't be written.
    """
    made = _beside(path)
    try:
        with made.open("xb") as file:  # x: a link of that name is an error
            file.write(data)
        made.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            made.unlink()
        raise


def _beside(path: Path) -> Path:
    """Return a new name in the same folder."""
    return path.with_name(f".{path.name}-{secrets.token_hex(4)}")
