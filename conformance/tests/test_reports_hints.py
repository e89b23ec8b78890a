"""Hints by language: of clauses and languages that there are, short, and for the language that a server is in."""

import pytest

from jhup.clauses import clauses
from jhup_conformance.reports.hints import LANGUAGE_NAMES, guess_language, hints
from jhup_conformance.run.declarations import DECLARATIONS


def test_every_hint_is_of_a_clause_of_servers() -> None:
    known = clauses()

    assert [name for name in hints() if name not in known or known[name].role != "server"] == []


def test_the_option_knows_the_languages_of_the_hints() -> None:
    [choices] = [each.choices for each in DECLARATIONS if each.flag == "--language"]

    assert choices == tuple(LANGUAGE_NAMES)


def test_a_hint_is_short_and_shows_code() -> None:
    texts = {text for by_language in hints().values() for text in by_language.values()}

    assert [text for text in texts if not 20 <= len(text) <= 200 or text[-1] != "." or text.count("`") % 2] == []


@pytest.mark.parametrize("language", LANGUAGE_NAMES)
def test_every_language_has_hints_on_framing_headers_names_and_errors(language: str) -> None:
    sections = {name.partition("-")[0] for name, by_language in hints().items() if language in by_language}

    assert {"FRAME", "HEAD", "NAME", "STORE", "ERR"} <= sections


@pytest.mark.parametrize(
    ("command", "language"),
    [
        ("python3.12 -m my.server {port}", "python"),
        ("/usr/bin/node server.js {port}", "js"),
        ("./server.py {port}", "python"),
        ("go run . {port}", "go"),
        ("java -jar server.jar {port}", "java"),
        ("dotnet server.dll {port}", "csharp"),
        ("cargo run -- {port}", "rust"),
        ("./server {port}", None),
        ("'", None),
        (None, None),
    ],
)
def test_the_language_is_guessed_from_the_command(command: str | None, language: str | None) -> None:
    assert guess_language(command) == language
