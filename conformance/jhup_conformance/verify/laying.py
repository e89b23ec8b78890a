"""Bodies that have to be in the store before an exchange begins."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from jhup_conformance.findings import NotSeen
from jhup_conformance.verify.exchange import Case
from jhup_conformance.verify.runner import Runner
from jhup_conformance.verify.stream import Talk

__all__ = ["lay_bodies"]


def lay_bodies(runner: Runner, bodies: Mapping[str, bytes], at_a_time: int = 1) -> None:
    """Store bodies as unhurried clients would: each on a connection of its own, so many at a time."""
    if (longest := max(map(len, bodies.values()), default=0)) > runner.server.max_filesize:
        raise NotSeen(f"a body of {longest} bytes has to be there before, which is more than the target takes")
    cases = [Case.unhurried(partial(_put_as, name, body)) for name, body in bodies.items()]
    for start in range(0, len(cases), at_a_time):
        batch = cases[start : start + at_a_time]
        failed = runner.run(batch, patience=runner.pace.last_patience)
        if failed and runner.hurries:
            failed = runner.run([replace(case, strictly=True) for case in batch], patience=runner.pace.last_patience)
        if failed:
            raise NotSeen(f"a control failed: {failed[0].mismatch.expected}; actual: {failed[0].mismatch.actual}")


def _put_as(name: str, body: bytes, talk: Talk) -> None:
    talk.put(body, name=name)
    talk.watched.append(name)
