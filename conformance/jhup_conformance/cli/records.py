"""Records that commands read: from a stranger perhaps, so bounded, checked by a schema, and only then looked at."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from jhup_conformance.reports.printable import printable
from jhup_conformance.run.options import UsageError

__all__ = ["read_record"]

_LARGEST: Final = 256 * 1024 * 1024
"""Bytes of a record: a recorded exchange with a body of some 64 MiB, in hexadecimal, is about half of it."""


def read_record(path: Path, kind: str) -> dict[str, Any]:
    """Read a record.

    Args:
        path: the file.
        kind: a definition in `records.schema.json`: ``exchange`` or ``report``.

    Raises:
        UsageError: when the file can't be read, is too large, or isn't such a record.
    """
    from jsonschema import ValidationError  # it takes its time to import, and most commands don't need it

    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise ValueError(f"it has more than {_LARGEST // 2**20} MiB")
        record = json.loads(data)
        _validator(kind).validate(record)
    except OSError as error:
        raise UsageError(f"can't read {path}: {error.strerror}") from error
    except ValidationError as error:
        raise UsageError(f"{path} is not {_A[kind]}: {_where(error)}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not {_A[kind]}: {printable(str(error), most=200)}") from error
    return dict(record)


_A: Final = {"exchange": "a recorded exchange", "report": "a report.json"}


def _where(error: Any) -> str:
    place = "/".join(map(str, error.absolute_path)) or "the whole"
    return f"{printable(place, most=80)}: {printable(error.message, most=200)}"


@cache
def _validator(kind: str) -> Any:
    from jsonschema import Draft202012Validator

    schema = json.loads(files(__package__).joinpath("records.schema.json").read_text("utf-8"))
    return Draft202012Validator({"$defs": schema["$defs"], "$ref": f"#/$defs/{kind}"})
