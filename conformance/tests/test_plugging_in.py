"""The action for GitHub, run step by step as a runner does; the gallery; the container file."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from running import REFERENCE

from jhup_conformance.cli.main import main

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}


def run_step(name: str, inputs: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a step's script with its environment filled in, as a runner would."""
    known = {key: value["default"] for key, value in ACTION["inputs"].items()} | inputs
    values = {f"inputs.{key}": value for key, value in known.items()}
    values |= {"github.action_path": str(ROOT), "steps.python.outputs.python-path": sys.executable}
    environment = {**os.environ, "RUNNER_TEMP": str(folder), "NO_COLOR": "1", "PYTHONWARNINGS": "default"}
    environment |= {name: str(folder / name.lower()) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for key, text in STEPS[name]["env"].items():
        environment[key] = re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda found: values[found[1]], text)
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", STEPS[name]["run"]],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    """A runner's folder in which the suite is installed: by a link to where the tests have it from."""
    scripts = tmp_path / "jhup" / "bin"
    scripts.mkdir(parents=True)
    for name in ("python", "jhup-conformance"):
        found = Path(sys.executable).with_name(name)
        (scripts / name).write_text(f'#!/bin/sh\nexec "{found}" "$@"\n')
        (scripts / name).chmod(0o755)
    return tmp_path


@pytest.mark.skipif(os.name != "posix", reason="the steps are scripts for bash, as runners have it")
def test_the_action_judges_and_leaves_outputs_reports_and_a_summary(runner: Path) -> None:
    inputs = {"spawn": REFERENCE, "options": "--clause FRAME-14 --clause 'STORE-1' --seed 1", "profile": "quick"}

    done = run_step("Judge the server", inputs, runner)

    assert done.returncode == 0, done.stdout + done.stderr
    assert (runner / "github_output").read_text().splitlines() == ["class-met=basic", "verdict=conforms"]
    assert (runner / "github_step_summary").read_text().startswith("## JHUP: conforms")
    report = json.loads((runner / "conformance-report" / "report.json").read_text())
    assert [each["id"] for each in report["clauses"]] == ["FRAME-14", "STORE-1"]


@pytest.mark.skipif(os.name != "posix", reason="the steps are scripts for bash, as runners have it")
def test_the_action_fails_when_something_is_worse_than_the_baseline(runner: Path) -> None:
    inputs = {"spawn": REFERENCE, "options": "--clause FRAME-14 --allow-unverified --time-limit 0.001"}
    clauses = [{"id": "FRAME-14", "outcome": "PASS", "class": "safe"}]
    record = {"format": 1, "service": "upload", "class_met": "safe", "clauses": clauses}
    (runner / "before.json").write_text(json.dumps(record))

    done = run_step("Judge the server", inputs | {"baseline": "before.json"}, runner)

    assert done.returncode != 0
    assert "worse" in done.stdout


def test_an_option_of_the_action_is_never_run_by_the_shell(runner: Path) -> None:
    done = run_step("Judge the server", {"spawn": REFERENCE, "options": "$(touch owned) `touch owned` --list"}, runner)

    assert not (runner / "owned").exists(), done.stdout


def test_the_action_uses_inputs_that_it_declares_and_options_that_there_are() -> None:
    text = (ROOT / "action.yml").read_text("utf-8")
    used = set(re.findall(r"inputs\.([\w-]+)", text))
    flags = set(re.findall(r"--[a-z-]+", STEPS["Judge the server"]["run"]))
    known = {flag for each in main.commands["run"].params for flag in each.opts}  # type: ignore[attr-defined]

    assert used == set(ACTION["inputs"])
    assert flags <= known


def report_in(folder: Path, service: str = "upload", met: str | None = "basic", **outcomes: str) -> Path:
    folder.mkdir(parents=True)
    clauses = [
        {"id": name.replace("_", "-"), "outcome": outcome, "class": "stream"} for name, outcome in outcomes.items()
    ]
    record = {"format": 1, "service": service, "class_met": met, "clauses": clauses, "verdict": "fails", "spec": "1.1"}
    (folder / "report.json").write_text(json.dumps(record))
    (folder / "report.html").write_text("<p>report</p>")
    return folder


def test_a_gallery_has_a_row_for_each_implementation_and_version(tmp_path: Path) -> None:
    report_in(tmp_path / "all" / "one@1.0", met=None, FRAME_3="FAIL")
    report_in(tmp_path / "all" / "one@2.0", met="stream", FRAME_3="PASS")
    report_in(tmp_path / "echo", service="upper", met="full")

    done = CliRunner().invoke(
        main, ["gallery", str(tmp_path / "all"), str(tmp_path / "echo"), "--out", str(tmp_path / "out")]
    )

    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert done.exit_code == 0, done.output
    assert page.count('<th scope="row">') == 3
    assert page.index("<td>2.0") < page.index("<td>1.0"), "what reaches most comes first"
    assert "1 fail" in page
    assert 'report.html#FRAME-3">FRAME-3</a>' in page
    assert page.index('<h2 id="service-1">upload') < page.index("upper</h2>")


@pytest.mark.parametrize("content", [None, "{}", "nonsense"])
def test_a_folder_without_a_report_is_a_usage_error(tmp_path: Path, content: str | None) -> None:
    folder = tmp_path / "none"
    folder.mkdir()
    if content is not None:
        (folder / "report.json").write_text(content)

    done = CliRunner().invoke(main, ["gallery", str(folder), "--out", str(tmp_path / "out")])

    assert done.exit_code == 2
    assert len(done.output.splitlines()) == 1


def test_the_name_of_a_folder_is_text_on_the_page(tmp_path: Path) -> None:
    report_in(tmp_path / "<b>bold")

    CliRunner().invoke(main, ["gallery", str(tmp_path / "<b>bold"), "--out", str(tmp_path / "out")])

    assert "<b>bold" not in (tmp_path / "out" / "index.html").read_text("utf-8")


def test_the_container_runs_without_rights_and_brings_every_command() -> None:
    lines = (ROOT / "Containerfile").read_text("utf-8").splitlines()
    words = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]

    assert ["USER", "jhup"] in words
    assert words.index(["USER", "jhup"]) < words.index(["ENTRYPOINT", '["jhup-conformance"]'])
    assert any("[all]" in rest for name, rest in words if name == "RUN")
