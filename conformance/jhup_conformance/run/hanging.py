"""Which finding hangs on which: what to mend first, told from what is special about their exchanges.

A finding hangs on another one when its exchange has all that is special about the other's. A server that takes only
the last part of a name with separators fails where names are judged, and wherever such a name is refused as well: with
the first mended, the others go.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from jhup.clauses import Clause, ConformanceClass
from jhup_conformance.verify.traits import ABOUT, BROKEN, IN_REPLIES, SUBJECTS, WEAK

__all__ = ["hangs_on"]

_ABOUT: Final = ABOUT.partition("{")[0]
Traits = Mapping[Clause, frozenset[str]]


def hangs_on(traits: Traits) -> dict[str, str]:
    """Return for each finding that hangs on another one the clause to mend first.

    Bytes that break a clause are that clause's first. Of several others the one that has most in common is taken, then
    the first in the order of the specification. What has nothing special hangs on nothing, and nothing hangs on it; and
    what is wrong in replies is no cause of anything else that is not.

    Args:
        traits: by clause, in the order of the specification, what is special about the exchange of its finding.
    """
    order = list(traits)
    causes = {clause: others[0] for clause in order if (others := _causes(clause, traits, order))}
    return {clause.id: _end(clause, causes).id for clause in causes if _end(clause, causes) is not clause}


def _end(clause: Clause, causes: Mapping[Clause, Clause]) -> Clause:
    """Return the last of a chain of causes; the first itself where they lead in a circle."""
    seen, last = {clause}, clause
    while last in causes:
        last = causes[last]
        if last in seen:
            return clause
        seen.add(last)
    return last


def _causes(clause: Clause, traits: Traits, order: Sequence[Clause]) -> list[Clause]:
    """Return what a finding may hang on, the likeliest first."""
    own, about = traits[clause], ABOUT.format(clause.id)
    if about in own:
        own = own - BROKEN  # that is its own subject, and others hang on it
    elif broken := [each for each in order if ABOUT.format(each.id) in own]:
        return broken
    chapters = list(dict.fromkeys(each.prefix for each in order))
    rank = {
        each: (not _is_subject(each, traits[each]), chapters.index(each.prefix), len(traits[each]), at)
        for at, each in enumerate(order)
    }
    alike = [
        each
        for each in order
        if about not in traits[each]
        and _may_cause(each, clause, own)
        and _explains(traits[each], own, is_first=rank[each] < rank[clause])
    ]
    return sorted(alike, key=lambda each: (-len(_telling(traits[each])), rank[each]))


def _is_subject(clause: Clause, traits: frozenset[str]) -> bool:
    """Tell whether what is special about an exchange is the subject of a clause's chapter."""
    chapters = [of for words, of in SUBJECTS.items() for each in _telling(traits) if each.startswith(words)]
    return bool(chapters) and all(clause.prefix in of for of in chapters)


def _may_cause(other: Clause, clause: Clause, own: frozenset[str]) -> bool:
    if other.conformance_class is not ConformanceClass.REPLIES:
        return other is not clause
    return other is not clause and (other.conformance_class is clause.conformance_class or IN_REPLIES in own)


def _explains(other: frozenset[str], own: frozenset[str], *, is_first: bool) -> bool:
    telling = _telling(other)
    return bool(telling) and telling <= own and (telling != _telling(own) or is_first)


def _telling(traits: frozenset[str]) -> frozenset[str]:
    """Return the traits that tell an exchange from most others, whichever clause its bytes break."""
    kinds = frozenset(each for each in traits if not each.startswith(_ABOUT)) - {IN_REPLIES}
    return kinds - WEAK or kinds
