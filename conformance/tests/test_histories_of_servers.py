"""Histories on servers: right ones are never accused, races are caught, and a picture shows the proof."""

from random import Random
from xml.etree import ElementTree

import pytest
import race_runs
from click.testing import CliRunner

from jhup.histories import Action, Operation
from jhup_conformance.cli.main import main
from jhup_conformance.histories import (
    Accusation,
    Recorded,
    Recording,
    accuse,
    draw_history,
    draw_plan,
    print_history,
)
from jhup_conformance.histories.recording import FOLDER

MAY_BE = {
    "stale cache": {"REPLY-9", "STORE-6", "STORE-9", "REPLY-7"},
    "ok before the rename": {"REPLY-7"},
    "digest read after the rename": {"REPLY-6"},
    "index stored after the rename": {"REPLY-9", "REPLY-7", "STORE-6"},
    "last started wins": {"STORE-9"},
    "two names swapped under load": {"STORE-6", "STORE-8", "STORE-9"},
    "a lock held over a body": {"CONN-3"},
    "torn writes": {"STORE-8"},
    "copies into place": {"STORE-8"},
    "opens at once": {"STORE-8", "STORE-6"},
    "missing for a moment": {"STORE-6", "REPLY-7"},
    "lost update of one process of several": {"REPLY-9", "STORE-6", "STORE-9", "REPLY-7"},
}
"""The clauses that each fault may be blamed for."""


@pytest.fixture(scope="module")
def faults() -> dict[str, type]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(race_runs.__file__.replace("race_runs.py", "servers")))
        from racing_upload import RACES
        from upload_faults import Faithful

        return {**RACES, "none": Faithful}


@pytest.mark.parametrize("name", MAY_BE)
def test_races_are_caught(name: str, faults: dict[str, type]) -> None:
    found = race_runs.accusations(faults[name], 1, 6)

    assert found
    assert {each.clause for each in found} <= MAY_BE[name]


@pytest.mark.parametrize("sees", [True, False], ids=["with looks", "by replies alone"])
def test_a_right_server_is_not_accused(sees: bool, faults: dict[str, type]) -> None:
    assert race_runs.accusations(faults["none"], 2, 12, sees=sees) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_right_server_is_not_accused_in_two_hundred_histories(faults: dict[str, type]) -> None:
    assert race_runs.accusations(faults["none"], 3, 200) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", MAY_BE)
def test_races_are_caught_in_nineteen_of_twenty_seeds(name: str, faults: dict[str, type]) -> None:
    runs = [race_runs.accusations(faults[name], seed, 6) for seed in range(20)]

    assert sum(map(bool, runs)) >= 19
    assert {each.clause for run in runs for each in run} <= MAY_BE[name]


def test_bodies_of_a_plan_all_differ_from_their_beginning_on() -> None:
    plan = draw_plan(Random(5), ["a", "b"], stalls=True, most=400)

    bodies = [step.body for steps in plan for step in steps if step.body is not None]
    assert len({body[:16] for body in bodies}) == len(bodies) > 50
    assert max(map(len, bodies)) <= 400
    assert [len(steps) for steps in plan] == [1, *[25] * 7]


def test_a_plan_without_stats_only_puts() -> None:
    plan = draw_plan(Random(5), ["a"], stats=False)

    assert all(step.body is not None for steps in plan for step in steps)


def done(lane: int, what: str, start: float, end: float, reply: str = "") -> Recorded:
    """Return an operation on the name ``n``: ``+x`` puts x, ``x`` finds it, and an empty text finds nothing."""
    action = Action.WRITE if what.startswith("+") else Action.READ
    return Recorded(lane, "n", Operation(action, what.lstrip("+") or None, start, end), reply)


