"""The clauses as data: the content of ``clauses.json`` and of the files in ``versions/``, for ``spec/make.py``."""

import json
from collections.abc import Iterator
from typing import Any, Final

from jhup.clauses import Clause, clauses
from jhup.versions import CURRENT, first_version, requirements, versions

__all__ = ["FORMAT", "clauses_json", "version_json"]

FORMAT: Final = 1
"""The number in `format` of the files."""


def clauses_json() -> str:
    """Return the content of ``clauses.json``: every clause of today, then those that were withdrawn."""
    stated = [
        _record(each)
        | {"chapter": each.chapter, "section": each.section, "since": first_version(each.id), "withdrawn": None}
        for each in clauses().values()
    ]
    records = [*stated, *_withdrawn()]
    return _dumped({"$schema": "formats/clauses.schema.json", "format": FORMAT, "spec": CURRENT, "clauses": records})


def _withdrawn() -> Iterator[dict[str, Any]]:
    """Yield the clauses of earlier versions that the text has no more, with the first version that lacks them."""
    gone = {name for version in versions() for name in requirements(version)} - clauses().keys()
    for name in sorted(gone):
        having = [version for version in versions() if name in requirements(version)]
        after = versions()[versions().index(having[-1]) + 1]
        yield {"id": name, "since": having[0], "withdrawn": after}


def version_json(version: str) -> str:
    """Return the content of the file of a version, made of the text as it is now."""
    return _dumped({"format": FORMAT, "spec": version, "clauses": [_record(each) for each in clauses().values()]})


def _record(each: Clause) -> dict[str, Any]:
    return {
        "id": each.id,
        "class": each.conformance_class.value,
        "role": each.role.value,
        "level": each.level.value,
        "text": each.text,
    }


def _dumped(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
