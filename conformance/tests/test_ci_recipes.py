"""The recipes for continuous integration are what they claim: YAML of the right shape, with options that there are."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from jhup_conformance.cli.main import main
from jhup_conformance.run.known_failing import read_known_failing

PAGE = Path(__file__).parents[1] / "docs" / "ci.md"
TEXT = PAGE.read_text("utf-8")
ACTION, GITHUB, GITLAB = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL))


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


def test_the_step_with_the_action_uses_inputs_that_it_has() -> None:
    [step] = ACTION
    declared = yaml.safe_load((PAGE.parents[2] / "action.yml").read_text("utf-8"))["inputs"]

    assert step["with"].keys() <= declared.keys()


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


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_page_names_the_variables_that_completion_listens_to(shell: str) -> None:
    assert f"_JHUP_CONFORMANCE_COMPLETE={shell}_source jhup-conformance" in TEXT
