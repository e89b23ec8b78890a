"""Which clauses failed when a target was judged last, kept in the user's cache: `--last-failed` checks them first."""

import contextlib
import hashlib
import json
from collections.abc import Collection
from pathlib import Path
from typing import Final

import platformdirs

from jhup_conformance.run.options import Options
from jhup_conformance.run.report_folder import put_file
from jhup_conformance.run.session import Run

__all__ = ["keep", "load", "save"]

_TARGETS: Final = 200
"""How many targets are remembered; those that were judged longest ago are forgotten."""
_LARGEST: Final = 100_000
"""Bytes; every clause there is takes a twentieth of it."""


def load(options: Options) -> frozenset[str]:
    """Return the clauses that failed last; none where nothing is known."""
    try:
        with _place(options).open("rb") as file:
            found = json.loads(file.read(_LARGEST))
    except (OSError, ValueError):
        return frozenset()
    return frozenset(each for each in found if isinstance(each, str)) if isinstance(found, list) else frozenset()


def keep(run: Run) -> None:
    """Keep which clauses fail at a target now."""
    judged = [each for each in run.results.values() if each.checks]
    failed = [each.clause.id for each in judged if run.counts_against(each)]
    save(run.options, [each.clause.id for each in judged], failed)


def save(options: Options, judged: Collection[str], failed: Collection[str]) -> None:
    """Keep which clauses failed, of those that were judged; what is known of others stays."""
    place = _place(options)
    kept = sorted((load(options) - set(judged)) | set(failed))
    with contextlib.suppress(OSError):  # without a cache the next run begins with the first clause
        place.parent.mkdir(parents=True, exist_ok=True)
        put_file(place, json.dumps(kept).encode())
        _forget_oldest(place.parent)


def _forget_oldest(folder: Path) -> None:
    places = [*folder.glob("*.json")]
    if len(places) > _TARGETS:
        for place in sorted(places, key=lambda each: each.stat().st_mtime)[:-_TARGETS]:
            place.unlink(missing_ok=True)


def _place(options: Options) -> Path:
    """Return the file of a target: what it is started by, or where it listens, and what it serves."""
    key = f"{options.service} {options.spawn or options.target}"
    name = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return platformdirs.user_cache_path("jhup-conformance") / "last" / f"{name}.json"
