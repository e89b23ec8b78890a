"""Upload servers that are wrong in one way are blamed for that way and no other; `tox -e judge` tries all of them."""

import subprocess
import sys
from pathlib import Path

from kill_cases import Group, suspects

from jhup.clauses import Level, clauses
from jhup_conformance.run.untestable import UNSEEN
from jhup_conformance.target.services import SERVICES, UPLOAD

JUDGE = Path(__file__).parent / "judge_the_judge.py"
SAMPLE = ("prefix in one read", "answers fifty times")
FAULTS = {each.name: each for each in suspects() if each.group is Group.UPLOAD_FAULT}


def test_every_must_of_an_upload_server_has_a_fault_that_breaks_it() -> None:
    musts = {each.id for each in clauses().values() if each.level is Level.MUST and SERVICES[UPLOAD].concerns(each)}

    assert musts - UNSEEN.keys() <= {clause for each in FAULTS.values() for clause in each.blamed}


def test_every_fault_says_what_is_wrong_and_every_related_clause_has_a_reason() -> None:
    for each in FAULTS.values():
        assert each.blamed
        assert each.wrong.endswith(".")
        assert not each.blamed & each.related.keys()
        assert all(each.related.values())


def test_a_fault_is_blamed_where_it_has_to_be_and_nowhere_else() -> None:
    """Two of them, by the command that tries all."""
    command = [sys.executable, str(JUDGE), "--seed", "1", *SAMPLE]

    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)

    assert (done.returncode, "caught at their clause 2, wrongly accused 0" in done.stdout) == (0, True), done.stdout
