"""The client in JavaScript has tests of its own, for Node.js; they run from here where it is installed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NODE = shutil.which("node")


def has_node(major: int) -> bool:
    if NODE is None:
        return False
    version = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    match = re.match(r"v(\d+)", version)
    return match is not None and int(match[1]) >= major


@pytest.mark.skipif(not has_node(18), reason="the JavaScript client is not tested: no Node.js 18 or later here")
def test_its_own_tests_pass_under_node() -> None:
    assert NODE is not None

    run = subprocess.run(
        [NODE, "--test", "--test-reporter=tap", "tests/"], cwd=HERE.parent, capture_output=True, text=True, check=False
    )

    failed = re.findall(r"^\s*not ok \d+ - (.*)$", run.stdout, re.MULTILINE)
    assert failed == [], run.stdout
    assert run.returncode == 0, run.stderr
    assert "# pass 0" not in run.stdout
