"""A finding says where its clause stands, and links to it where the specification's site was put."""

from pathlib import Path

import pytest
from lxml import html
from reported import Reported, judge_echo

from jhup_conformance.run.options import Options, UsageError

SITE = "https://specs.example.org/jhup"
CLAUSE = "ECHO-27"
CHAPTER = "10-echo"


def answers_twice(folder: Path, *options: str) -> Reported:
    return judge_echo(folder, "upper", "answers twice", "--clause", CLAUSE, "--verbose", *options)


@pytest.fixture(scope="module")
def unlinked(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    return answers_twice(tmp_path_factory.mktemp("unlinked"))


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    return answers_twice(tmp_path_factory.mktemp("linked"), "--spec", f"{SITE}/")


def links(reported: Reported) -> list[str]:
    return [str(each) for each in html.parse(reported.folder / "report.html").xpath("//article//a/@href")]


def test_a_finding_links_to_its_clause_in_the_site(linked: Reported) -> None:
    address = f"{SITE}/{CHAPTER}.html#{CLAUSE}"

    assert address in links(linked)
    assert address in linked.printed
    assert address in (linked.folder / "junit.xml").read_text("utf-8")
    assert linked.clause(CLAUSE)["stands_in"] == address


def test_a_finding_names_the_file_of_its_clause_where_no_site_is_known(unlinked: Reported) -> None:
    place = f"spec/{CHAPTER}.md#{CLAUSE}"

    assert place in unlinked.printed
    assert place in (unlinked.folder / "report.html").read_text("utf-8")
    assert unlinked.clause(CLAUSE)["stands_in"] == place
    assert place not in links(unlinked)


def test_a_folder_of_the_site_gives_links_that_work_from_everywhere(tmp_path: Path) -> None:
    (tmp_path / "index.html").touch()

    assert Options.read("h:1", {"spec": str(tmp_path)}).spec == tmp_path.as_uri()
    assert Options.read("h:1", {"spec": SITE}).spec == SITE
    assert Options.read("h:1", {}).spec is None


def test_a_folder_that_holds_no_site_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--spec: .* has no index.html"):
        Options.read("h:1", {"spec": str(tmp_path)})
