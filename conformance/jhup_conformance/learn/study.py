"""Learns a target and tries each difference again: for the command `learn`, and for the report of a run."""

import contextlib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jhup.address import Address
from jhup.machine import ALPHABETS, Machine, Word, choose_symbols, derive_machine
from jhup.model import Server
from jhup_conformance.learn.answers import Answers, Unsteady
from jhup_conformance.learn.confirming import Confirmed, confirm
from jhup_conformance.learn.conversation import Look
from jhup_conformance.learn.differences import find_differences, named_after
from jhup_conformance.learn.learning import Learnt, learn, require_learner
from jhup_conformance.learn.talking import Calibration, Talker
from jhup_conformance.target.quiet import Quiet

__all__ = ["Study", "study"]

_FIRST: Final = {True: ("put", "hello"), False: ("quiet put",)}
_REFUSALS: Final = frozenset({"too-large", "storage"})
_MOST_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Study:
    """What was learnt of a target.

    Attributes:
        target: its machine, named after the specification's; None where the time didn't suffice.
        specified: the specification's machine of the same symbols.
        shown: the differences that showed three times, the most telling first.
        doubts: what is not certain, one line each.
        facts: what was done, by labels.
        answers: whether more than the end of connections could be observed.
    """

    target: Machine | None
    specified: Machine
    shown: tuple[Confirmed, ...]
    doubts: tuple[str, ...]
    facts: Mapping[str, str]
    answers: bool

    def missed(self, found: frozenset[str]) -> list[str]:
        """Return the clauses of differences that are not among those of which checks found something."""
        return list(dict.fromkeys(each.difference.clause for each in self.shown if each.difference.clause not in found))


def study(
    where: Callable[[], Address],
    store: Path | None,
    *,
    context: ssl.SSLContext | None,
    until: float,
    quiet: Quiet | None = None,
    alphabet: str | None = None,
    beyond: bool = False,
) -> Study:
    """Learn the machine of a target, and what of it is wrong; what was stored meanwhile is removed.

    Args:
        where: where it is, once it serves again.
        store: the folder of its store; None where that can't be seen.
        context: for targets behind TLS.
        until: by the monotonic clock; no further states are looked for then.
        quiet: proves that nothing more comes, where the target's process is known.
        alphabet: the name of one, or symbols with commas between; None for what fits the target.
        beyond: whether the target is followed also after an answer that is wrong.

    Raises:
        ValueError: for a symbol that doesn't exist.
        NoLearner: when the library is not installed.
        Unreachable: when nobody is there.
        Unsteady: when the target answers the same in too many ways, or takes no file of a few bytes.
    """
    require_learner()  # before anything is sent
    replies = _has_replies(where, context)
    keys = _keys(alphabet, replies=replies)
    machine = _specified(keys, replies=replies, sees_store=not replies and store is not None)
    talker = Talker(
        where, machine, quiet=quiet, look=_looker(store) if store and not replies else None, context=context
    )
    try:
        pace = talker.calibrate(_first_word(machine, replies=replies))
        _require_room(pace, replies=replies, sees_store=store is not None and not replies)
        answers = Answers(talker, machine, pace.width, pace.waits, beyond)
        learnt = learn(answers, until=until)
        confirmed = [confirm(each, answers) for each in find_differences(answers.known, machine)[:_MOST_SHOWN]]
    finally:
        _tidy(store, talker.names)
    target = named_after(learnt.machine, machine) if learnt.machine else None
    return Study(
        target,
        machine,
        tuple(each for each in confirmed if each.holds),
        tuple(_doubts(answers, confirmed, learnt, pace)),
        _facts(str(where()), machine, target, learnt, talker, pace),
        pace.answers,
    )


def _require_room(pace: Calibration, *, replies: bool, sees_store: bool) -> None:
    """Make sure that the target takes a file of a few bytes: how small its limit may be, no clause says.

    Raises:
        Unsteady: when it does not.
    """
    refused = any(not _REFUSALS.isdisjoint(each.replies) for each in pace.first) if replies else sees_store
    if refused and not any(each.stored for each in pace.first):
        raise Unsteady("the target takes no file of four bytes, so that its states can't be learnt")


def _keys(alphabet: str | None, *, replies: bool) -> Word:
    if not alphabet:
        return ALPHABETS["replies" if replies else "silent"]
    if alphabet in ALPHABETS:
        return ALPHABETS[alphabet]
    return tuple(key.strip() for key in alphabet.split(","))


def _has_replies(where: Callable[[], Address], context: ssl.SSLContext | None) -> bool:
    machine = derive_machine(choose_symbols(("hello", "end")))
    return Talker(where, machine, context=context).calibrate(("hello",)).answers


def _specified(keys: Word, *, replies: bool, sees_store: bool) -> Machine:
    return derive_machine(choose_symbols(keys), servers=(Server(replies=replies),), sees_store=sees_store)


def _first_word(machine: Machine, *, replies: bool) -> Word:
    """Return a word of few symbols that is answered at once, of those that there are."""
    wanted = [key for key in _FIRST[replies] if key in machine.keys]
    return tuple(wanted) or machine.keys[:1]


def _looker(store: Path) -> Look:
    def look(name: str) -> bytes | None:
        try:
            return (store / name).read_bytes()
        except OSError:
            return None

    return look


def _tidy(store: Path | None, names: list[str]) -> None:
    """Leave the owner's folder as it was."""
    for name in names if store else ():
        with contextlib.suppress(OSError):
            (store / name).unlink(missing_ok=True) if store else None


def _doubts(answers: Answers, confirmed: list[Confirmed], learnt: Learnt, pace: Calibration) -> list[str]:
    lines = [
        f"After {', '.join(word)} the answer was {' or '.join(f'{o} ({n} times)' for o, n in votes.most_common())}: "
        "a matter of time, perhaps."
        for word, votes in answers.doubts.items()
    ]
    for each in confirmed:
        if not each.holds:
            ways = " and ".join(str(outputs[-1]) for outputs in each.again)
            lines.append(f"Not shown again, so not counted: {each.difference.sentence} Later it was {ways}.")
    if not learnt.is_complete:
        lines.append("The time limit ended the search: the target may have more states, and more differences.")
    if pace.width == 1:
        lines.append("The target serves one connection at a time, or answers otherwise beside others.")
    return lines


def _facts(
    address: str, machine: Machine, target: Machine | None, learnt: Learnt, talker: Talker, pace: Calibration
) -> dict[str, str]:
    states = f"{len(target.states)} states" if target else "no machine within the time limit"
    proven = ", or until it is proven that nothing comes" if talker.trusts_quiet else ""
    return {
        "target": address,
        "machine": f"{states}; the specification's has {len(machine.states)}",
        "symbols": ", ".join(machine.keys),
        "effort": f"{talker.connections} connections, {talker.symbols_sent} symbols, {learnt.seconds:.1f} s",
        "waits": f"{pace.waits.quiet * 1000:.0f} ms for something to come{proven}, {pace.width} connections at a time",
    }
