"""For servers that are wrong in one way, each finding names the field and the place, and is shown again by itself."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from reported import Reported, run_suite
from running import SERVERS, Servers

FAULTS = {
    "decodes pieces of headers": ("FRAME-4", r"\d+ bytes into the first request's header, inside \S"),
    "reads too far": ("FRAME-7", r"bytes too many stand behind them: from .*the second request's \w+ on, offset \d+"),
    "one byte fewer of 512": ("FRAME-2", r"ends after 511 of 512 bytes"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_located_and_shown_again_by_program_and_by_replay(
    fault: str, tmp_path: Path, servers: Servers
) -> None:
    clause, place = FAULTS[fault]
    reported = judge_upload(tmp_path, fault, clause)
    record, program = reported.folder / f"{clause}.json", reported.folder / f"{clause}.py"
    told = " ".join([*reported.printed.split(), *reported.clause(clause)["details"]])

    seen = {}
    for name in (fault, "none"):
        shown, replayed = tmp_path / f"shown {name}", tmp_path / f"replayed {name}"
        shown.mkdir()
        replayed.mkdir()
        address = servers.start("upload_faults.py", "--storage", shown, "--fault", name)
        command = [sys.executable, "-I", "-S", str(program), address, str(shown)]
        again = subprocess.run(command, capture_output=True, timeout=60, check=False)
        address = servers.start("upload_faults.py", "--storage", replayed, "--fault", name)
        status, printed = run_suite("replay", record, address, "--storage", replayed, "--judge", cwd=tmp_path)
        seen[name] = (again.returncode, status), again.stdout + again.stderr, printed

    assert reported.clause(clause)["outcome"] == "FAIL", reported.printed
    assert re.search(place, told), reported.printed
    assert {name: statuses for name, (statuses, *_) in seen.items()} == {fault: (1, 1), "none": (0, 0)}, seen


def judge_upload(folder: Path, fault: str, clause: str) -> Reported:
    """Judge an upload server that is wrong in one way by the clause that it breaks."""
    server = f"{sys.executable} {SERVERS / 'upload_faults.py'} --port {{port}} --storage {{storage}} --fault '{fault}'"
    arguments = ("--spawn", server, "--clause", clause, "--profile", "broad", "--seed", "1", "--report", folder / "out")
    status, printed = run_suite(*arguments, cwd=folder)
    return Reported(status, printed, folder / "out")
