"""What to mend first: findings ordered, and those that hang on another one folded under it."""

from collections.abc import Sequence
from dataclasses import dataclass

from jhup.clauses import ConformanceClass
from jhup_conformance.findings import FINDINGS
from jhup_conformance.reports.account import Account

__all__ = ["Root", "roots"]


@dataclass(frozen=True, slots=True)
class Root:
    """A finding that stands alone, and those that may go when it is mended."""

    account: Account
    hanging: tuple[Account, ...] = ()


def roots(found: Sequence[Account], classes: Sequence[ConformanceClass]) -> list[Root]:
    """Return the findings that stand alone, the one to mend first at the head.

    A failure comes before a warning, a lower class before a higher one, and what others hang on before what stands
    alone; after that the order is that of the specification.

    Args:
        found: the findings of a run, each with its root.
        classes: of the service, the lowest first.
    """
    known = {each.clause.id: each for each in found}
    hanging: dict[str, list[Account]] = {}
    alone = []
    for each in found:
        root = _root(each, known)
        if root == each.clause.id:
            alone.append(each)
        else:
            hanging.setdefault(root, []).append(each)
    made = [Root(each, tuple(hanging.get(each.clause.id, ()))) for each in alone]
    return sorted(
        made,
        key=lambda root: (
            FINDINGS.index(root.account.outcome),
            bool(root.account.known),
            classes.index(root.account.clause.conformance_class),
            -len(root.hanging),
        ),
    )


def _root(account: Account, known: dict[str, Account]) -> str:
    """Return the clause at the end of the chain that a finding hangs on; itself where there is none."""
    own, seen = account.clause.id, {account.clause.id}
    while (root := account.root) and root in known:
        if root in seen:
            return own  # they hang on each other
        seen.add(root)
        account = known[root]
    return account.clause.id
