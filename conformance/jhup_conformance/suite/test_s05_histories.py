"""Sections 5 and 8, several connections at a time: puts and stats of shared names, judged as exact histories."""

from dataclasses import dataclass
from random import Random

import pytest

from jhup_conformance.checks import Finding, Judge, NotSeen, check
from jhup_conformance.findings import Picture
from jhup_conformance.histories import (
    Accusation,
    Recording,
    accuse,
    draw_history,
    draw_plan,
    print_history,
    record,
)
from jhup_conformance.histories.recording import LookUp
from jhup_conformance.suite.support.fairness import require_lanes

CONNECTIONS, NAMES, OPERATIONS = 8, 4, 25
EXPECTED = "every operation takes effect at one moment between its start and its end"


@dataclass(frozen=True)
class Histories:
    """What came of all histories of a run.

    Attributes:
        accusations: each with the picture of its history, where one shows it.
        tried: how many histories there were.
        fails_alone: what went wrong already when one connection did the like; then there are no histories.
    """

    accusations: tuple[tuple[Accusation, Picture | None], ...]
    tried: int
    fails_alone: str = ""


def histories(judge: Judge) -> Histories:
    return judge.once("histories", lambda: _histories(judge))


def _histories(judge: Judge) -> Histories:
    """Have histories on names of their own: the same in every run, but for what chance does to times."""
    random = Random(CONNECTIONS)
    alone = _history(judge, random, connections=1)
    found_alone = accuse(alone)
    if alone.surplus:
        return Histories((), 0, "more replies came than were asked for")
    if found_alone or alone.broken or alone.unanswered:
        return Histories((), 0, found_alone.sentence if found_alone else "a connection was not served to its end")
    tried = max(2, judge.effort.steps // 3)
    found = []
    for number in range(tried):
        recording = _history(judge, random, connections=min(CONNECTIONS, judge.lanes), stalls=number % 4 == 1)
        if recording.surplus:
            return Histories((), number, "more replies came than were asked for")
        if accusation := accuse(recording):
            found.append((accusation, _picture(accusation, recording)))
    return Histories(tuple(found), tried)


def _history(judge: Judge, random: Random, *, connections: int, stalls: bool = False) -> Recording:
    plan = draw_plan(
        random,
        [judge.names.new() for _ in range(NAMES)],
        connections=connections,
        operations=OPERATIONS,
        stats=judge.limits.replies,
        most=judge.limits.max_filesize,
        stalls=stalls,
    )
    dialer = judge.bench.runner.dialer
    return record(
        plan,
        lambda: dialer.dial().channel,
        dialer.network,
        replies=judge.limits.replies,
        look=_look(judge),
        patience=judge.pace.last_patience,
    )


def _picture(accusation: Accusation, recording: Recording) -> Picture | None:
    if not accusation.witness:
        return None
    return Picture(draw_history(accusation, recording), print_history(accusation, recording))


def _look(judge: Judge) -> LookUp | None:
    folder = judge.folder
    if folder is None:
        return None

    def look(name: str) -> tuple[int, str] | None:
        body = folder.look([name])[name]
        return (body.size, body.sha256) if body else None

    return look


def check_histories(judge: Judge) -> None:
    """Raise a finding for what histories prove about the clause; left out where they can't be had."""
    if not judge.limits.replies and judge.folder is None:
        pytest.skip("needs replies, or the folder to look into while puts are under way")
    try:
        require_lanes(judge, 2)
    except NotSeen as reason:
        pytest.skip(str(reason))
    all_of_them = histories(judge)
    if all_of_them.fails_alone:
        pytest.skip(f"the same fails on one connection alone: {all_of_them.fails_alone}")
    mine = [each for each in all_of_them.accusations if each[0].clause == judge.clause.id]
    if mine:
        accusation, picture = mine[0]
        counted = f"{len(mine)} of {all_of_them.tried} histories failed."
        raise Finding(EXPECTED, f"{accusation.sentence} {counted}", picture=picture)


@check("STORE-6")
def test_no_body_is_seen_before_its_last_byte_was_sent(judge: Judge) -> None:
    check_histories(judge)


@check("STORE-8")
def test_readers_beside_writers_see_whole_bodies(judge: Judge) -> None:
    check_histories(judge)


@check("STORE-9")
def test_puts_of_a_name_at_a_time_have_one_order(judge: Judge) -> None:
    check_histories(judge)


@check("REPLY-6")
@pytest.mark.usefixtures("replies_offered")
def test_puts_at_a_time_are_answered_with_their_own(judge: Judge) -> None:
    check_histories(judge)


@check("REPLY-7")
@pytest.mark.usefixtures("replies_offered")
def test_what_was_answered_with_ok_is_seen_by_all(judge: Judge) -> None:
    check_histories(judge)


@check("REPLY-9")
@pytest.mark.usefixtures("replies_offered")
def test_stats_beside_puts_tell_what_is_stored(judge: Judge) -> None:
    check_histories(judge)


@check("CONN-3")
def test_connections_are_served_beside_one_that_stalls_in_a_put(judge: Judge) -> None:
    check_histories(judge)