STALE = Recording([done(0, "+a", 0, 1, "ok"), done(1, "+b", 2, 3, "ok"), done(2, "a", 4, 5), done(2, "b", 8, 9)])
CASES = [
    ("ok came too early", STALE.recorded, "REPLY-7"),
    ("the last put is not kept", STALE.recorded[:3], "STORE-9"),
    ("the store was right before", [*STALE.recorded[:3], done(FOLDER, "b", 3.2, 3.4)], "REPLY-9"),
    ("a torn body", [done(0, "+a", 0, 1), done(FOLDER, "3 bytes of no put", 2, 3)], "STORE-8"),
    ("a body before its end", [done(0, "a", 0, 1), done(1, "+a", 2, 3)], "STORE-6"),
    ("missing meanwhile", [done(FOLDER, "a", 2, 3), done(0, "+a", 0, 9), done(1, "", 4, 5)], "STORE-6"),
    ("an ok for nothing", [done(0, "+a", 0, 1, "ok"), done(1, "", 4, 5)], "STORE-6"),
    ("an ok too early", [done(0, "+a", 0, 1, "ok"), done(1, "", 4, 5), done(1, "a", 6, 7)], "REPLY-7"),
]


@pytest.mark.parametrize(("recorded", "clause"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_a_proof_names_its_clause(recorded: list[Recorded], clause: str) -> None:
    accusation = accuse(Recording(recorded))

    assert accusation is not None
    assert accusation.clause == clause


def test_a_reply_with_the_digest_of_another_is_a_proof() -> None:
    accusation = accuse(Recording(misreplies=["connection 1 put x"], unanswered=[2]))

    assert accusation is not None
    assert (accusation.clause, accusation.witness) == ("REPLY-6", ())


def test_a_connection_that_waits_beside_a_stalled_one_is_a_proof() -> None:
    accusation = accuse(Recording(unanswered=[2]))

    assert accusation is not None
    assert accusation.clause == "CONN-3"


def stale() -> Accusation:
    accusation = accuse(STALE)
    assert accusation is not None
    return accusation


def test_the_sentence_tells_what_happened() -> None:
    assert stale().sentence == (
        "An old body was seen again after another one had replaced it (n): "
        "connection 0 put a (ok); connection 1 put b (ok); connection 2 found a."
    )


def test_the_picture_has_a_lane_for_each_connection_and_marks_the_proof() -> None:
    drawing = ElementTree.fromstring(draw_history(stale(), STALE))
    space = "{http://www.w3.org/2000/svg}"
    marked = [each for each in drawing.iter(f"{space}g") if "mark" in each.attrib["class"]]
    texts = ["".join(each.itertext()) for each in drawing.iter(f"{space}text")]

    assert [each.findtext(f"{space}text") for each in marked] == ["put a", "put b", "→ a"]
    assert [text for text in texts if text.startswith("connection")] == ["connection 0", "connection 1", "connection 2"]
    assert not list(drawing.iter(f"{space}script"))


def test_the_picture_as_text_shows_the_same() -> None:
    lines = print_history(stale(), STALE).splitlines()

    assert [line[:12].strip() for line in lines] == ["connection 0", "", "connection 1", "", "connection 2", "", ""]
    assert all("█" in line for line in lines[0:6:2])
    assert "put b (ok)" in lines[3]
    assert len({len(line) for line in lines[:-1]}) == 1


def test_the_suite_shows_the_picture_in_its_report(tmp_path: object, faults: dict[str, type]) -> None:
    with race_runs.serving(faults["two names swapped under load"]) as (where, folder):
        arguments = [str(where), "--storage", str(folder), "--report", f"{tmp_path}/r", "--clause", "STORE-8"]
        result = CliRunner().invoke(main, [*arguments, "--profile", "quick", "--verbose", "--no-color"])

    assert result.exit_code == 1, result.output
    assert "histories failed" in result.output
    assert "█" in result.output
    with open(f"{tmp_path}/r/report.html", encoding="utf-8") as page:  # noqa: PTH123
        assert page.read().count('<svg xmlns="http://www.w3.org/2000/svg" class="jh"') == 1
