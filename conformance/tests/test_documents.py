"""READMEs and guides tell the truth: each command, option and path named there exists, in every language the same."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from jhup_client.cli import cli as client_command
from jhup_conformance.cli.main import main
from jhup_conformance.findings import ExitStatus, Outcome
from jhup_conformance.run.declarations import DECLARATIONS
from jhup_reference.cli import main as server_command

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "conformance" / "docs" / "guide.md"
PAGES = [ROOT / "README.md", ROOT / "conformance" / "README.md", GUIDE]
TRANSLATED = [(page, page.with_name(f"{page.stem}.zh-CN.md")) for page in PAGES]
ALL = [*(page for pair in TRANSLATED for page in pair), ROOT / "CONTRIBUTING.md", ROOT / "clients" / "README.md"]
COMMANDS = {"jhup-conformance": main, "jhup-server": server_command, "jhup-client": client_command}


def code_lines(page: Path) -> list[str]:
    """Lines of code: those that are set in by four columns after an empty line."""
    return re.findall(r"^    (\S.*)$", page.read_text("utf-8"), re.MULTILINE)


def commands(page: Path) -> Iterator[list[str]]:
    """The project's own commands on a page, each in words, those of tox translated."""
    text = page.read_text("utf-8")
    lines = [*code_lines(page), *re.findall(r"`((?:jhup-|tox )[^`]+)`", text)]
    for line in lines:
        for part in line.split("&&"):
            words = shlex.split(part, comments=True)
            if not words:
                continue
            words[0] = words[0].removeprefix(".venv/bin/")
            if words[:3] == ["tox", "-e", "conformance"]:
                target = words[4:5] if words[3:4] == ["--target"] else []
                words = ["jhup-conformance", *target, *(words[words.index("--") + 1 :] if "--" in words else [])]
            while words and words[0] in ("uvx", "pipx"):
                words = words[next((n for n, word in enumerate(words) if word in COMMANDS), len(words)) :]
            if words and words[0] in COMMANDS:
                yield words


def flags_of(words: list[str]) -> tuple[set[str], set[str]]:
    """The options that a command line uses, and those that its command has."""
    command: click.Command = COMMANDS[words[0]]
    rest = words[1:]
    if "--" in rest:
        rest = rest[: rest.index("--")]
    if isinstance(command, click.Group):
        known = command.commands
        name = next((word for word in rest[:1] if word in known), "run" if "run" in known else "")
        command = known.get(name, command)
    used = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
    return used, {flag for each in command.params for flag in (*each.opts, *each.secondary_opts)} | {"--help", "-h"}


@pytest.mark.parametrize("page", ALL, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_option_in_a_command_is_one(page: Path) -> None:
    wrong = {" ".join(words): used - known for words in commands(page) for used, known in [flags_of(words)]}

    assert {line: flags for line, flags in wrong.items() if flags - {"--version"}} == {}


@pytest.mark.parametrize("page", ALL, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_and_link_leads_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    links = re.findall(r"\]\(([^)#\s]+)", text)
    paths = re.findall(r"`((?:spec|conformance|reference|clients|benchmarks|jhup_conformance|tests)/[\w./-]+)`", text)

    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    missing += [path for path in paths if not ((ROOT / path).exists() or (page.parent / path).exists())]
    assert missing == []


@pytest.mark.parametrize("page", ALL, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_environment_of_tox_that_is_named_is_there(page: Path) -> None:
    known = set(re.findall(r"^\[testenv:(\w+)\]", (ROOT / "tox.ini").read_text("utf-8"), re.MULTILINE))

    named = set(re.findall(r"tox -e (\w+)", page.read_text("utf-8")))
    assert {name for name in named if not re.fullmatch(r"py3\d+", name)} <= known


@pytest.mark.parametrize(("page", "translated"), TRANSLATED, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_a_translation_has_the_same_headings_commands_and_tables(page: Path, translated: Path) -> None:
    def shape(each: Path) -> dict[str, list[object]]:
        text = each.read_text("utf-8")
        rows = [line for line in text.splitlines() if line.startswith("|")]
        return {
            "headings": [len(level) for level in re.findall(r"^(#+) ", text, re.MULTILINE)],
            "commands": list(code_lines(each)),
            "rows": [row.count("|") for row in rows],
            "first cells": re.findall(r"^\| (`[^|]+?) \|", text, re.MULTILINE),
            "items": [len(re.findall(r"^\d+\. ", text, re.MULTILINE))],
            "targets": [link.replace(".zh-CN", "") for link in re.findall(r"\]\(([^)\s]+)", text)],
        }

    assert shape(page) == shape(translated)


def test_the_guide_names_every_option_outcome_and_exit_status() -> None:
    text = GUIDE.read_text("utf-8") + (GUIDE.parent / "ci.md").read_text("utf-8")
    told_by_help = {"--tls-ca", "--tls-cert", "--tls-key", "--tls-insecure", "--transport", "--pid", "--spec"}

    assert {each.flag for each in DECLARATIONS if each.flag not in text} <= told_by_help
    assert [each.value for each in Outcome if f"| {each} |" not in text] == []
    assert [each.value for each in ExitStatus if f"| {each.value} |" not in text] == []
