"""Section 2, framing: the frame, its segmentation, and the limits of the prefix."""

import pytest

from jhup_conformance.exchange import Case
from jhup_conformance.judge import Judge
from jhup_conformance.marks import checks
from jhup_conformance.talk import Talk


def one_put(talk: Talk) -> None:
    talk.put(b"abc")


@checks("FRAME-1")
def test_a_put_of_an_unhurried_client_is_understood(judge: Judge) -> None:
    judge.expect_all([Case(one_put, Talk.borders)])


@checks("FRAME-3")
@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_prefix_may_arrive_in_two_pieces(judge: Judge, cut: int) -> None:
    judge.expect(Case(one_put, (cut,)))
