"""Requests with a plain put behind them, which shows what became of the first: was its body consumed, was it read on.

A target that can't be trusted with two requests in a segment is shown the first one alone, by an unhurried client.
"""

from collections.abc import Iterable
from typing import TypeAlias

from jhup_conformance.verify.exchange import Case
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.stream import Recipe

__all__ = ["Pair", "expect_followed"]

Pair: TypeAlias = tuple[Recipe, Recipe]
"""A request alone, and the same with a plain put behind it."""


def expect_followed(judge: Judge, pairs: Iterable[Pair], *, control: Pair) -> None:
    """Try requests at the same time: followed by a put in the same segment, or alone if that is too much.

    Args:
        judge: the judge.
        pairs: what is tried.
        control: the nearest sound request.

    Raises:
        NotSeen: when the control fails.
    """
    control_alone, control_followed = control
    if judge.takes_two_at_once:
        judge.control(Case(control_followed), why="the nearest sound request fails")
        cases = [Case(followed) for _, followed in pairs]
    else:
        judge.control(Case.unhurried(control_alone), why="the nearest sound request fails")
        cases = [Case.unhurried(alone) for alone, _ in pairs]
    judge.expect_all(cases)
