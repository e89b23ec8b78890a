"""The cases as data: each client clause has some or a reason, and a record brings a case back as it was."""

import json
from pathlib import Path

import pytest

from jhup.clauses import Level, Role, clauses
from jhup_conformance.clients.case import Case, Effort
from jhup_conformance.clients.checks import CASES, NOT_JUDGED, case_named, reason_not_judged
from jhup_conformance.clients.files import Change, Content, File, place
from jhup_conformance.clients.replies import segments
from jhup_conformance.clients.script import Step, confirm

OF_CLIENTS = {each.id: each for each in clauses().values() if each.role is Role.CLIENT}


def test_every_client_clause_has_a_case_or_a_reason_and_never_both() -> None:
    judged = {name for case in CASES for name in case.checks}
    excused = {name for name, clause in OF_CLIENTS.items() if reason_not_judged(clause)}

    assert judged | excused == OF_CLIENTS.keys()
    assert judged & excused == set()


def test_every_reason_is_about_a_clause_that_binds_clients() -> None:
    assert NOT_JUDGED.keys() <= OF_CLIENTS.keys()
    assert all(OF_CLIENTS[name].level is not Level.MAY for name in NOT_JUDGED)


def test_the_quick_profile_has_a_case_for_every_clause() -> None:
    quick = {name for case in CASES if case.effort is Effort.QUICK for name in case.checks}

    assert quick == {name for case in CASES for name in case.checks}


def test_the_names_of_cases_are_their_own() -> None:
    names = [case.name for case in CASES]

    assert len(set(names)) == len(names)
    assert all(case_named(case.name) is case for case in CASES)
    assert all(not case.after or case_named(case.after) for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_comes_back_from_its_record(case: Case) -> None:
    again = Case.from_json(json.loads(json.dumps(case.to_json())))

    assert (again.script, again.file, again.more) == (case.script, case.file, case.more)
    assert (again.asks, again.refuses) == (case.asks, case.refuses)


@pytest.mark.parametrize("record", [{}, {"do": "dance"}, {"do": "reply ok", "cuts": ["a"]}])
def test_a_record_that_is_no_step_is_refused(record: dict[str, object]) -> None:
    with pytest.raises((KeyError, ValueError, TypeError)):
        Step.from_json(record)


def test_steps_say_what_they_do() -> None:
    assert str(confirm({"sha256": None}, cuts=(-1,))) == "reply ok sha256 None one byte at a time"


def test_a_reply_is_cut_where_it_is_told_to() -> None:
    assert list(segments(b"abcd", (-1,))) == [b"a", b"b", b"c", b"d"]
    assert list(segments(b"abcd", (1, 3, 9))) == [b"a", b"bc", b"d"]
    assert list(segments(b"abcd", ())) == [b"abcd"]


@pytest.mark.parametrize(
    ("how", "content"),
    [(Change.GROW, b"abc" + b"\xee" * 1_000_000), (Change.SHRINK, b"ab"), (Change.REPLACE, b"\xdd" * 3)],
)
def test_files_change_as_they_are_told_to(tmp_path: Path, how: Change, content: bytes) -> None:
    placed = place(File(size=3), tmp_path, seed=1)
    placed.path.write_bytes(b"abc")

    placed.change(how)

    assert placed.path.read_bytes() == content


def test_the_content_of_a_file_is_drawn_from_the_seed(tmp_path: Path) -> None:
    file = File(name="a.bin", content=Content.BINARY, size=5000)
    first, same, other = (place(file, tmp_path / str(number), seed) for number, seed in enumerate((1, 1, 2)))

    assert first.data == same.data != other.data
    assert first.path.read_bytes() == first.data


def test_a_sparse_file_is_known_by_its_zeros(tmp_path: Path) -> None:
    placed = place(File(content=Content.SPARSE, size=3), tmp_path, seed=1)

    assert placed.sha256() == "709e80c88487a2411e1ee4dfb9f22a861492d20c4765150c0c794abd70f8147c"
