"""What `tox -e conformance` runs: an address or a command that the user names is never ignored."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import click
import pytest

from jhup_conformance.cli.main import main

PATH = Path(__file__).parents[2] / "toxfile.py"


@pytest.fixture(scope="module")
def toxfile() -> ModuleType:
    """The plug-in that tox reads; tox itself is no library of this project."""
    pytest.importorskip("tox")
    found = spec_from_file_location("toxfile", PATH)
    assert found
    assert found.loader
    module = module_from_spec(found)
    sys.modules["toxfile"] = module
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("target", "options", "judged"),
    [
        (None, ["127.0.0.1:1"], [["127.0.0.1:1"]]),
        (None, ["--quiet", "127.0.0.1:1"], [["--quiet", "127.0.0.1:1"]]),
        (None, ["--seed", "1", "127.0.0.1:1", "--strict"], [["--seed", "1", "127.0.0.1:1", "--strict"]]),
        (None, ["--seed=1", "unix:/run/x"], [["--seed=1", "unix:/run/x"]]),
        (None, ["explain", "FRAME-3"], [["explain", "FRAME-3"]]),
        (None, ["--list"], [["--list"]]),
        (None, ["--spawn", "x {port}"], [["--spawn", "x {port}"]]),
        (None, ["--spawn=x {port}"], [["--spawn=x {port}"]]),
        ("127.0.0.1:1", ["--quiet"], [["127.0.0.1:1", "--quiet"]]),
    ],
)
def test_what_the_user_names_is_what_is_judged(
    toxfile: ModuleType, target: str | None, options: list[str], judged: list[list[str]]
) -> None:
    assert toxfile.commands(target, options) == [["jhup-conformance", *words] for words in judged]


@pytest.mark.parametrize(
    ("options", "started"),
    [
        (["--seed", "1"], "upload"),
        (["--service", "greet"], "--service greet"),
        (["--service=upper"], "--service upper"),
    ],
)
def test_without_a_target_the_reference_is_started(toxfile: ModuleType, options: list[str], started: str) -> None:
    [[program, flag, command, *rest]] = toxfile.commands(None, options)

    assert (program, flag, rest) == ("jhup-conformance", "--spawn", options)
    assert "jhup_reference" in command
    assert started in command


def test_with_nothing_at_all_upload_and_every_echo_service_are_judged(toxfile: ModuleType) -> None:
    upload, echo = toxfile.commands(None, [])

    assert "jhup_reference upload" in upload[2]
    assert echo[:2] == ["jhup-conformance", "matrix"]


def test_the_plug_in_knows_the_switches_of_the_suite(toxfile: ModuleType) -> None:
    assert isinstance(main, click.Group)
    parameters = [*main.params, *main.commands["run"].params]
    switches = {flag for each in parameters if isinstance(each, click.Option) and each.is_flag for flag in each.opts}

    assert switches <= toxfile.SWITCHES
    values = {flag for each in parameters if isinstance(each, click.Option) and not each.is_flag for flag in each.opts}
    assert not toxfile.SWITCHES & values
