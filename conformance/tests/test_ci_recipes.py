"""The recipes for continuous integration are what they claim: YAML of the right shape, with options that there are."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from reported import Reported

from jhup_conformance.cli.main import main
from jhup_conformance.run.known_failing import read_known_failing

PAGE = Path(__file__).parents[1] / "docs" / "ci.md"
TEXT = PAGE.read_text("utf-8")
GITHUB, GITLAB = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL))


def commands() -> Iterator[list[str]]:
    lines = [step["run"] for step in GITHUB["jobs"]["judge"]["steps"] if "run" in step]
    lines += GITLAB["conformance"]["script"]
    yield from (words for line in lines if (words := shlex.split(line, comments=True))[0] == "jhup-conformance")


def test_the_recipe_for_github_is_a_workflow() -> None:
    steps: list[dict[str, Any]] = GITHUB["jobs"]["judge"]["steps"]

    assert set(GITHUB) == {"name", True, "permissions", "jobs"}  # YAML 1.1 reads the key `on` as true, as GitHub knows
    assert all(("uses" in step) != ("run" in step) for step in steps)
    assert steps[-1]["if"] == "always()"
    assert steps[-1]["with"]["path"] == "conformance-report"


def test_the_recipe_for_gitlab_keeps_the_reports_of_jobs_that_fail() -> None:
    artifacts = GITLAB["conformance"]["artifacts"]

    assert artifacts["when"] == "always"
    assert artifacts["reports"]["junit"] == f"{artifacts['paths'][0]}/junit.xml"


def test_both_recipes_use_options_that_there_are_and_respect_what_is_known_to_fail() -> None:
    group = main
    assert isinstance(group, click.Group)
    known = {flag for parameter in group.commands["run"].params for flag in parameter.opts}
    found = list(commands())

    assert len(found) == 2
    for words in found:
        flags = {word for word in words if word.startswith("--")}
        assert flags <= known | {"--port", "--folder"}
        assert {"--spawn", "--known-failing", "--report"} <= flags


def test_the_list_of_known_failures_on_the_page_is_one(tmp_path: Path) -> None:
    block = re.search(r"```text\n(.*?)```", TEXT, re.DOTALL)
    assert block
    (tmp_path / "known").write_text(block[1])

    assert set(read_known_failing(str(tmp_path / "known"))) == {"FRAME-8", "ERR-6"}


def test_the_summary_of_the_recipe_for_github_can_be_made_from_a_report(taught: Reported) -> None:
    step = next(step for step in GITHUB["jobs"]["judge"]["steps"] if "GITHUB_STEP_SUMMARY" in step.get("run", ""))
    program = re.search(r'python -c "\n(.*?)\n"', step["run"], re.DOTALL)
    assert program
    (taught.folder / "conformance-report").mkdir()
    (taught.folder / "conformance-report" / "report.json").write_bytes((taught.folder / "report.json").read_bytes())

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program[1]], cwd=taught.folder, capture_output=True, check=True
    )

    assert b"- FAIL FRAME-8 A server MUST carry out, in order, all requests" in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_page_names_the_variables_that_completion_listens_to(shell: str) -> None:
    assert f"_JHUP_CONFORMANCE_COMPLETE={shell}_source jhup-conformance" in TEXT
